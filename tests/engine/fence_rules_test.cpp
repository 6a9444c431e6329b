#include "haulcast/engine/fence_rules.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/fence_walk.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using all = std::vector<std::string>;

// With 20 m of hysteresis and positions of 10 m: sigma 15 m, margin 30 m, moved for sure after 120 m.

TEST(FenceRules, ATruckThatHasMovedForSureIsInsideAsSoonAsItSeemsToBe) {
  for (const auto& [from, told] : {std::pair{-119.5, true}, std::pair{-117.5, false}}) {
    walk w;
    w.to(from);
    EXPECT_EQ(!w.to(1).empty(), told) << from;
    EXPECT_EQ(w.inside(), told);
  }
}

TEST(FenceRules, ATruckThatHasMovedForSureIsOutsideBeyondTheMargin) {
  for (const auto& [to, told] : {std::pair{-30.2, true}, std::pair{-29.8, false}}) {
    walk w;
    w.to(100);
    EXPECT_EQ(!w.to(to).empty(), told) << to;
  }
  for (const auto& [from, told] : {std::pair{60.2, true}, std::pair{59.6, false}}) {
    walk w;
    w.to(from);
    EXPECT_EQ(!w.to(-60.1).empty(), told) << from;
  }
}

TEST(FenceRules, ATruckThatSaysThatItDrivesMoves) {
  for (const auto& [speed_kmh, told] : {std::pair{20.0, true}, std::pair{19.9, false}}) {
    walk w;
    w.to(-5);
    EXPECT_EQ(!w.to(5, {}, speed_kmh).empty(), told) << speed_kmh;
  }
  for (const auto& [to, told] : {std::pair{-30.2, true}, std::pair{-29.8, false}}) {
    walk w;
    w.to(5);
    EXPECT_EQ(!w.to(to, {}, 60).empty(), told) << to;
  }
}

// Out by more than the hysteresis, but not by more than the margin.
TEST(FenceRules, ATruckThatSaysThatItDrivesAwayIsBelievedSooner) {
  const auto leaves = [](double to, std::optional<double> speed_kmh, double heading) {
    walk w;
    w.to(5);
    position p = at(1s, to);
    p.speed_kmh = speed_kmh.value_or(unknown);
    p.heading = heading;
    w.to(p);
    return !w.inside();
  };
  EXPECT_TRUE(leaves(-20.3, 60, 180));
  EXPECT_FALSE(leaves(-19.7, 60, 180)) << "not by more than the hysteresis";
  EXPECT_TRUE(leaves(-25, 20, 180));
  EXPECT_FALSE(leaves(-25, 19.9, 180)) << "it may stand";
  EXPECT_FALSE(leaves(-25, {}, 180));
  EXPECT_FALSE(leaves(-25, 60, unknown));
  for (const auto& [heading, told] :
       {std::pair{121.0, true}, {119.0, false}, {239.0, true}, {241.0, false}, {90.0, false}, {270.0, false}, {0.0, false}}) {
    EXPECT_EQ(leaves(-25, 60, heading), told) << heading << ": it drives along the boundary, or comes back";
  }
}

TEST(FenceRules, ATruckThatStandsIsBelievedWhenNoiseWouldNotGiveThat) {
  walk near;
  near.to(-10);
  EXPECT_EQ(near.to(89.8), all{}) << "just below six sigmas";
  EXPECT_EQ(near.to(89.8), all{"entered yard @0.100"}) << "twice is more, and the boundary was crossed the first time";
  walk far;
  far.to(-10);
  EXPECT_EQ(far.to(90.3), all{"entered yard @0.100"});
}

TEST(FenceRules, ATruckThatSeemsToLeaveByLessThanTheHysteresisNeverDoes) {
  walk w;
  w.to(5);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(w.to(-19.8), all{}) << i;
  EXPECT_EQ(w.to(-20.3), all{"exited yard @0.202"}) << "it has been out since";
}

TEST(FenceRules, ATruckThatStandsJustBeyondTheHysteresisIsBelievedAfterAWhile) {
  walk w;
  w.to(5);
  int positions = 1;
  while (w.to(-20.2).empty()) ASSERT_LT(++positions, 100);
  EXPECT_EQ(positions, 20);
}

TEST(FenceRules, OnePositionOnTheOtherSideAgainTakesAllDoubtAway) {
  walk w;
  w.to(5);
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 15; ++k) ASSERT_EQ(w.to(-21), all{});
    ASSERT_EQ(w.to(1), all{});
  }
  EXPECT_TRUE(w.inside());
}

TEST(FenceRules, WithoutHysteresisAndWithExactPositionsItIsPlainGeometry) {
  walk w{0};
  w.to(1, 0.99);
  EXPECT_EQ(w.to(-0.1, 0.99).size(), 1u);
  EXPECT_EQ(w.to(0.1, 0.99).size(), 1u);
  EXPECT_EQ(w.to(-0.1, 0.99).size(), 1u);
  walk less_exact{0};
  less_exact.to(1, 1);
  EXPECT_EQ(less_exact.to(-0.1, 1), all{});
  walk some_hysteresis{0.1};
  some_hysteresis.to(1, 0.99);
  EXPECT_EQ(some_hysteresis.to(-0.05, 0.99), all{});
}

TEST(FenceRules, TheLessExactAPositionTheMoreItTakes) {
  const auto told = [](double accuracy_m, double to) {
    walk w;
    w.to(200, accuracy_m);
    return !w.to(to, accuracy_m).empty();
  };
  EXPECT_TRUE(told(5, -25.2));
  EXPECT_FALSE(told(5, -24.8));
  EXPECT_TRUE(told(20, -40.2));
  EXPECT_FALSE(told(20, -39.8));
}

TEST(FenceRules, AVisitTooShortToBeBelievedIsToldWhenTheTruckHasGoneOn) {
  walk w{strip(0, 30, "yard")};
  w.to(-60);
  EXPECT_EQ(w.to(15), all{}) << "75 m are not enough to be sure";
  EXPECT_EQ(w.to(75), (all{"entered yard @0.800", "exited yard @1.250"}));
  EXPECT_FALSE(w.inside());
}

TEST(FenceRules, ATruckThatSeemsToLeaveAndGoesThroughOnceMoreHasLeftBehindThat) {
  walk w{strip(0, 100, "yard")};
  w.to(50);
  EXPECT_EQ(w.to(-15), all{}) << "not by the hysteresis";
  EXPECT_EQ(w.to(250), all{"exited yard @1.434"}) << "on the other side";
}

TEST(FenceRules, ALongWayThroughAHoleIsLeavingAndComingBack) {
  geofence g{.id = "ring", .shape = geo::circle{depot, 1}};
  const auto ring = [](double metres) {
    const double d = metres * degrees_per_metre;
    const double e = d / std::cos(depot.latitude * 0.017453292519943295);
    const geo::point first{depot.latitude - d, depot.longitude - e};
    return geo::ring{first,
                     {depot.latitude - d, depot.longitude + e},
                     {depot.latitude + d, depot.longitude + e},
                     {depot.latitude + d, depot.longitude - e},
                     first};
  };
  g.shape = geo::polygon{{ring(1000), ring(100)}};
  walk w{g};
  EXPECT_EQ(w.to(-200), all{"entered ring @0"});
  EXPECT_EQ(w.to(200), (all{"exited ring @0.250", "entered ring @0.750"}));
  EXPECT_TRUE(w.inside());
}

TEST(FenceRules, AcrossTheAntimeridianCrossingsAreWhereTheyAre) {
  geofence g{.id = "fiji", .shape = geo::circle{{-17, 179.99}, 1'000}};
  walk w{g};
  position p = at(0s);
  p.point = {-17, -179.98};
  w.to(p);
  p.timestamp += 10s;
  p.point = {-17, 179.995};
  const auto told = w.to(p);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with("entered fiji @8.")) << told[0];
}

}  // namespace
}  // namespace haulcast::engine
