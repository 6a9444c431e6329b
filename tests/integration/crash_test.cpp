// Nothing acknowledged is lost, however the server dies, and nobody is told what is not there; and the audit that says so would
// notice if it were otherwise. HAULCAST_CRASH_KILLS, HAULCAST_CRASH_SEED, HAULCAST_CRASH_POSITIONS and
// HAULCAST_CRASH_CONFLATED make it longer or otherwise (scripts/crash-test).
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "crash_story.hpp"

namespace haulcast::support {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

// 32 workers on two connections each, in bursts.
crash_plan burst_plan() {
  crash_plan plan;
  plan.kills = static_cast<int>(from_environment("HAULCAST_CRASH_KILLS", 20));
  plan.seed = from_environment("HAULCAST_CRASH_SEED", 1);
  plan.acknowledged_in_all = from_environment("HAULCAST_CRASH_POSITIONS", 60'000);
  plan.mix = {.twice_at_once = 0.3, .large = 0.3, .shift = 10};
  plan.workers = 32;
  plan.trucks_each = 12;  // most of them silent at any time, and so offline soon: an event each
  plan.rest = std::chrono::milliseconds{400};
  plan.while_starting = 0.3;
  plan.before_first = 0.15;
  plan.acknowledged_min = plan.acknowledged_in_all / static_cast<std::uint64_t>(std::max(plan.kills, 1));
  plan.longer_max = std::chrono::milliseconds{1500};
  plan.watched = true;
  plan.fences = true;
  plan.bystanders = 80;  // more than the hub deals to at once
  plan.conflated = from_environment("HAULCAST_CRASH_CONFLATED", 0) != 0;
  plan.environment = {{"HAULCAST_JOURNAL__SEGMENT_BYTES", std::to_string(1 + plan.acknowledged_in_all / 2'500'000) + " MiB"}};
  return plan;
}

void print(const crash_plan& plan, const crash_outcome& o) {
  std::cout << "seed " << plan.seed << ": " << o.deaths << " kills, " << o.while_starting << " of them before it listened and "
            << o.before_first << " before it acknowledged anything; " << o.books.acknowledged_positions()
            << " positions acknowledged in " << o.books.attempts(200) << " answers, " << o.books.attempts(0)
            << " requests without one; " << o.report.to_string() << '\n'
            << o.events << " events in the journal, " << o.report.fence_events << " of them about geofences, of which "
            << o.fences.commands << " commands were answered, " << o.fences.replayed << " of these a second time\n";
  std::cout << o.store.to_string() << '\n';
  for (const watch_report& r : o.watched) std::cout << r.to_string() << '\n';
}

TEST(Crash, NothingAcknowledgedIsLostOrStoredTwiceAndNobodyIsToldOfAnythingElse) {
  const crash_plan plan = burst_plan();
  const crash_outcome outcome = crash(plan);
  print(plan, outcome);
  ASSERT_EQ(outcome.why, "") << "a start was refused";
  EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
  EXPECT_TRUE(outcome.books.contradictions.empty()) << outcome.books.contradictions.front();
  EXPECT_GE(outcome.deaths, plan.kills);
  EXPECT_EQ(outcome.by_itself, 0) << "it died before it was killed";
  if (plan.kills >= 20) EXPECT_GT(outcome.while_starting + outcome.before_first, 0);  // fewer may miss both
  EXPECT_GE(outcome.books.answered_positions(), plan.acknowledged_in_all);
  EXPECT_EQ(outcome.from_start, outcome.from_snapshots);
  EXPECT_GE(outcome.store.positions, outcome.books.acknowledged_positions());
  EXPECT_GT(outcome.store.hours, 0U);
  EXPECT_EQ(outcome.fences.wrong, "");
  EXPECT_GT(outcome.fences.commands, 0U);
  EXPECT_GT(outcome.report.fence_events, 0U);
  EXPECT_GT(outcome.events, plan.workers);  // at least the first truck of each is online once
  EXPECT_FALSE(outcome.watched.empty());
  for (const watch_report& r : outcome.watched) {
    EXPECT_TRUE(r.clean()) << r.to_string();
    EXPECT_GT(r.connections, 1U) << r.name;
    EXPECT_GT(r.positions + r.events, 0U) << r.name;
  }
}

}  // namespace
}  // namespace haulcast::support
