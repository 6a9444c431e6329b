// Power cuts: what was not synced is gone, kept or torn, and nothing acknowledged may be among it. HAULCAST_POWER_CUTS,
// HAULCAST_POWER_CUT_SEED and HAULCAST_POWER_CUT_SYNC make it longer (scripts/power-cut-test).
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>

#include "faults/disk.hpp"
#include "faults/log.hpp"
#include "faults/switchboard.hpp"
#include "power_cut_story.hpp"
#include "story.hpp"

namespace haulcast::support {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

cut_outcome told_cut(cut_plan plan) {
  plan.cuts = static_cast<int>(from_environment("HAULCAST_POWER_CUTS", static_cast<std::uint64_t>(plan.cuts)));
  plan.seed = from_environment("HAULCAST_POWER_CUT_SEED", plan.seed);
  cut_outcome outcome = cut(plan);
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
  const cut_outcome outcome = told_cut({});
  ASSERT_EQ(outcome.why, "") << "a start was refused";
  EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
  EXPECT_TRUE(outcome.books.contradictions.empty()) << outcome.books.contradictions.front();
  EXPECT_GT(outcome.books.acknowledged_positions(), 100U);
  EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
}

// The power may go before the disk has had the time to fail: then another story is told.
TEST_F(PowerCut, TakesNothingAcknowledgedByADiskThatFailedBefore) {
  std::uint64_t failures = 0;
  for (std::uint64_t seed = 2; failures == 0 && seed < 10; ++seed) {
    const cut_outcome outcome = told_cut({.cuts = 8, .seed = seed, .faults = true});
    ASSERT_EQ(outcome.why, "") << "a start was refused";
    EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
    EXPECT_TRUE(outcome.books.contradictions.empty()) << outcome.books.contradictions.front();
    EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
    failures = outcome.failures;
  }
  EXPECT_GT(failures, 0U);
}

// `normal` promises less, and the audit has to see it; but the server comes up again each time.
TEST_F(PowerCut, IsSeenToTakeSomethingWithoutSync) {
  const cut_outcome outcome = told_cut({.sync = "normal"});
  ASSERT_EQ(outcome.why, "") << "a start was refused";
  EXPECT_GT(outcome.report.lost, 0U) << outcome.report.to_string();
  EXPECT_EQ(outcome.report.twice, 0U) << outcome.report.to_string();
  EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
}

// After a failed sync the kernel takes its pages for clean: they are read as if they were there, and no later sync writes them.
// So what a start finds must be written once more before anybody is told of it.
TEST_F(PowerCut, TakesNothingThatAStartFoundAfterAFailedSync) {
  const found_outcome outcome = cut_after_failed_syncs({.cuts = 12, .seed = 4});
  EXPECT_EQ(outcome.lost, 0) << "acknowledged and lost";
  EXPECT_GT(outcome.found, 0) << "nothing was put to the test";
}

// How often a segment's name was removed while an earlier removal was not durable, and how often one was.
struct removals {
  int early = 0;
  int all = 0;
};

removals removals_in(const std::filesystem::path& log) {
  std::ifstream file{log, std::ios::binary};
  std::map<std::uint64_t, std::string> opened;
  removals found;
  bool pending = false;
  for (faults::entry_header head; file.read(reinterpret_cast<char*>(&head), sizeof head);) {
    std::string name(head.name_bytes, ' ');
    file.read(name.data(), head.name_bytes);
    file.ignore(head.data_bytes);
    if (head.kind == faults::entry_kind::opened) opened[head.file] = name;
    if (head.kind == faults::entry_kind::synced && opened[head.file].ends_with("/journal")) pending = false;
    if (head.kind != faults::entry_kind::removed || !name.ends_with(".segment")) continue;
    ++found.all;
    found.early += std::exchange(pending, true) ? 1 : 0;
  }
  return found;
}

// A segment that came back without the one behind it would be a journal with a gap.
TEST_F(PowerCut, BringsBackNoDroppedSegmentWithoutTheNext) {
  faults::switchboard f;
  auto variables = f.environment(true);
  variables["HAULCAST_JOURNAL__SEGMENT_BYTES"] = "1 MiB";
  variables["HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S"] = "1";
  server s{{.binary = HAULCAST_BINARY, .environment = variables}};
  auto admin = s.as();
  for (int i = 0; i < 15; ++i)
    EXPECT_EQ(admin.post("/v1/positions", bulky_batch("TRK-1", now_ms() - 80'000'000, i * 300, 300)).status, 200U);
  s.kill();
  const auto segments = [&] {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator{f.data_dir() / "journal"}) {
      if (entry.path().extension() == ".segment") found.push_back(entry.path());
    }
    return found;
  };
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours{48};
  for (const auto& segment : segments()) std::filesystem::last_write_time(segment, long_ago);
  ASSERT_GT(segments().size(), 3U);
  s.start();
  EXPECT_TRUE(eventually([&] { return segments().size() <= 2; }, std::chrono::minutes{1}));
  s.stop();
  const removals r = removals_in(f.log());
  EXPECT_GE(r.all, 2);
  EXPECT_EQ(r.early, 0);
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
