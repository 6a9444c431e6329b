// The speed limit that holds where no geofence gives one.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/fences.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using all = std::vector<std::string>;

position exact(milliseconds t, double metres_north, double speed_kmh = unknown) {
  return exact_to(0.5, at(t, metres_north, speed_kmh));
}

class DefaultSpeedLimit : public testing::Test {
 protected:
  DefaultSpeedLimit() { limit(80); }

  void limit(std::optional<double> kmh, milliseconds now = 0ms) {
    today.start({.default_speed_limit_kmh = kmh}, morning + now);
  }
  all hear(const position& p) {
    today.day::hear(p, p.timestamp - morning);
    all of_speed;
    for (const auto& each : told(today.out.events)) {
      if (each.starts_with("speed.")) of_speed.push_back(each);
    }
    return of_speed;
  }

  fenced_day today;
};

TEST_F(DefaultSpeedLimit, IsViolatedAboveItAndNormalisedAtIt) {
  EXPECT_EQ(hear(at(0s, 0, 80)), all{});
  EXPECT_EQ(hear(at(1s, 0, std::nextafter(80, 90))), all{"speed.violated TRK-1 @1"});
  EXPECT_EQ(today.out.events.back().fence->speed_limit_kmh, 80);
  EXPECT_EQ(today.out.events.back().fence->geofence_id, "");
  EXPECT_EQ(today.out.events.back().where->timestamp(), morning + 1s);
  EXPECT_EQ(hear(at(2s, 0, 120)), all{}) << "told already";
  EXPECT_EQ(hear(at(3s, 0)), all{}) << "a speed that is not known says nothing";
  EXPECT_EQ(hear(at(4s, 0, 80)), all{"speed.normalised TRK-1 @4"});
  EXPECT_EQ(hear(at(5s, 0, std::nextafter(80, 70))), all{});
}

TEST_F(DefaultSpeedLimit, IsThereForThoseOnlyWhoAskForOne) {
  limit({});
  EXPECT_EQ(hear(at(0s, 0, 200)), all{});
}

TEST_F(DefaultSpeedLimit, GivesWayToThatOfAGeofence) {
  geofence g = plain(strip(0, 500, "motorway"));
  g.speed_limit_kmh = 120;
  today.put(g);
  EXPECT_EQ(hear(exact(0s, -100, 100)), all{"speed.violated TRK-1 @0"});
  EXPECT_EQ(hear(exact(10s, 100, 100)), all{"speed.normalised TRK-1 @10"}) << "it may drive so fast there";
  EXPECT_EQ(hear(exact(20s, 200, 130)), all{"speed.violated TRK-1 @20"});
  EXPECT_EQ(today.out.events.back().fence->geofence_id, "motorway");
  EXPECT_EQ(hear(exact(30s, 600, 100)), (all{"speed.normalised TRK-1 @27.500", "speed.violated TRK-1 @30"}));
}

TEST_F(DefaultSpeedLimit, HoldsInAGeofenceThatGivesNone) {
  today.put(plain(strip(0, 500, "yard")));
  EXPECT_EQ(hear(exact(0s, 100, 100)), all{"speed.violated TRK-1 @0"});
}

TEST_F(DefaultSpeedLimit, IsNotJudgedByLateOrSuspectPositions) {
  hear(at(10s, 0, 50));
  EXPECT_EQ(hear(at(5s, 0, 100)), all{}) << "late";
  EXPECT_EQ(hear(exact_to(5000, at(20s, 0, 100))), all{}) << "suspect";
}

TEST_F(DefaultSpeedLimit, WhatWasToldOutlivesARestart) {
  hear(at(0s, 0, 100));
  today.restart();
  EXPECT_EQ(hear(at(1s, 0, 100)), all{});
  EXPECT_EQ(hear(at(2s, 0, 70)), all{"speed.normalised TRK-1 @2"});
}

TEST_F(DefaultSpeedLimit, WhenItIsTakenAwayTheNextPositionIsNormal) {
  hear(at(0s, 0, 100));
  limit({}, 5s);
  EXPECT_EQ(hear(at(6s, 0, 100)), all{"speed.normalised TRK-1 @6"});
  EXPECT_EQ(hear(at(7s, 0, 100)), all{});
}

TEST_F(DefaultSpeedLimit, ATruckThatIsRemovedDrivesTooFastNoMore) {
  hear(at(0s, 0, 100));
  today.ask(remove_truck{"TRK-1"}, 5s);
  EXPECT_EQ(told(today.out.events), (all{"speed.normalised TRK-1 @5", "truck.offline TRK-1 @5"}));
}

}  // namespace
}  // namespace haulcast::engine
