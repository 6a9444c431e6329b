// Power cuts: what was not synced is gone, kept or torn, and nothing acknowledged may be among it. HAULCAST_POWER_CUTS,
// HAULCAST_POWER_CUT_SEED and HAULCAST_POWER_CUT_SYNC make it longer (scripts/power-cut-test).
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "auditor.hpp"
#include "faults/disk.hpp"
#include "faults/switchboard.hpp"
#include "story.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

struct cut_plan {
  std::string sync = "full";
  int cuts = 5;
  std::uint64_t seed = 1;
  bool faults = false;  // of the disk as well, before the power goes
};

struct cut_outcome {
  ledger books;
  audit_report report;
  int while_starting = 0;                  // of the cuts
  std::uint64_t failures = 0;              // of the disk
  std::string why;                         // a start was refused
  std::string from_start, from_snapshots;  // what `haulcast verify` says of the world
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

class cutter {
 public:
  explicit cutter(cut_plan plan)
      : plan_{std::move(plan)},
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
    server_options o{.binary = HAULCAST_BINARY, .environment = faults_.environment(true)};
    o.environment["HAULCAST_JOURNAL__SYNC"] = plan_.sync;
    o.environment["HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S"] = "1";
    o.environment["HAULCAST_JOURNAL__SEGMENT_BYTES"] = plan_.sync == "full" ? "1 MiB" : "64 MiB";  // each new one is a sync
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

  cut_plan plan_;
  faults::switchboard faults_;
  std::mt19937_64 dice_;
  faults::disk disk_;
  server server_;
  ledger_loader loader_;
  cut_outcome outcome_;
};

cut_outcome cut(cut_plan plan) {
  plan.cuts = static_cast<int>(from_environment("HAULCAST_POWER_CUTS", static_cast<std::uint64_t>(plan.cuts)));
  plan.seed = from_environment("HAULCAST_POWER_CUT_SEED", plan.seed);
  cut_outcome outcome = cutter{plan}.run();
  std::cout << "journal.sync " << plan.sync << ", seed " << plan.seed << ": " << plan.cuts << " power cuts, "
            << outcome.while_starting << " of them while starting, " << outcome.failures << " failures of the disk before; "
            << outcome.books.acknowledged_positions() << " positions acknowledged; " << outcome.report.to_string() << '\n';
  return outcome;
}

class PowerCut : public testing::Test {
 protected:
  void SetUp() override {
    if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  }
};

TEST_F(PowerCut, TakesNothingAcknowledged) {
  const cut_outcome outcome = cut({});
  ASSERT_EQ(outcome.why, "") << "a start was refused";
  EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
  EXPECT_TRUE(outcome.books.contradictions.empty()) << outcome.books.contradictions.front();
  EXPECT_GT(outcome.books.acknowledged_positions(), 100U);
  EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
}

TEST_F(PowerCut, TakesNothingAcknowledgedByADiskThatFailedBefore) {
  const cut_outcome outcome = cut({.cuts = 8, .seed = 2, .faults = true});
  ASSERT_EQ(outcome.why, "") << "a start was refused";
  EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
  EXPECT_TRUE(outcome.books.contradictions.empty()) << outcome.books.contradictions.front();
  EXPECT_GT(outcome.failures, 0U);
  EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
}

// `normal` promises less, and the audit has to see it; but the server comes up again each time.
TEST_F(PowerCut, IsSeenToTakeSomethingWithoutSync) {
  const cut_outcome outcome = cut({.sync = "normal"});
  ASSERT_EQ(outcome.why, "") << "a start was refused";
  EXPECT_GT(outcome.report.lost, 0U) << outcome.report.to_string();
  EXPECT_EQ(outcome.report.twice, 0U) << outcome.report.to_string();
  EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
}

// After a failed sync the kernel takes its pages for clean: they are read as if they were there, and no later sync writes them.
// So what a start finds must be written once more before anybody is told of it.
TEST_F(PowerCut, TakesNothingThatAStartFoundAfterAFailedSync) {
  faults::switchboard f;
  std::mt19937_64 dice{4};
  faults::disk d{f.root()};
  server s{{.binary = HAULCAST_BINARY, .environment = f.environment(true)}};
  const auto begin = now_ms() - 600'000;
  int found = 0;
  for (int round = 0; round < 12; ++round) {
    const std::vector<nlohmann::json> sent{driving("TRK-1", begin, 2 * round), driving("TRK-1", begin, 2 * round + 1)};
    auto admin = s.as();
    f.on(0, {.operations = faults::syncing | faults::resizing, .error = EIO, .part = ".segment"});
    expect_problem(admin.post("/v1/positions", batch(sent)), 503, "not_committed");
    s.kill();
    d.replay(f.log(), dice);
    f.off(0);
    s.start();  // no power cut yet: the kernel still has it
    auto again = s.as();
    found += must_post(again, sent).at("duplicates") == 2 ? 1 : 0;
    s.kill();
    d.replay(f.log(), dice);
    d.cut(dice);
    s.start();
    auto after = s.as();
    EXPECT_EQ(must_post(after, sent).at("duplicates"), 2) << "acknowledged and lost, round " << round;
  }
  EXPECT_GT(found, 0) << "nothing was put to the test";
}

// A first start that is killed between any two of its steps has told nobody anything; but the next one builds on what it left.
TEST_F(PowerCut, TakesNothingThatAnInterruptedFirstStartBegan) {
  faults::switchboard f;
  server s{{.binary = HAULCAST_BINARY, .environment = f.environment(true)}};
  std::mt19937_64 dice{5};
  int interrupted = 0;
  for (std::uint64_t step = 1; interrupted + 1 >= static_cast<int>(step); ++step) {
    s.stop();
    std::filesystem::remove(f.log());
    std::filesystem::remove_all(f.data_dir());
    faults::disk d{f.root()};
    f.die_at(step);
    try {
      s.start();
      s.stop();  // all of its steps have been seen
      continue;
    } catch (const std::runtime_error&) {
      ++interrupted;
    }
    d.replay(f.log(), dice);
    f.die_at(0);
    s.start();
    auto admin = s.as();
    const auto position = driving("TRK-1", now_ms() - 60'000, 1);
    EXPECT_EQ(must_post(admin, {position}).at("accepted"), 1);
    s.kill();
    d.replay(f.log(), dice);
    d.cut(dice);
    s.start();
    auto after = s.as();
    EXPECT_EQ(must_post(after, {position}).at("duplicates"), 1) << "lost after a start that died at its step " << step;
  }
  EXPECT_GT(interrupted, 10);
}

}  // namespace
}  // namespace haulcast::support
