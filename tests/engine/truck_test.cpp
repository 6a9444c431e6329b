#include "haulcast/engine/truck.hpp"

#include <gtest/gtest.h>

#include "engine/story.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

constexpr judgement live{verdict::live};
constexpr judgement late{verdict::late};
constexpr judgement duplicate{verdict::duplicate};
constexpr judgement null_island{verdict::suspect, suspicion::null_island};
constexpr judgement inaccurate{verdict::suspect, suspicion::inaccurate};
constexpr judgement implausible{verdict::suspect, suspicion::implausible_speed};

TEST(Truck, FirstPositionIsLive) {
  day d;
  EXPECT_EQ(d.hear(at(0s, 100, 50)), live);
  EXPECT_TRUE(d.trk().has_position);
  EXPECT_EQ(d.trk().newest.get().timestamp, morning);
  EXPECT_EQ(d.trk().newest.get().point, north(100));
}

TEST(Truck, NewerPositionMovesLiveStateAndOlderOneDoesNot) {
  day d;
  d.hear(at(10s, 100));
  EXPECT_EQ(d.hear(at(15s, 150)), live);
  EXPECT_EQ(d.hear(at(12s, 120)), late);
  EXPECT_EQ(d.hear(at(0s, 0)), late);
  EXPECT_EQ(d.trk().newest.get().timestamp, morning + 15s);
  EXPECT_EQ(d.trk().newest.get().point, north(150));
}

TEST(Truck, SameMillisecondIsADuplicateAndTheFirstOneStands) {
  day d;
  d.hear(at(5s, 100));
  EXPECT_EQ(d.hear(at(5s, 999)), duplicate);
  EXPECT_EQ(d.hear(at(5001ms, 100)), live);
  EXPECT_EQ(d.hear(at(5000ms, 100)), duplicate);
  EXPECT_EQ(d.hear(at(4999ms, 100)), late);
  EXPECT_EQ(d.trk().newest.get().timestamp, morning + 5001ms);
  EXPECT_EQ(d.trk().newest.get().point, north(100));
}

TEST(Truck, DuplicatesWithinOneBatchAreToldInOrder) {
  day d;
  const auto& out = d.hear({{"TRK-1", at(1s)}, {"TRK-1", at(1s, 50)}, {"TRK-2", at(1s)}, {"TRK-1", at(0s)}}, 2s);
  EXPECT_EQ(out.judgements, (std::vector{live, duplicate, live, late}));
}

TEST(Truck, DuplicatesAreToldAfterARestartToo) {
  day d;
  for (int i = 0; i < 500; ++i) d.hear(at(i * 5s, i * 60.0));
  d.hear(at_point(2600s, {0, 0}));
  d.restart();
  EXPECT_EQ(d.hear(at_point(2600s, {0, 0})), duplicate);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(d.hear(at(i * 5s, i * 60.0)), duplicate) << i;
  EXPECT_EQ(d.hear(at(500 * 5s, 500 * 60.0)), live);
}

TEST(Truck, SuspectAndLatePositionsHaveAnIdentityToo) {
  day d;
  d.hear(at(10s));
  d.hear(at(5s));
  d.hear(at_point(11s, {0, 0}));
  EXPECT_EQ(d.hear(at(5s)), duplicate);
  EXPECT_EQ(d.hear(at(11s)), duplicate);
}

TEST(Truck, NullIslandIsSuspectAlsoAsFirstPosition) {
  day d;
  EXPECT_EQ(d.hear(at_point(0s, {0, 0})), null_island);
  EXPECT_FALSE(d.trk().has_position);
  EXPECT_EQ(d.hear(at_point(1s, {0, 1e-9})), live) << "next to it is an honest place";
}

TEST(Truck, AccuracyIsSuspectAboveTheLimitOnly) {
  day d;
  EXPECT_EQ(d.hear(exact_to(999.9, at(0s))), live);
  EXPECT_EQ(d.hear(exact_to(1000, at(5s))), live);
  EXPECT_EQ(d.hear(exact_to(1000.1, at(10s))), inaccurate);
  EXPECT_EQ(d.hear(exact_to(unknown, at(15s))), live);
  EXPECT_EQ(d.trk().newest.get().timestamp, morning + 15s);
}

TEST(Truck, FiltersSwitchedOffLetEverythingMove) {
  options rules;
  rules.filters = false;
  day d{rules};
  EXPECT_EQ(d.hear(exact_to(5000, at(0s))), live);
  EXPECT_EQ(d.hear(at_point(5s, {0, 0})), live);
  EXPECT_EQ(d.hear(at_point(10s, {80, 170})), live);
  EXPECT_EQ(d.hear(at_point(7s, {-80, 10})), late);
}

// At 300 km/h a truck drives 833.3 m in ten seconds; noise may add 100 m, twice ten metres where no accuracy is given.
TEST(Truck, TeleportIsJudgedByTheFilterSpeed) {
  const double reach = 300 / 3.6 * 10 + 120;
  for (const auto& [metres, expected] : {std::pair{reach - 0.01, live}, {reach + 0.01, implausible}}) {
    day d;
    d.hear(at(0s));
    EXPECT_EQ(d.hear(at(10s, metres)), expected) << metres;
  }
}

TEST(Truck, PoorAccuracyWidensWhereATruckCouldBe) {
  day d;
  d.hear(at(0s));
  EXPECT_EQ(d.hear(exact_to(5, at(10s, 1400))), implausible);
  EXPECT_EQ(d.hear(exact_to(500, at(11s, 1400))), live);
}

TEST(Truck, ALoneOutlierMovesNothing) {
  day d;
  d.hear(at(0s, 0, 50));
  EXPECT_EQ(d.hear(at(5s, 90'000, 50)), implausible);
  EXPECT_EQ(d.hear(at(10s, 100, 50)), live);
  EXPECT_EQ(d.hear(at(15s, 90'000, 50)), implausible);
  EXPECT_EQ(d.hear(at(20s, 90'050, 50)), implausible);
  EXPECT_EQ(d.hear(at(25s, 200, 50)), live) << "the truck was here all along, and its doubters start over";
  EXPECT_EQ(d.hear(at(30s, 90'100, 50)), implausible);
  EXPECT_EQ(d.trk().newest.get().point, north(200));
}

TEST(Truck, ThreeThatAgreeWinOverTheOneBefore) {
  day d;
  d.hear(at(0s, 90'000, 50));
  EXPECT_EQ(d.hear(at(5s, 0, 50)), implausible);
  EXPECT_EQ(d.hear(at(10s, 60, 50)), implausible);
  EXPECT_EQ(d.hear(at(15s, 120, 50)), live);
  EXPECT_EQ(d.hear(at(20s, 180, 50)), live);
  EXPECT_EQ(d.trk().newest.get().point, north(180));
}

TEST(Truck, OutliersThatDoNotAgreeNeverWin) {
  day d;
  d.hear(at(0s));
  for (int i = 1; i < 20; ++i) {
    EXPECT_EQ(d.hear(at(i * 5s, i % 2 == 0 ? 200'000 : -200'000)), implausible) << i;
  }
}

TEST(Truck, AgreementSurvivesARestart) {
  day d;
  d.hear(at(0s, 90'000));
  d.hear(at(5s, 0));
  d.hear(at(10s, 60));
  d.restart();
  EXPECT_EQ(d.hear(at(15s, 120)), live);
}

TEST(Truck, AStandingTruckThatWinsOverAWrongFirstPlaceStillStands) {
  day d;
  d.hear(at(0s, 90'000));
  d.hear(at(5s, 0));
  d.hear(at(10s, 0));
  EXPECT_EQ(d.hear(at(15s, 0)), live);
  EXPECT_EQ(d.trk().status(), truck_status::stopped) << "it never drove the 90 km to the wrong place";
}

TEST(Truck, LatePositionIsJudgedBetweenItsNeighbours) {
  day d;
  d.hear(at(0s, 0));
  d.hear(at(20s, 400));
  EXPECT_EQ(d.hear(at(10s, 200)), late);
  EXPECT_EQ(d.hear(at(12s, 50'000)), implausible);
  EXPECT_EQ(d.hear(at(13s, 300)), late) << "a suspect neighbour is no witness";
  EXPECT_EQ(d.hear(at(-5s, 90'000)), implausible) << "before the first, the one after it judges";
  EXPECT_EQ(d.hear(at(-5001ms, 100)), late);
}

TEST(Truck, SpeedAtTheStopSpeedIsMoving) {
  day d;
  d.hear(at(0s, 0, 5.0));
  EXPECT_EQ(d.trk().status(), truck_status::moving);
  day slow;
  slow.hear(at(0s, 0, 4.99));
  EXPECT_EQ(slow.trk().status(), truck_status::stopped) << "until it is seen driving it stands";
}

TEST(Truck, StopsWhenSlowForLongEnough) {
  day d;
  d.hear(at(0s, 0, 50));
  d.hear(at(10s, 100, 4.9));
  d.hear(at(129'999ms, 100, 0));
  EXPECT_EQ(d.trk().status(), truck_status::moving);
  EXPECT_EQ(d.trk().slow_since, morning + 10s);
  d.hear(at(130s, 100, 0));
  EXPECT_EQ(d.trk().status(), truck_status::stopped);
  d.hear(at(140s, 110, 5));
  EXPECT_EQ(d.trk().status(), truck_status::moving);
  EXPECT_FALSE(d.trk().slow_since);
}

TEST(Truck, OneFastPositionEndsTheRunOfSlowOnes) {
  day d;
  d.hear(at(0s, 0, 50));
  d.hear(at(10s, 10, 0));
  d.hear(at(100s, 10, 30));
  d.hear(at(110s, 10, 0));
  d.hear(at(200s, 10, 0));
  EXPECT_EQ(d.trk().status(), truck_status::moving);
  d.hear(at(230s, 10, 0));
  EXPECT_EQ(d.trk().status(), truck_status::stopped);
}

TEST(Truck, WithoutSpeedTheGroundTells) {
  day d;
  d.hear(at(0s, 0));
  EXPECT_EQ(d.trk().status(), truck_status::stopped);
  d.hear(at(36s, 50.1));  // 5.01 km/h
  EXPECT_EQ(d.trk().status(), truck_status::moving);
  d.hear(at(72s, 100.0));  // 4.99 km/h
  EXPECT_EQ(d.trk().slow_since, morning + 72s);
  d.hear(at(192s, 100.0));
  EXPECT_EQ(d.trk().status(), truck_status::stopped);
}

TEST(Truck, LateAndSuspectPositionsDoNotTouchTheStatus) {
  day d;
  d.hear(at(0s, 0, 50));
  d.hear(at(10s, 100, 0));
  d.hear(at(5s, 50, 80));
  d.hear(at_point(200s, {0, 0}));
  EXPECT_EQ(d.trk().status(), truck_status::moving);
  EXPECT_EQ(d.trk().slow_since, morning + 10s);
}

// The cadence and the window that the server is built for, on a motorway that never runs straight.
position on_the_motorway(int i) {
  position p = at(i * 5s, 0, 120);
  p.point = {47 + (i % 2) * 0.0009 + i * 0.0006, 8 + (i % 3) * 0.0011 + i * 0.0007};
  return p;
}

TEST(Truck, IdentityIsExactForTheWholeWindowAtFiveSeconds) {
  constexpr int six_hours = 4320;
  day d;
  for (int i = 0; i <= six_hours; ++i) ASSERT_EQ(d.hear(on_the_motorway(i)), live) << i;
  const double each = static_cast<double>(d.trk().window.bytes()) / (six_hours + 1);
  RecordProperty("bytes_per_position", std::to_string(each));
  std::printf("a window of six hours at 5 s: %zu bytes, %.2f each\n", d.trk().window.bytes(), each);
  EXPECT_LE(each, 8);
  for (int i = 0; i <= six_hours; ++i) ASSERT_EQ(d.hear(on_the_motorway(i)), duplicate) << i;
}

TEST(Truck, IdentityIsExactForABacklogSentNewestFirst) {
  constexpr int six_hours = 4320;
  day d;
  ASSERT_EQ(d.hear(on_the_motorway(six_hours)), live);
  for (int i = six_hours; i-- > 0;) ASSERT_EQ(d.hear(on_the_motorway(i)), late) << i;
  const double each = static_cast<double>(d.trk().window.bytes()) / (six_hours + 1);
  std::printf("newest first: %zu bytes, %.2f each\n", d.trk().window.bytes(), each);
  EXPECT_LE(each, 8);
  for (int i = 0; i <= six_hours; ++i) ASSERT_EQ(d.hear(on_the_motorway(i)), duplicate) << i;
}

TEST(Truck, MemoryIsBoundedAndTheNewestIdentitiesStay) {
  options rules;
  rules.identity_bytes_max = 4096;
  day d{rules};
  for (int i = 0; i < 5000; ++i) {
    d.hear(at(i * 1s, i * 10.0));
    ASSERT_LE(d.trk().window.bytes(), 4096u);
  }
  EXPECT_EQ(d.world_.window_bytes(), d.trk().window.bytes());
  for (int i = 4700; i < 5000; ++i) ASSERT_EQ(d.hear(at(i * 1s, i * 10.0)), duplicate) << i;
}

TEST(Truck, PositionsOlderThanTheIdentityWindowTakeNoRoom) {
  day d;
  d.hear(at(0s));
  const auto before = d.trk().window.bytes();
  EXPECT_EQ(d.hear(at(-21'600'001ms)), late);
  EXPECT_EQ(d.trk().window.bytes(), before);
  EXPECT_EQ(d.hear(at(-21'600'001ms)), late) << "that old, it may be counted again";
  EXPECT_EQ(d.hear(at(-21'600'000ms)), late);
  EXPECT_EQ(d.hear(at(-21'600'000ms)), duplicate);
}

TEST(Truck, ATruckRestoredFromCutBytesIsRefused) {
  day d;
  for (int i = 0; i < 40; ++i) d.hear(at(i * 5s, i * 60.0, 43.21));
  std::string bytes;
  byte_writer out{bytes};
  d.trk().save(out);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    truck t;
    byte_reader in{std::string_view{bytes}.substr(0, size)};
    EXPECT_FALSE(t.load(in) && in.done()) << size;
  }
}

}  // namespace
}  // namespace haulcast::engine
