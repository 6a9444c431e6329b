#include "power_cut_story.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <random>
#include <thread>

#include "faults/disk.hpp"
#include "faults/switchboard.hpp"
#include "story.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

class cutter {
 public:
  explicit cutter(const cut_plan& plan)
      : plan_{plan},
        dice_{plan_.seed},
        disk_{faults_.root()},
        server_{options()},
        loader_{server_.base(), {.token = server_.token(), .workers = 6, .trucks = 18, .seed = plan_.seed, .pause = 2ms}} {}

  cut_outcome run() {
    for (int i = 0; i < plan_.cuts && outcome_.why.empty();) {
      live_a_while();
      i += cut_and_start();
    }
    outcome_.books = loader_.finish(outcome_.why.empty() ? 30s : 0s);
    if (!outcome_.why.empty()) return std::move(outcome_);
    EXPECT_EQ(server_.stop().code, 0);
    disk_.replay(faults_.log(), dice_);
    for (const std::string& line : disk_.differences()) ADD_FAILURE() << "the library is blind: " << line;
    disk_.cut(dice_);  // a server that has left has nothing to lose either
    outcome_.report = audit(outcome_.books, faults_.data_dir());
    outcome_.from_start = verified({"--from-start"});
    outcome_.from_snapshots = verified({});
    return std::move(outcome_);
  }

 private:
  server_options options() const {
    server_options o{.binary = plan_.binary, .environment = faults_.environment(true)};
    o.environment["HAULCAST_JOURNAL__SYNC"] = plan_.sync;
    o.environment["HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S"] = "1";
    o.environment["HAULCAST_JOURNAL__SEGMENT_BYTES"] = plan_.sync == "full" ? "1 MiB" : "64 MiB";  // each new one is a sync
    for (const auto& [name, value] : plan_.environment) o.environment[name] = value;
    return o;
  }

  // Until some was acknowledged, every other time until a snapshot was made, and then some moment or one of the next
  // operations on a file.
  void live_a_while() {
    const std::uint64_t before = loader_.acknowledged();
    eventually([&] { return loader_.acknowledged() > before; }, 5s);
    if (dice_() % 2 == 0) eventually([this] { return has_snapshots(); }, 3s);
    if (plan_.faults && dice_() % 2 == 0) fail_something();
    if (dice_() % 2 == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds{dice_() % 200'000});
    } else {
      faults_.die_at(faults_.operations() + 1 + dice_() % 60);
      eventually([&] { return !server_.running(); }, 3s);
    }
    server_.kill();
  }

  // The disk fails before the power does.
  void fail_something() {
    constexpr std::array operations{faults::syncing, faults::writing, faults::resizing, faults::opening, faults::naming};
    constexpr std::array parts{"", ".segment", "snapshots"};
    faults_.on(0, {.operations = dice_() % 2 == 0 ? faults::syncing : operations[dice_() % operations.size()],
                   .error = dice_() % 2 == 0 ? EIO : ENOSPC,
                   .times = dice_() % 2 == 0 ? 1 : static_cast<int>(2 + dice_() % 5),
                   .part = parts[dice_() % parts.size()]});
    if (dice_() % 2 == 0) faults_.on(1, {.operations = faults::writing, .times = 3, .bytes_max = 30});
  }

  bool has_snapshots() const {
    const std::string page = server_.as().get("/metrics").raw.body;
    return metric(page, "haulcast_snapshot_passes_total").value_or(0) > 0;
  }

  void stop_failing() {
    for (const std::size_t which : {0U, 1U}) outcome_.failures += faults_.off(which);
  }

  // Returns how many cuts it took: while it starts there may be more.
  int cut_and_start() {
    stop_failing();
    for (int cuts = 1;; ++cuts) {
      disk_.replay(faults_.log(), dice_);
      if (dice_() % 4 != 0) disk_.cut(dice_);  // else it was only killed, and the next start must not trust what it finds
      const bool dies = dice_() % 4 == 0;
      faults_.die_at(dies ? 1 + dice_() % 30 : 0);
      const std::size_t said = server_.log().size();
      try {
        server_.start();
        faults_.die_at(0);
        return cuts;
      } catch (const std::runtime_error&) {
        const std::string why = server_.log().substr(said);
        if (!dies || why.find("haulcast: ") != std::string::npos) {
          outcome_.why = why.empty() ? "it ended without a word" : why;
          return cuts;
        }
        ++outcome_.while_starting;
      }
    }
  }

  std::string verified(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "verify");
    const auto ended = run_to_end({.program = HAULCAST_BINARY,
                                   .arguments = std::move(arguments),
                                   .environment = {{"HAULCAST_DATA_DIR", faults_.data_dir().string()}}});
    EXPECT_EQ(ended.exit.code, 0) << ended.err;
    const auto world = ended.out.find("world ");
    return world == std::string::npos ? ended.out + ended.err : ended.out.substr(world);
  }

  const cut_plan& plan_;
  faults::switchboard faults_;
  std::mt19937_64 dice_;
  faults::disk disk_;
  server server_;
  ledger_loader loader_;
  cut_outcome outcome_;
};

}  // namespace

cut_outcome cut(const cut_plan& plan) { return cutter{plan}.run(); }

found_outcome cut_after_failed_syncs(const cut_plan& plan) {
  faults::switchboard f;
  std::mt19937_64 dice{plan.seed};
  faults::disk d{f.root()};
  server_options options{.binary = plan.binary, .environment = f.environment(true)};
  for (const auto& [name, value] : plan.environment) options.environment[name] = value;
  server s{std::move(options)};
  const auto begin = now_ms() - 600'000;
  found_outcome outcome;
  for (int round = 0; round < plan.cuts; ++round) {
    const std::vector<nlohmann::json> sent{driving("TRK-1", begin, 2 * round), driving("TRK-1", begin, 2 * round + 1)};
    auto admin = s.as();
    f.on(0, {.operations = faults::syncing | faults::resizing, .error = EIO, .part = ".segment"});
    expect_problem(admin.post("/v1/positions", batch(sent)), 503, "not_committed");
    s.kill();
    d.replay(f.log(), dice);
    f.off(0);
    s.start();  // no power cut yet: the kernel still has it
    auto again = s.as();
    const bool found = must_post(again, sent).at("duplicates") == 2;
    s.kill();
    d.replay(f.log(), dice);
    d.cut(dice);
    s.start();
    auto after = s.as();
    outcome.found += found ? 1 : 0;
    outcome.lost += must_post(after, sent).at("duplicates") == 2 ? 0 : 1;
  }
  return outcome;
}

}  // namespace haulcast::support
