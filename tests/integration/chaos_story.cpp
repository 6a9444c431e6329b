#include "chaos_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <span>
#include <thread>
#include <utility>

#include "database_audit.hpp"
#include "past.hpp"
#include "story.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using cut = store::story::cutting_proxy::cut;

constexpr auto patience = 5min;  // only what is broken takes as long
constexpr std::uint64_t some_positions = 40;
constexpr int faults_a_backup = 4;
constexpr auto begun_before = std::chrono::days{20};  // the trucks' clock runs faster than ours, and never comes near to it

/// Looks every few milliseconds. A process that stood still meanwhile, with its machine, is not charged for it.
template <class Condition>
bool patiently(Condition&& holds) {
  using clock = std::chrono::steady_clock;
  clock::duration waited{0};
  for (auto last = clock::now(); !holds();) {
    if (waited > patience) return false;
    std::this_thread::sleep_for(10ms);
    const auto now = clock::now();
    waited += std::min<clock::duration>(now - std::exchange(last, now), 1s);
  }
  return true;
}

// An hour may not be enough.
std::string lasting_token() { return sign_token({.role = "admin", .expires_in = 24h}, server::secret()); }

class story {
 public:
  explicit story(const chaos_plan& plan)
      : plan_{plan},
        dice_{plan.seed},
        server_{options()},
        loader_{server_.base(),
                {.token = lasting_token(),
                 .workers = plan.workers,
                 .trucks = plan.workers * plan.trucks_each,
                 .seed = plan.seed,
                 .mix = {.large = 0.02, .working_day = true},
                 .begin = system_now() - begun_before,
                 .pause = plan.pause}},
        keeper_{server_.base(), lasting_token(), plan.seed},
        asker_{server_.base(), lasting_token(), plan.seed} {}

  chaos_outcome run() {
    some_more();
    await_progress();
    database_.back_up();
    const auto acts = deck();
    for (auto next = acts.begin(); next != acts.end() && outcome_.why.empty(); ++next) (this->**next)();
    const auto enough = [this] { return loader_.acknowledged() >= plan_.acknowledged_in_all; };
    if (outcome_.why.empty()) patiently(enough);
    outcome_.books = loader_.finish(outcome_.why.empty() ? patience : 0s);
    tell("rest");
    if (outcome_.why.empty()) come_to_rest();
    tell("audited");
    return std::move(outcome_);
  }

 private:
  using act = void (story::*)();

  server_options options() {
    server_options o{.binary = plan_.binary, .environment = plan_.environment};
    o.environment.emplace("HAULCAST_STORE__URL", database_.url());
    o.environment.emplace("HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1");
    o.environment.emplace("HAULCAST_JOURNAL__SEGMENT_BYTES", "1048576");
    return o;
  }

  // So many of each kind as were asked for, in an order that the seed gives.
  std::vector<act> deck() {
    using enum chaos_plan::kind;
    static constexpr chaos_plan::kind all[] = {crash,    cut_inside,         freeze,  restore, cut_after, terminate, cut_before,
                                               cut_late, restore_while_down, lose_all};
    const std::span<const chaos_plan::kind> kinds = plan_.kinds.empty() ? std::span{all} : std::span{plan_.kinds};
    std::vector<act> acts(static_cast<std::size_t>(plan_.kills), &story::kill_server);
    for (int i = 0; i < plan_.faults; ++i) acts.push_back(act_of(kinds[static_cast<std::size_t>(i) % kinds.size()]));
    std::ranges::shuffle(acts, dice_);
    return acts;
  }
  static act act_of(chaos_plan::kind what) {
    using enum chaos_plan::kind;
    switch (what) {
      case crash: return &story::crash_postgres;
      case cut_inside: return &story::cut_inside;
      case freeze: return &story::freeze;
      case restore: return &story::restore;
      case cut_after: return &story::cut_after;
      case terminate: return &story::terminate;
      case cut_before: return &story::cut_before;
      case cut_late: return &story::cut_late;
      case restore_while_down: return &story::restore_while_down;
      case lose_all: break;
    }
    return &story::lose_all;
  }

  bool drawn(double share) { return std::uniform_real_distribution{}(dice_) < share; }
  std::chrono::microseconds up_to(std::chrono::microseconds most) {
    return std::chrono::microseconds{dice_() % static_cast<std::uint64_t>(most.count() + 1)};
  }

  // Nobody who posts waits for the database, whatever befalls it.
  void some_more() {
    const auto before = loader_.acknowledged();
    EXPECT_TRUE(patiently([&] { return loader_.acknowledged() > before + some_positions; }))
        << "nothing is acknowledged any more\n"
        << server_.log();
  }

  // Ends the story when the store is given up, for then it waits in vain.
  template <class Condition>
  bool in_time(Condition&& holds) {
    const auto given_up = [&] {
      const std::string log = server_.log();
      const auto end = log.find("; nothing more is written to the store");
      if (end == std::string::npos) return false;
      const auto begin = log.rfind('\n', end) + 1;
      outcome_.why = log.substr(begin, end - begin);
      return true;
    };
    bool held = false;
    patiently([&] { return (held = holds()) || given_up(); });
    return held;
  }

  // A fault hits a store that is being written to.
  void await_progress() {
    const auto before = database_.record();
    EXPECT_TRUE(in_time([&] { return database_.record() > before; })) << "the store stands still\n" << server_.log();
  }

  // So that a run that fails tells its way.
  void tell(const std::string& what) const {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begun_;
    std::cout << fmt::format("{:8.1f} s  {}\n", since.count(), what) << std::flush;
  }

  void kill_server() {
    tell("kills of the server");
    some_more();
    std::this_thread::sleep_for(up_to(500ms));
    leave();
    start();
  }
  void leave() {
    EXPECT_TRUE(server_.running()) << "it died by itself\n" << server_.log();
    server_.kill();
    ++outcome_.kills;
  }
  void kill_in_the_midst() {
    if (!drawn(plan_.in_the_midst)) return;
    std::this_thread::sleep_for(up_to(300ms));
    leave();
    ++outcome_.in_the_midst;
    start();
  }

  // Until one listens and lives.
  void start() {
    while (outcome_.why.empty()) {
      const std::size_t said = server_.log().size();
      const auto spawned = std::chrono::steady_clock::now();
      server_.spawn();
      if (drawn(plan_.while_starting)) {
        cut_short();
        continue;
      }
      try {
        server_.await_listening();
        starting_took_ = std::min<std::chrono::duration<double>>(std::chrono::steady_clock::now() - spawned, 2s);
        return;
      } catch (const std::runtime_error&) {
        outcome_.why = server_.log().substr(said);
        if (outcome_.why.empty()) outcome_.why = "it ended without a word";
      }
    }
  }
  void cut_short() {
    std::this_thread::sleep_for(starting_took_ * std::uniform_real_distribution{}(dice_));
    server_.process().signal(SIGKILL);
    server_.process().wait(10s);
    if (!server_.process().read_line(1s)) ++outcome_.while_starting;
    server_.kill();
    ++outcome_.kills;
  }

  void begin_fault(const std::string& kind) {
    if (++faults_since_backup_ > faults_a_backup) {
      database_.back_up();
      faults_since_backup_ = 0;
    }
    some_more();
    await_progress();
    std::this_thread::sleep_for(up_to(200ms));
    ++outcome_.faults[kind];
    tell(kind);
  }

  void crash_postgres() {
    begin_fault("crashes of PostgreSQL");
    const auto before = database_.record();
    database_.server().kill();
    kill_in_the_midst();
    some_more();
    database_.proxy().turn_away(true);  // so that nothing is written before it was looked at
    database_.server().start();
    if (database_.record() < before) ++outcome_.taken_back;
    database_.proxy().turn_away(false);
  }

  void terminate() {
    begin_fault("times backends terminated");
    EXPECT_TRUE(in_time([&] { return database_.terminate_backends() > 0; })) << "it never came back";
    kill_in_the_midst();
  }

  void freeze() {
    begin_fault("times frozen");
    const auto length = outcome_.faults["times frozen"] % 2 == 1 ? plan_.frozen_most : up_to(plan_.frozen_most);
    const auto until = std::chrono::steady_clock::now() + length;
    database_.server().freeze();
    kill_in_the_midst();
    do some_more();
    while (std::chrono::steady_clock::now() < until && outcome_.why.empty());
    database_.server().thaw();
  }

  void cut_commit(cut how) {
    begin_fault("commits cut");
    database_.proxy().cut_next(how);
    EXPECT_TRUE(in_time([&] { return database_.proxy().has_cut(); })) << "nothing was committed any more";
    kill_in_the_midst();
    some_more();
    std::this_thread::sleep_for(up_to(300ms));
    database_.proxy().release();
  }
  void cut_before() { cut_commit(cut::before); }
  void cut_inside() { cut_commit(cut::inside); }
  void cut_after() { cut_commit(cut::after); }
  void cut_late() { cut_commit(cut::later); }

  // What the server noted down of how far the store had come.
  std::uint64_t noted() const {
    std::ifstream file{server_.data_dir() / "checkpoints" / "store.checkpoint"};
    std::string word, journal;
    std::uint64_t record = 0;
    file >> word >> journal >> word >> record;
    return record;
  }

  void expect_said(std::size_t since, const std::string& sentence) {
    if (!outcome_.why.empty()) return;
    const auto said = [&] { return server_.log().find(sentence, since) != std::string::npos; };
    const bool told = in_time(said);
    EXPECT_TRUE(told) << "the server did not say: " << sentence << '\n' << server_.log().substr(since);
    if (told) ++outcome_.said;
  }

  std::size_t begin_restoring(const std::string& kind) {
    begin_fault(kind);
    EXPECT_TRUE(in_time([&] { return noted() > database_.backed_up(); })) << "the store's place is not noted";
    return server_.log().size();
  }
  /// A backup may have been made while a store that was lost had nothing yet.
  const char* said_of_backup() const {
    return database_.backed_up() == 0 ? "the store is empty and had come to record" : "the store is older than it was";
  }
  void restore() {
    const auto since = begin_restoring("older backups restored");
    database_.restore();
    expect_said(since, said_of_backup());
    kill_in_the_midst();
  }
  void restore_while_down() {
    const auto since = begin_restoring("older backups restored");
    leave();
    ++outcome_.in_the_midst;
    database_.restore();
    start();
    expect_said(since, said_of_backup());
  }
  void lose_all() {
    const auto since = begin_restoring("times all lost");
    database_.restore_nothing();
    expect_said(since, "the store is empty and had come to record");
    kill_in_the_midst();
  }

  void come_to_rest() {
    EXPECT_TRUE(std::ranges::all_of(outcome_.books.batches, &ledger_batch::acknowledged)) << "not all was taken in the end";
    api admin = server_.as();
    outcome_.fences = keeper_.finish(admin);
    outcome_.asked = asker_.finish(outcome_.books);
    EXPECT_TRUE(in_time([&] { return store_has_all(admin); })) << "the store does not follow\n" << server_.log();
    if (!outcome_.why.empty()) return;
    const auto settled = [&] { return database_.ask("SELECT count(*) FROM haulcast.unsettled_hour") == "0"; };
    EXPECT_TRUE(in_time(settled)) << "hours are left unsettled";
    const told_hours told = hours_told(admin);
    EXPECT_EQ(server_.stop(60s).code, 0);
    outcome_.report = audit(outcome_.books, server_.data_dir());
    outcome_.store = audit_database(database_.connection(), outcome_.books, server_.data_dir(), told);
    if (plan_.after_audit) plan_.after_audit(outcome_.books, database_, server_.data_dir());
  }

  told_hours hours_told(api& admin) {
    told_hours told;
    const auto from = rfc3339(now_ms() - 86'400'000LL * (begun_before.count() + 1));
    for (const std::string& truck : outcome_.books.trucks) {
      const auto target = fmt::format("/v1/trucks/{}/stats?granularity=hour&from={}&to={}", truck, from, rfc3339(now_ms()));
      if (admin.get("/v1/trucks/" + truck).status != 404) told[truck] = all_pages(admin, target, 500);
    }
    return told;
  }

  const chaos_plan& plan_;
  std::mt19937_64 dice_;
  beset_database database_;
  server server_;
  ledger_loader loader_;
  fence_keeper keeper_;
  past_asker asker_;
  std::chrono::duration<double> starting_took_{0.05};  // the last that was not cut short
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  int faults_since_backup_ = 0;
  chaos_outcome outcome_;
};

}  // namespace

int chaos_outcome::all_faults() const {
  return std::accumulate(faults.begin(), faults.end(), 0, [](int sum, const auto& kind) { return sum + kind.second; });
}

std::string chaos_outcome::to_string() const {
  std::string kinds;
  for (const auto& [kind, count] : faults) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count, kind);
  return fmt::format(
      "{} kills of the server, {} of them before it listened and {} in the midst of a fault of the database; {} faults of the "
      "database: {}; {} crashes took commits back, {} older stores were spoken of; {} positions acknowledged in {} answers, {} "
      "requests without one, {} geofence commands; {} answers about the past were whole, {} said how far they go, {} were 503\n"
      "the journal: {}\n{}",
      kills, while_starting, in_the_midst, all_faults(), kinds, taken_back, said, books.acknowledged_positions(),
      books.attempts(200), books.attempts(0), fences.commands, asked.whole, asked.partial, asked.refused, report.to_string(),
      store.to_string());
}

chaos_outcome chaos(const chaos_plan& plan) { return story{plan}.run(); }

}  // namespace haulcast::support
