#include "haulcast/engine/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/random_day.hpp"
#include "engine/story.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using stories = std::vector<std::string>;

options silent_after(seconds offline_after) {
  options rules;
  rules.offline_after = offline_after;
  return rules;
}

TEST(World, TheFirstBatchBringsATruckOnline) {
  day d;
  const auto& out = d.hear(at(10s, 100, 50), 12s);
  EXPECT_EQ(told(out.events), stories{"truck.online TRK-1 @12"});
  ASSERT_TRUE(out.events[0].where);
  EXPECT_EQ(out.events[0].where->get().point, north(100));
  ASSERT_EQ(out.trucks.size(), 1u);
  EXPECT_EQ(out.trucks[0].status, truck_status::moving);
  EXPECT_TRUE(d.hear(at(15s, 160, 50), 17s).events.empty());
}

TEST(World, ATruckWhoseFirstPositionIsSuspectIsOnlineWithoutAPlace) {
  day d;
  const auto& out = d.hear(at_point(10s, {0, 0}), 12s);
  EXPECT_EQ(told(out.events), stories{"truck.online TRK-1 @12"});
  EXPECT_FALSE(out.events[0].where);
}

TEST(World, SilenceTakesATruckOfflineAtTheTimeItFellDue) {
  day d;
  d.hear(at(0s, 100), 1s);
  EXPECT_TRUE(d.tick_at(600'999ms).events.empty());
  EXPECT_EQ(d.trk().status(), truck_status::stopped);
  const auto& out = d.tick_at(601s);
  EXPECT_EQ(told(out.events), stories{"truck.offline TRK-1 @601"});
  EXPECT_EQ(out.events[0].where->get().point, north(100));
  EXPECT_EQ(out.trucks.at(0).status, truck_status::offline);
  EXPECT_TRUE(d.tick_at(9000s).events.empty()) << "it is told once";
}

TEST(World, AnOverdueTickStillTellsTheDueTime) {
  day d;
  d.hear(at(0s), 0s);
  EXPECT_EQ(told(d.tick_at(5000s).events), stories{"truck.offline TRK-1 @600"});
}

TEST(World, ABatchAfterTheDueTimeTellsOfflineThenOnline) {
  day d;
  d.hear(at(0s, 100), 0s);
  EXPECT_EQ(told(d.hear(at(690s, 200), 700s).events), (stories{"truck.offline TRK-1 @600", "truck.online TRK-1 @700"}));
}

TEST(World, ABatchExactlyAtTheDueTimeIsTooLate) {
  day d;
  d.hear(at(0s), 0s);
  EXPECT_EQ(d.hear(at(599s), 599'999ms).events.size(), 0u);
  EXPECT_EQ(d.hear(at(1199s), 1'199'999ms).events.size(), 2u);
}

TEST(World, DuplicatesAndSuspectsCountAsHeard) {
  day d;
  d.hear(at(0s), 0s);
  d.hear(at(0s), 500s);
  EXPECT_TRUE(d.tick_at(1'099s).events.empty());
  d.hear(at_point(1s, {0, 0}), 1'099s);
  EXPECT_TRUE(d.tick_at(1'100s).events.empty());
  EXPECT_EQ(told(d.tick_at(1'699s).events), stories{"truck.offline TRK-1 @1699"});
}

TEST(World, SilenceCountsFromTheServersStart) {
  day d;
  d.hear(at(0s), 0s);
  d.restart();
  d.start({}, morning + 5000s);
  EXPECT_TRUE(d.tick_at(5'599'999ms).events.empty());
  EXPECT_EQ(told(d.tick_at(5'600s).events), stories{"truck.offline TRK-1 @5600"});
}

TEST(World, AShorterSilenceHoldsFromTheStartThatSetIt) {
  day d{silent_after(6000s)};
  d.hear(at(0s), 0s);
  d.restart();
  d.start(silent_after(60s), morning + 100s);
  EXPECT_TRUE(d.tick_at(159'999ms).events.empty());
  EXPECT_EQ(told(d.tick_at(160s).events), stories{"truck.offline TRK-1 @160"});
}

TEST(World, AShorterSilenceHoldsWithoutARestartToo) {
  day d{silent_after(6000s)};
  d.hear(at(0s), 0s);
  d.start(silent_after(60s), morning + 100s);
  EXPECT_EQ(told(d.tick_at(160s).events), stories{"truck.offline TRK-1 @160"});
}

TEST(World, ALongerSilenceHoldsFromTheStartThatSetIt) {
  day d{silent_after(60s)};
  d.hear(at(0s), 0s);
  d.start(silent_after(6000s), morning + 10s);
  EXPECT_TRUE(d.tick_at(6'009'999ms).events.empty());
  EXPECT_EQ(told(d.tick_at(6'010s).events), stories{"truck.offline TRK-1 @6010"});
}

// Restored trucks may come before the rules they live under.
TEST(World, RulesRestoredAfterTheTrucksHoldForTheirSilence) {
  day d{silent_after(60s)};
  d.hear(at(0s), 0s);
  d.restart();
  EXPECT_EQ(told(d.tick_at(60s).events), stories{"truck.offline TRK-1 @60"});
}

TEST(World, AStartTellsTheSameHoweverTheWorldCameToBe) {
  day d;
  d.hear(at(0s), 0s);
  d.tick_at(900s);
  day restored = std::move(d);
  const std::string before = state_of(restored.world_);
  restored.restart();
  EXPECT_EQ(state_of(restored.world_), before);
  restored.start({}, morning + 800s);  // the clock was set back meanwhile
  day straight;
  straight.hear(at(0s), 0s);
  straight.tick_at(900s);
  straight.start({}, morning + 800s);
  EXPECT_EQ(state_of(restored.world_), state_of(straight.world_));
}

TEST(World, OfflineTrucksAreToldInTheOrderTheyFellDue) {
  day d;
  d.hear({{"TRK-A", at(0s)}}, 0s);
  d.hear({{"TRK-B", at(0s)}}, 10s);
  d.hear({{"TRK-C", at(0s)}}, 20s);
  d.hear({{"TRK-A", at(1s)}}, 30s);
  EXPECT_EQ(told(d.tick_at(1000s).events),
            (stories{"truck.offline TRK-B @610", "truck.offline TRK-C @620", "truck.offline TRK-A @630"}));
}

TEST(World, ManyThatFallDueAreToldInBoundedTicksEachOnce) {
  day d;
  reports fleet;
  for (int i = 0; i < 5000; ++i) fleet.emplace_back("TRK-" + std::to_string(i), at(0s));
  d.hear(fleet, 0s);
  std::set<std::string> gone;
  int ticks = 0;
  for (; ticks < 200; ++ticks) {
    const auto& out = d.tick_at(600s, 100);
    if (out.events.empty()) break;
    ASSERT_LE(out.events.size(), 100u);
    for (const auto& e : out.events) EXPECT_TRUE(gone.insert(e.truck_id).second) << e.truck_id;
  }
  EXPECT_EQ(gone.size(), 5000u);
  EXPECT_EQ(ticks, 50);
}

TEST(World, WhatIsDueIsFoundAmongManyThatWereHeardSince) {
  day d;
  reports fleet;
  for (int i = 0; i < 10'000; ++i) fleet.emplace_back("TRK-" + std::to_string(i), at(0s));
  d.hear(fleet, 0s);
  fleet.erase(fleet.begin() + 9'999);
  d.hear(fleet, 300s);
  std::size_t found = 0;
  for (int looks = 0; looks < 20; ++looks) found += d.tick_at(600s).events.size();
  EXPECT_EQ(found, 1u);
  EXPECT_EQ(d.trk("TRK-9999").status(), truck_status::offline);
}

TEST(World, LookingForDuesChangesNothing) {
  day d;
  d.hear(at(0s), 0s);
  const auto first = d.world_.due(morning + 600s, 10);
  EXPECT_EQ(d.world_.due(morning + 600s, 10), first) << "a tick that was refused is found again";
  EXPECT_EQ(first.size(), 1u);
}

TEST(World, ATickForATruckHeardMeanwhileDoesNothing) {
  day d;
  d.hear(at(0s), 0s);
  d.out.clear();
  d.world_.apply(tick{morning + 599s, {"TRK-1"}}, ++d.offset_, d.out);
  EXPECT_TRUE(d.out.events.empty());
}

TEST(World, ARecordATruckAlreadyHoldsIsSkipped) {
  day d;
  d.hear({{"TRK-1", at(0s)}, {"TRK-2", at(0s)}}, 0s);
  const std::string before = state_of(d.world_);
  d.out.clear();
  d.world_.apply(*batch_of(morning, {{"TRK-1", at(0s)}, {"TRK-2", at(0s)}}), d.offset_, d.out);
  EXPECT_TRUE(d.out.partly_skipped);
  EXPECT_TRUE(d.out.events.empty());
  EXPECT_EQ(state_of(d.world_), before);
}

TEST(World, APassTakesEachTruckThatChangedBeforeItOnce) {
  day d;
  d.hear({{"TRK-1", at(0s)}, {"TRK-2", at(0s)}}, 0s);
  d.hear({{"TRK-1", at(1s)}}, 1s);
  EXPECT_TRUE(d.world_.take_changed(10).empty()) << "no pass has begun";
  d.world_.begin_pass();
  EXPECT_EQ(d.world_.take_changed(1).size(), 1u);
  d.hear({{"TRK-1", at(2s)}, {"TRK-2", at(2s)}, {"TRK-3", at(2s)}}, 2s);
  EXPECT_EQ(d.world_.take_changed(10).size(), 1u) << "who was taken already, or is new, belongs to the next pass";
  EXPECT_TRUE(d.world_.take_changed(10).empty());
  d.world_.begin_pass();
  EXPECT_EQ(d.world_.take_changed(10).size(), 2u);
  d.world_.begin_pass();
  EXPECT_TRUE(d.world_.take_changed(10).empty());
  d.tick_at(601s);
  d.world_.mark_changed("TRK-1");
  d.world_.mark_changed("TRK-9");
  d.world_.begin_pass();
  EXPECT_EQ(d.world_.take_changed(10).size(), 1u);
}

TEST(World, RestoresATruckOnlyOnce) {
  day d;
  d.hear(at(0s), 0s);
  std::string bytes;
  byte_writer out{bytes};
  d.world_.save_truck(0, out);
  world other{10};
  EXPECT_TRUE(other.restore_truck(bytes));
  EXPECT_FALSE(other.restore_truck(bytes));
  EXPECT_FALSE(world{10}.restore_truck(bytes + "x"));
  EXPECT_EQ(other.window_bytes(), d.world_.window_bytes());
  EXPECT_FALSE(world{10}.restore_rules("nonsense"));
}

class WorldAtRandom : public testing::TestWithParam<unsigned> {};

TEST_P(WorldAtRandom, TheSameInputsGiveTheSameWorldAndEvents) {
  random_day d{GetParam()};
  d.play(400);
  world again{1};
  outcome out;
  std::size_t events = 0;
  for (const input& i : d.inputs) {
    i.apply_to(again, out);
    ASSERT_EQ(told(out.events), told(i.first.events)) << i.offset;
    ASSERT_EQ(out.judgements, i.first.judgements) << i.offset;
    events += out.events.size();
  }
  EXPECT_GT(events, 50u);
  EXPECT_EQ(state_of(again), state_of(d.live));
  EXPECT_EQ(again.window_bytes(), d.live.window_bytes());
}

// A snapshot pass saves each truck at another moment. Rules and geofences are those in force where the replay begins.
TEST_P(WorldAtRandom, FuzzySnapshotsAndTheTailGiveTheWorldThatNeverStopped) {
  random_day d{GetParam()};
  d.play(50 + d.upto(100));
  std::string rules;
  byte_writer rules_out{rules};
  d.live.save_rules(rules_out);
  const geofence_map fences = d.live.geofences().all();
  const offset_t replay_from = d.inputs.size() + 1;
  d.live.begin_pass();
  retry_rows keys;
  std::vector<std::string> saved(d.live.size());
  std::vector<truck_index> left(d.live.size());
  for (truck_index i = 0; i < left.size(); ++i) left[i] = i;
  while (!left.empty()) {
    const auto one = d.upto(left.size());
    byte_writer out{saved[left[one]]};
    d.live.save_truck(left[one], out);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(one));
    if (d.upto(3) == 0) keys.take(d.live);
    d.play(d.upto(20));
  }
  while (keys.take(d.live)) continue;
  d.play(100);

  world recovered{100};
  ASSERT_TRUE(recovered.restore_rules(rules));
  for (const auto& bytes : saved) ASSERT_TRUE(recovered.restore_truck(bytes));
  ASSERT_TRUE(recovered.restore_retries(keys.views()));
  for (const auto& [id, fence] : fences) {
    std::string bytes;
    byte_writer fence_out{bytes};
    fence->save(fence_out);
    ASSERT_TRUE(recovered.restore_geofence(read_geofence(bytes)));
  }
  outcome out;
  for (const input& i : d.inputs) {
    if (i.offset < replay_from) continue;
    i.apply_to(recovered, out);
    if (out.partly_skipped) continue;
    ASSERT_EQ(told(out.events), told(i.first.events)) << i.offset;
    ASSERT_EQ(out.judgements, i.first.judgements) << i.offset;
  }
  EXPECT_EQ(state_of(recovered), state_of(d.live));
}

TEST_P(WorldAtRandom, EveryTruckIsOfflineOnceItIsSilentForLong) {
  random_day d{GetParam()};
  d.play(200);
  const utc_time evening = morning + 480h;
  for (int i = 0; i < 100; ++i) {
    outcome out;
    const auto due = d.live.due(evening, 3);
    if (due.empty()) break;
    d.live.apply(tick{evening, due}, d.inputs.size() + 1 + static_cast<std::size_t>(i), out);
    EXPECT_EQ(out.events.size(), due.size());
  }
  for (truck_index i = 0; i < d.live.size(); ++i) EXPECT_EQ(d.live.status(i), truck_status::offline);
}
INSTANTIATE_TEST_SUITE_P(Seeds, WorldAtRandom, testing::Range(1u, 41u));

// Memory ran short.

reports an_hour_of(const std::string& id) {
  reports sent;
  for (int i = 0; i < 720; ++i) sent.emplace_back(id, at(i * 5s, i * 50.0, 36));
  return sent;
}

void trim_to(day& d, std::uint32_t bytes_max, std::vector<std::string_view> trucks) {
  d.out.clear();
  d.world_.apply(trim{morning + 2h, bytes_max, std::move(trucks)}, ++d.offset_, d.out);
}

TEST(Trim, ForgetsTheOldestPartOfAWindowAndNothingElse) {
  day d;
  d.hear(an_hour_of("TRK-1"), 3'600s);
  const auto before = d.world_.window_bytes();
  trim_to(d, 1'024, {"TRK-1"});
  EXPECT_LE(d.trk().window.bytes(), 2'048U);
  EXPECT_GT(before, 2 * d.world_.window_bytes());
  EXPECT_EQ(d.world_.window_bytes(), d.trk().window.bytes());
  EXPECT_TRUE(d.out.events.empty());
  EXPECT_EQ(d.trk().newest.get().timestamp, morning + 719 * 5s);
  EXPECT_EQ(d.hear(at(719 * 5s)).what, verdict::duplicate) << "the newest part is still exact";
  EXPECT_EQ(d.hear(at(5s)).what, verdict::late) << "the forgotten part may be counted again";
}

TEST(Trim, HoldsForEachTruckByItself) {
  day d;
  d.hear(an_hour_of("TRK-1"), 3'600s);
  d.hear(an_hour_of("TRK-2"), 3'600s);
  const auto whole = d.trk("TRK-2").window.bytes();
  trim_to(d, 1'024, {"TRK-1"});
  EXPECT_EQ(d.trk("TRK-2").window.bytes(), whole);
}

TEST(Trim, IsNotDoneTwiceToATruckThatHoldsItAlready) {
  day d;
  d.hear(an_hour_of("TRK-1"), 3'600s);
  const auto whole = d.trk().window.bytes();
  d.out.clear();
  d.world_.apply(trim{morning + 2h, 1'024, {"TRK-1"}}, d.offset_, d.out);
  EXPECT_TRUE(d.out.partly_skipped);
  EXPECT_EQ(d.trk().window.bytes(), whole);
}

TEST(Trim, LooksForSilentTrucksFirstAndGoesAroundTheFleetInSteps) {
  day d;
  for (const auto* id : {"TRK-1", "TRK-2", "TRK-3"}) d.hear(an_hour_of(id), 3'600s);
  d.hear({{"TRK-4", at(3'600s)}}, 3'600s);
  truck_index hand = 0;
  EXPECT_TRUE(d.world_.trimmable(hand, 10, 1'024, true).empty()) << "none is silent";
  d.tick_at(5'000s, 2);
  std::vector<std::string_view> found;
  for (int step = 0; step < 4; ++step) {
    for (const auto id : d.world_.trimmable(hand, 1, 1'024, true)) found.push_back(id);
  }
  EXPECT_EQ(found.size(), 2U) << "the two that were told to be silent";
  EXPECT_EQ(d.world_.trimmable(hand, 10, 1'024, false).size(), 3U) << "all but the small one";
}

}  // namespace
}  // namespace haulcast::engine
