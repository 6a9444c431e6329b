// Hours at a third of what the machine can take, with a fault every minute, in one life of the server: what it holds stays as
// it was, and nothing is lost. A few seconds and three faults when nothing else is said; scripts/soak says more.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "faults/switchboard.hpp"
#include "integration/journal_follower.hpp"
#include "integration/prober.hpp"
#include "integration/soak_audit.hpp"
#include "integration/soak_company.hpp"
#include "integration/soak_faults.hpp"
#include "integration/soak_samples.hpp"
#include "integration/steady_load.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using std::chrono::steady_clock;

double given(const char* variable, double otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtod(text, nullptr);
}

struct soak_plan {
  bool at_length = std::getenv("HAULCAST_SOAK_MINUTES") != nullptr;
  int rounds = static_cast<int>(given("HAULCAST_SOAK_MINUTES", 3));
  milliseconds round{at_length ? 60'000 : 1'200};
  milliseconds fault{at_length ? 2'000 : 300};
  double share = given("HAULCAST_SOAK_SHARE", 1.0 / 3);
  double rate = given("HAULCAST_SOAK_RATE", at_length ? 0 : 200);  // batches a second; 0: found out
  int snapshot_interval_s = at_length ? 10 : 1;
  std::uint64_t seed = static_cast<std::uint64_t>(given("HAULCAST_SOAK_SEED", 1));
  std::size_t ledger_trucks = 16;
};

std::string token_for(const soak_plan& plan) {
  token_claims claims;
  claims.expires_in = std::chrono::seconds{86'400 + plan.rounds * 60};
  return sign_token(claims, server::secret());
}

std::uint16_t port_of(const server& s) { return static_cast<std::uint16_t>(std::stoi(s.base().port)); }

/// Enough for four minutes, of which snapshots let all but the last few seconds go. In the short form so little that retention
/// works there too.
std::uint64_t journal_bytes_for(const soak_plan& plan, double rate) {
  constexpr double bytes_of_a_batch = 4'000;
  if (!plan.at_length) return 8 << 20;
  return static_cast<std::uint64_t>(std::clamp(rate * bytes_of_a_batch * 240, 64.0 * (1 << 20), 8.0 * (1 << 30)));
}

std::map<std::string, std::string> environment_of(const soak_plan& plan, const faults::switchboard& disk, double rate) {
  const std::uint64_t journal_bytes = journal_bytes_for(plan, rate);
  auto all = disk.environment(false);
  all["HAULCAST_JOURNAL__MAX_BYTES"] = std::to_string(journal_bytes);
  all["HAULCAST_JOURNAL__SEGMENT_BYTES"] = std::to_string(std::max<std::uint64_t>(journal_bytes / 32, 1 << 20));
  all["HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S"] = std::to_string(plan.snapshot_interval_s);
  all["HAULCAST_ENGINE__IDENTITY_BYTES_MAX"] = "4096";  // windows are full soon, and memory at its height
  all["HAULCAST_ENGINE__OFFLINE_AFTER_S"] = "60";       // singles come and go: events
  all["HAULCAST_HUB__PING_INTERVAL_S"] = "5";
  return all;
}

/// Batches of 100 a second that a server of this kind acknowledges when nothing else happens.
double find_maximum(const soak_plan& plan) {
  const faults::switchboard disk;
  server s{{.binary = HAULCAST_BINARY, .environment = environment_of(plan, disk, 1e6)}};
  steady_load load{{.port = port_of(s), .token = token_for(plan)}};
  EXPECT_TRUE(eventually([&] { return load.acknowledged() > 10'000; }));
  const auto begin = steady_clock::now();
  const std::uint64_t before = load.acknowledged();
  std::this_thread::sleep_for(5s);
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  return static_cast<double>(load.acknowledged() - before) / seconds / 100;
}

/// Everything that goes on beside the faults, in the order in which it begins.
class soak {
 public:
  soak(const soak_plan& plan, double rate)
      : plan_{plan},
        token_{token_for(plan)},
        server_{{.binary = HAULCAST_BINARY, .environment = environment_of(plan, disk_, rate)}},
        follower_{disk_.data_dir(), disk_.root().parent_path() / "links"},
        probe_{server_.base(), token_},
        events_{server_.base(), token_},
        load_{{.port = port_of(server_), .token = token_, .batches_per_s = rate}},
        ledger_{server_.base(), ledger_plan_of()},
        steady_{server_.base(), token_, ledger_names()},
        restless_{server_.base(), token_, steady_plan{}.seldom(200)},
        faults_{soak_faults(server_, disk_, probe_,
                            {.token = token_, .followed = ledger_names(), .length = plan.fault, .many = plan.at_length})} {}

  void run();
  void expect_nothing_lost();
  void expect_flat();

 private:
  ledger_options ledger_plan_of() const {
    ledger_options o{.token = token_, .workers = 2, .trucks = plan_.ledger_trucks, .seed = plan_.seed};
    o.begin = system_now() - std::chrono::hours{24 * 20};  // far from the clock, however it jumps
    o.pause = 20ms;
    return o;
  }
  std::vector<std::string> ledger_names() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < plan_.ledger_trucks; ++i) all.push_back("LEDGER-" + std::to_string(i));
    return all;
  }

  void begin();
  void round(int number, const soak_fault& fault);
  void settle(double descriptors_before);
  void expect_order(const std::vector<std::string>& complaints, std::string_view whose) const;
  void expect_books(const ledger& books, const load_books& bulk, journal_books& journal) const;
  void expect_events(const std::vector<engine::event_id>& told, const journal_books& journal);

  soak_plan plan_;
  std::string token_;
  faults::switchboard disk_;
  server server_;
  journal_follower follower_;
  prober probe_;
  event_reader events_;
  steady_load load_;
  ledger_loader ledger_;
  steady_follower steady_;
  restless_follower restless_;
  std::vector<soak_fault> faults_;
  std::unique_ptr<silent_followers> silent_;
  std::vector<holdings> samples_;
};

// Everybody is there, on all connections.
void soak::begin() {
  const auto everybody = [this] {
    return load_.acknowledged() > 15'000 && ledger_.acknowledged() > 500 && events_.told().connections > 0 &&
           steady_.told().heard > 100 && restless_.told().connections > 0;
  };
  ASSERT_TRUE(eventually(everybody, 120s)) << server_.log();
}

void soak::run() {
  begin();
  for (int i = 0; i < plan_.rounds; ++i) round(i, faults_[static_cast<std::size_t>(i) % faults_.size()]);
}

void soak::round(int number, const soak_fault& fault) {
  const auto end = steady_clock::now() + plan_.round;
  const double descriptors = descriptors_of(server_.process().pid());
  const json everything{{"type", "subscribe"}, {"all", true}};
  silent_ = std::make_unique<silent_followers>(server_.base(), token_, everything, 2);
  const std::uint64_t before = load_.acknowledged();
  const observed seen = fault.happen();
  const auto over = steady_clock::now();
  EXPECT_TRUE(eventually([&] { return probe_.ready(); }, 60s)) << server_.log();
  const auto healed = std::chrono::duration_cast<milliseconds>(steady_clock::now() - over);
  std::this_thread::sleep_until(end);
  EXPECT_TRUE(eventually([&] { return load_.acknowledged() > before; }, 60s)) << "it does not go on";
  const std::uint64_t acknowledged = load_.acknowledged() - before;
  silent_.reset();
  settle(descriptors);
  samples_.push_back(holdings_of(server_.process().pid()));
  const holdings& h = samples_.back();
  std::cout << fmt::format(
                   "  {:3} {:27} {:9} acknowledged, ready {:4} ms after it; holds {:.1f} MiB ({:.1f} its own), {:.0f} "
                   "descriptors, {:.0f} threads; {}\n",
                   number + 1, fault.name, acknowledged, healed.count(), h.resident_mib, h.anonymous_mib, h.descriptors,
                   h.threads, seen.to_string())
            << std::flush;
}

// Who came for the fault is gone.
void soak::settle(double descriptors_before) {
  EXPECT_TRUE(eventually([&] { return descriptors_of(server_.process().pid()) <= descriptors_before + 8; }, 60s))
      << descriptors_of(server_.process().pid()) << " descriptors, " << descriptors_before << " before";
}

// What every fault needs once, such as room for a second world while the first is rebuilt, is there after each has happened
// once.
void soak::expect_flat() {
  const std::size_t period = faults_.size();
  const bool judged = samples_.size() >= 3 * period;
  const auto begin = samples_.begin() + (judged ? static_cast<std::ptrdiff_t>(period) : 0);
  const auto series = [&](double holdings::* what) {
    std::vector<double> all;
    for (auto h = begin; h != samples_.end(); ++h) all.push_back((*h).*what);
    return all;
  };
  const std::vector<std::pair<const char*, trend>> trends{
      {"resident memory, MiB", trend_of(series(&holdings::resident_mib), period, 0.03, 4)},
      {"anonymous memory, MiB", trend_of(series(&holdings::anonymous_mib), period, 0.03, 4)},
      {"descriptors", trend_of(series(&holdings::descriptors), period, 0, 4)},
      {"threads", trend_of(series(&holdings::threads), period, 0, 0)}};
  for (const auto& [what, t] : trends) {
    std::cout << "  " << what << ": " << t.to_string() << (judged ? "" : " (too short to judge)") << '\n';
    if (judged) EXPECT_TRUE(t.flat()) << what << ' ' << t.to_string();
  }
}

void soak::expect_nothing_lost() {
  const load_books bulk = load_.finish();
  const ledger books = ledger_.finish();
  api admin{server_.base(), token_};
  must_post(admin, {driving("END-OF-SOAK", now_ms() - 60'000, 1)});  // comes online: the last event
  EXPECT_TRUE(eventually([&] { return events_.knows("END-OF-SOAK"); }, 60s));
  const auto events = events_.finish();
  EXPECT_EQ(server_.stop(60s).code, 0);
  journal_books journal = follower_.finish();
  expect_order(journal.complaints, "the journal");
  expect_order(events_.told().complaints, "the event stream");
  expect_order(steady_.told().complaints, "a follower");
  expect_order(restless_.told().complaints, "a resuming follower");
  expect_books(books, bulk, journal);
  expect_events(events, journal);
  const auto verified = run_to_end(
      {.program = HAULCAST_BINARY, .arguments = {"verify"}, .environment = {{"HAULCAST_DATA_DIR", disk_.data_dir().string()}}},
      10min);
  EXPECT_EQ(verified.exit.code, 0) << verified.out << verified.err;
  std::cout << fmt::format(
      "  {} positions in {} records of {} segments; bulk: {} acknowledged, {} requests refused, {} connections broken; "
      "ledger: {} acknowledged\n  {} events told of {}; followers heard {} positions on {} connections, {} events on {} that "
      "were resumed\n",
      journal.positions, journal.records, journal.segments, bulk.acknowledged, bulk.refused, bulk.broken,
      books.acknowledged_positions(), events.size(), journal.events.size(), steady_.told().heard, steady_.told().connections,
      restless_.told().heard, restless_.told().connections);
}

void soak::expect_order(const std::vector<std::string>& complaints, std::string_view whose) const {
  EXPECT_TRUE(complaints.empty()) << whose << ": " << complaints.size() << " complaints, the first: " << complaints.front();
}

void soak::expect_books(const ledger& books, const load_books& bulk, journal_books& journal) const {
  expect_order(books.contradictions, "the ledger");
  expect_order(bulk.contradictions, "the load");
  EXPECT_TRUE(bulk.complete) << "batches are left without an answer";
  const soak_findings of_ledger = compare(books, journal);
  EXPECT_EQ(of_ledger.lost, 0U);
  EXPECT_EQ(of_ledger.twice, 0U);
  EXPECT_EQ(of_ledger.strange, 0U);
  EXPECT_EQ(compare(bulk, journal).wrong_trucks, 0U) << "of them the journal holds more or less than was acknowledged";
  EXPECT_EQ(compare(probe_.acknowledged(), journal.whole["PROBE"]).lost, 0U);
}

void soak::expect_events(const std::vector<engine::event_id>& told, const journal_books& journal) {
  ASSERT_GE(journal.events.size(), told.size());
  EXPECT_TRUE(std::equal(told.begin(), told.end(), journal.events.begin())) << "an event is missing or out of place";
}

TEST(Soak, HoldsWhatItHeldAndLosesNothing) {
  if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  const soak_plan plan;
  double rate = plan.rate;
  if (rate <= 0) {
    const double maximum = find_maximum(plan);
    rate = maximum * plan.share;
    std::cout << fmt::format("  the maximum is {:.0f} batches of 100 a second; {:.0f} a second from here on\n", maximum, rate)
              << std::flush;
  }
  soak s{plan, rate};
  s.run();
  s.expect_nothing_lost();
  s.expect_flat();
}

TEST(SoakAudit, NoticesWhatIsLostThereTwiceOrStrange) {
  const auto at = [](std::int64_t time, told verdict) {
    ledger_position p;
    p.timestamp_ms = time;
    p.latitude = 47;
    p.verdict = verdict;
    return p;
  };
  ledger books;
  books.trucks = {"LEDGER-0"};
  books.batches.emplace_back().positions = {at(1, told::accepted), at(2, told::late), at(3, told::nothing),
                                            at(4, told::rejected)};
  journal_books journal;
  auto& held = journal.whole["LEDGER-0"];
  held = {{1, 47, 8}, {2, 47, 8}, {3, 47, 8}};
  const auto findings = [&] {
    const auto f = compare(books, journal);
    return std::array{f.lost, f.twice, f.strange};
  };
  EXPECT_EQ(findings(), (std::array<std::uint64_t, 3>{0, 0, 0}));
  held = {{1, 47, 8}, {1, 47, 8}};
  EXPECT_EQ(findings(), (std::array<std::uint64_t, 3>{1, 1, 0}));
  held = {{1, 47, 8}, {2, 46, 8}, {4, 47, 8}};
  EXPECT_EQ(findings(), (std::array<std::uint64_t, 3>{0, 0, 2}));

  const load_books load{.sent = {7, 5}};
  journal.tracks = {{.newest_ms = 1, .positions = 7}, {.newest_ms = 1, .positions = 4}};
  EXPECT_EQ(compare(load, journal).wrong_trucks, 1U);
  EXPECT_EQ(compare({{{"timestamp", rfc3339(1)}}, {{"timestamp", rfc3339(5)}}}, held).lost, 1U);
}

TEST(SoakTrend, IsFlatForNoiseAndGrowsForALeak) {
  std::vector<double> steady, leaking;
  for (int i = 0; i < 60; ++i) {
    steady.push_back(110 + i % 3 + (i % 10 == 4 ? 40 : 0));  // it breathes, and one of ten faults leaves more behind
    leaking.push_back(110 + i % 3 + 0.2 * i);
  }
  EXPECT_TRUE(trend_of(steady, 10, 0.03, 4).flat()) << trend_of(steady, 10, 0.03, 4).to_string();
  EXPECT_FALSE(trend_of(leaking, 10, 0.03, 4).flat()) << trend_of(leaking, 10, 0.03, 4).to_string();
  EXPECT_TRUE(trend_of({}, 10, 0.03, 4).flat());
}

}  // namespace
}  // namespace haulcast::support
