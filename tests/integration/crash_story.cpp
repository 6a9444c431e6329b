#include "crash_story.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include "story.hpp"
#include "watcher.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

std::string verified(const server& s, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "verify");
  const auto ended = run_to_end({.program = HAULCAST_BINARY,
                                 .arguments = std::move(arguments),
                                 .environment = {{"HAULCAST_DATA_DIR", s.data_dir().string()}}},
                                5min);
  EXPECT_EQ(ended.exit.code, 0) << ended.err;
  const auto world = ended.out.find("world ");
  return world == std::string::npos ? ended.out + ended.err : ended.out.substr(world);
}

constexpr std::string_view last_truck = "THE-END";  // whoever was told of it was told of everything before it

// Where ledger_plan has every fortieth truck, for the first hours of its way.
watch_plan viewport(std::size_t trucks) {
  watch_plan plan{.name = "viewport", .bbox = {19.5, 12.9, 20.5, 13.9}};
  for (std::size_t i = 3; i < trucks; i += 40) plan.trucks.push_back("LEDGER-" + std::to_string(i));
  return plan;
}

std::vector<watch_plan> watch_plans(std::size_t trucks) {
  using enum watch_plan::by;
  return {{.name = "all"},
          {.name = "all, resuming, twice a second", .max_rate_hz = 2, .resumes = true},
          {.name = "one truck", .trucks = {"LEDGER-0"}},
          {.name = "one truck, resuming", .trucks = {"LEDGER-1"}, .resumes = true},
          {.name = "three trucks, resuming", .trucks = {"LEDGER-2", "LEDGER-3", "LEDGER-4"}, .resumes = true},
          viewport(trucks),
          {.name = "server-sent events from now", .how = server_sent},
          {.name = "NDJSON from the beginning", .how = ndjson, .begins_after = "0"}};
}

class story {
 public:
  explicit story(const crash_plan& plan)
      : plan_{plan},
        dice_{plan.seed},
        server_{options()},
        loader_{server_.base(),
                {.token = server_.token(),
                 .workers = plan.workers,
                 .trucks = plan.workers * plan.trucks_each,
                 .seed = plan.seed,
                 .mix = plan.mix,
                 .rest = plan.rest}} {
    if (plan.bystanders > 0) {
      const std::vector<std::string> followed{"LEDGER-0", "LEDGER-1", "LEDGER-2", "LEDGER-3", "LEDGER-4"};
      bystanders_ = std::make_unique<bystanders>(server_.base(), server_.token(), followed, plan.bystanders);
    }
    if (plan.fences) keeper_ = std::make_unique<fence_keeper>(server_.base(), server_.token(), plan.seed);
    if (!plan.watched) return;
    for (watch_plan& p : watch_plans(plan.workers * plan.trucks_each)) {
      p.every_position = !plan.conflated;
      watchers_.push_back(std::make_unique<watcher>(server_.base(), server_.token(), std::move(p), std::string{last_truck}));
    }
  }

  crash_outcome run() {
    while (outcome_.deaths < plan_.kills && outcome_.why.empty()) {
      live();
      end();
      start();
    }
    const auto enough = [this] { return loader_.acknowledged() >= plan_.acknowledged_in_all; };
    if (outcome_.why.empty()) eventually(enough, 10min);
    outcome_.books = loader_.finish(outcome_.why.empty() ? 60s : 0s);
    if (!outcome_.why.empty()) return std::move(outcome_);
    EXPECT_TRUE(std::ranges::all_of(outcome_.books.batches, &ledger_batch::acknowledged)) << "not all was taken in the end";
    if (keeper_) {
      api admin = server_.as();
      outcome_.fences = keeper_->finish(admin);
    }
    const auto told = end_of_watch();
    EXPECT_TRUE(await_store(server_)) << "the store does not follow";
    EXPECT_EQ(server_.stop(60s).code, 0);
    if (plan_.before_audit) plan_.before_audit(server_.data_dir());
    outcome_.report = audit(outcome_.books, server_.data_dir());
    outcome_.store = audit_store(outcome_.books, server_.data_dir());
    EXPECT_TRUE(outcome_.store.clean()) << outcome_.store.to_string();
    if (!told.empty()) audit_watchers(told);
    outcome_.from_start = verified(server_, {"--from-start"});
    outcome_.from_snapshots = verified(server_, {});
    return std::move(outcome_);
  }

 private:
  server_options options() const {
    server_options o{.binary = plan_.binary, .environment = plan_.environment};
    o.environment.emplace("HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1");
    o.environment.emplace("HAULCAST_JOURNAL__SEGMENT_BYTES", "1048576");
    if (plan_.watched) {  // 64 MiB: more than is told between two deaths
      o.environment.emplace("HAULCAST_HUB__MAX_PENDING_BYTES", plan_.conflated ? "4 KiB" : "64 MiB");
      o.environment.emplace("HAULCAST_ENGINE__OFFLINE_AFTER_S", "1");  // so that there are events
    }
    return o;
  }

  crash_scene scene() { return {server_, loader_, dice_, outcome_.deaths}; }
  bool drawn(double share) { return std::uniform_real_distribution{}(dice_) < share; }

  // Up to the moment of the next death.
  void live() {
    acknowledged_ = loader_.acknowledged();
    if (plan_.live) return plan_.live(scene());
    if (drawn(plan_.before_first)) return std::this_thread::sleep_for(std::chrono::microseconds{dice_() % 2'000});
    const bool acknowledges = eventually(
        [this] { return loader_.acknowledged() >= acknowledged_ + plan_.acknowledged_min || !server_.running(); }, 60s);
    EXPECT_TRUE(acknowledges) << "too little was acknowledged within a minute after " << outcome_.deaths << " deaths";
    const auto longer = std::chrono::microseconds{plan_.longer_max}.count();
    std::this_thread::sleep_for(std::chrono::microseconds{dice_() % static_cast<std::uint64_t>(longer + 1)});
  }

  void end() {
    ++outcome_.deaths;
    if (!server_.running()) ++outcome_.by_itself;
    server_.kill();
    if (loader_.acknowledged() == acknowledged_) ++outcome_.before_first;
  }

  // Until one listens and lives.
  void start() {
    while (outcome_.why.empty()) {
      const bool may_die = plan_.before_start && plan_.before_start(scene());
      server_.spawn();
      const bool cut = !plan_.before_start && outcome_.deaths < plan_.kills && drawn(plan_.while_starting);
      if (cut)
        cut_short();
      else if (listens(may_die))
        return;
    }
  }

  bool listens(bool may_die) {
    const std::size_t said = server_.log().size();
    const auto spawned = std::chrono::steady_clock::now();
    try {
      server_.await_listening();
      starting_took_ = std::chrono::steady_clock::now() - spawned;
      return true;
    } catch (const std::runtime_error&) {
      const std::string why = server_.log().substr(said);
      ++outcome_.deaths;
      ++outcome_.while_starting;
      ++outcome_.by_itself;
      if (!may_die || why.find("haulcast: ") != std::string::npos) outcome_.why = why.empty() ? "it ended without a word" : why;
      return false;
    }
  }

  void cut_short() {
    acknowledged_ = loader_.acknowledged();
    std::this_thread::sleep_for(starting_took_ * std::uniform_real_distribution{}(dice_));
    ++outcome_.deaths;
    server_.process().signal(SIGKILL);
    server_.process().wait(10s);
    const bool listened = server_.process().read_line(1s).has_value();
    server_.kill();
    if (!listened)
      ++outcome_.while_starting;
    else if (loader_.acknowledged() == acknowledged_)
      ++outcome_.before_first;
  }

  std::vector<watcher_ledger> end_of_watch() {
    std::vector<watcher_ledger> told;
    if (watchers_.empty()) return told;
    api admin = server_.as();
    must_post(admin, {driving(last_truck, now_ms(), 0)});
    for (const auto& w : watchers_) told.push_back(w->finish(60s));
    watchers_.clear();
    return told;
  }

  void audit_watchers(const std::vector<watcher_ledger>& told) {
    const journal_facts facts = read_facts(server_.data_dir());
    outcome_.events = facts.events.size();
    for (const watcher_ledger& one : told) outcome_.watched.push_back(audit(one, facts));
  }

  const crash_plan& plan_;
  std::mt19937_64 dice_;
  server server_;
  ledger_loader loader_;
  std::vector<std::unique_ptr<watcher>> watchers_;
  std::unique_ptr<bystanders> bystanders_;
  std::unique_ptr<fence_keeper> keeper_;
  std::chrono::duration<double> starting_took_{0.05};  // the last that was not cut short
  std::uint64_t acknowledged_ = 0;                     // when the server had just started
  crash_outcome outcome_;
};

}  // namespace

crash_outcome crash(const crash_plan& plan) { return story{plan}.run(); }

}  // namespace haulcast::support
