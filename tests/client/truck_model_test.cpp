#include "haulcast/client/truck_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace haulcast::client {
namespace {

using namespace std::chrono_literals;

const utc_time start = from_epoch_ms(1'800'000'000'000);

std::vector<engine::position> track(std::uint64_t seed, milliseconds interval, milliseconds length,
                                    const city& where = cities()[0]) {
  truck_model truck{seed, where};
  std::vector<engine::position> positions;
  for (milliseconds t{0}; t <= length; t += interval) positions.push_back(truck.step(start + t).where);
  return positions;
}

TEST(TruckModel, TheSameSeedDrivesTheSameTrack) {
  const auto a = track(7, 5s, 1h);
  const auto b = track(7, 5s, 1h);
  ASSERT_EQ(a.size(), b.size());
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), engine::same));
  const auto other = track(8, 5s, 1h);
  EXPECT_FALSE(std::equal(a.begin(), a.end(), other.begin(), engine::same));
}

TEST(TruckModel, HowOftenItIsAskedChangesNothing) {
  const auto often = track(3, 1s, 30min);
  const auto seldom = track(3, 10s, 30min);
  for (std::size_t i = 0; i < seldom.size(); ++i) EXPECT_TRUE(engine::same(seldom[i], often[i * 10])) << i;
}

TEST(TruckModel, SpeedAccelerationAndBrakingAreBounded) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    truck_model truck{seed, cities()[seed % cities().size()]};
    double before = truck.speed_mps();
    for (milliseconds t{0}; t < 1h; t += truck_model::tick) {
      truck.step(start + t);
      const double now = truck.speed_mps();
      ASSERT_GE(now, 0);
      ASSERT_LE(now, truck_model::max_speed_mps + 1e-9);
      ASSERT_LE(now - before, truck_model::accelerate_mps2 * 0.1 + 1e-9);
      ASSERT_LE(before - now, truck_model::brake_hard_mps2 * 0.1 + 1e-9);
      before = now;
    }
  }
}

TEST(TruckModel, NoTwoPositionsImply150KmPerHour) {
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    for (const milliseconds interval : {100ms, 1000ms, 5000ms}) {
      const auto positions = track(seed, interval, interval * 1200, cities()[seed % cities().size()]);
      for (std::size_t i = 1; i < positions.size(); ++i) {
        const double hours = static_cast<double>((positions[i].timestamp - positions[i - 1].timestamp).count()) / 3'600'000;
        ASSERT_LT(geo::distance_m(positions[i].point, positions[i - 1].point) / 1000 / hours, 150) << seed << ' ' << i;
      }
    }
}

TEST(TruckModel, TrucksDriveStopAtLightsAndDwellAtSites) {
  int dwells = 0, lights = 0;
  double driven_km = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    truck_model truck{seed, cities()[0]};
    bool stood = true, dwelt = true;
    const double odometer = truck.step(start).where.odometer_km;
    for (milliseconds t{0}; t < 2h; t += 1s) {
      const auto seen = truck.step(start + t);
      const bool stands = seen.where.engine_status == "idle";
      if (truck.dwelling() && !dwelt) ++dwells;
      if (stands && !stood) ++lights;
      stood = stands;
      dwelt = truck.dwelling();
    }
    driven_km += truck.step(start + 2h).where.odometer_km - odometer;
  }
  EXPECT_GT(dwells, 20 * 2);
  EXPECT_GT(lights, 20 * 10);
  EXPECT_GT(driven_km, 20 * 2 * 5);
  EXPECT_LT(driven_km, 20 * 2 * 60);
}

TEST(TruckModel, DwellsLastThreeToTwentyMinutes) {
  truck_model truck{11, cities()[1]};
  int lasted_s = 0, seen = 0;
  bool complete = false;  // the first may have begun before the track did
  for (int s = 0; s < 6 * 3600; ++s) {
    truck.step(start + seconds{s});
    if (truck.dwelling()) {
      ++lasted_s;
      continue;
    }
    if (lasted_s > 0 && complete) {
      ++seen;
      EXPECT_GE(lasted_s, 179);
      EXPECT_LE(lasted_s, 1201);
    }
    lasted_s = 0;
    complete = true;
  }
  EXPECT_GT(seen, 3);
}

TEST(TruckModel, AStandingTruckStaysWithinTheErrorOfItsPhone) {
  truck_model truck{5, cities()[2]};
  std::vector<geo::point> stay;
  for (int s = 0; s < 4 * 3600 && stay.size() < 170; ++s) {
    const auto seen = truck.step(start + seconds{s});
    if (truck.dwelling())
      stay.push_back(seen.where.point);
    else
      stay.clear();
  }
  ASSERT_EQ(stay.size(), 170u);
  double furthest = 0;
  for (const geo::point p : stay) furthest = std::max(furthest, geo::distance_m(p, stay[0]));
  EXPECT_GT(furthest, 1);   // it wanders
  EXPECT_LT(furthest, 80);  // but only as far as ten deviations
}

TEST(TruckModel, TrucksMeetDeadZonesAndLeaveThem) {
  std::set<bool> seen;
  int changes = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    truck_model truck{seed, cities()[0]};
    bool covered = truck.step(start).covered;
    for (int s = 0; s < 7200; ++s) {
      const bool now = truck.step(start + seconds{s}).covered;
      changes += now != covered ? 1 : 0;
      covered = now;
      seen.insert(covered);
    }
  }
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_GT(changes, 20);
}

TEST(TruckModel, TimeDoesNotRunBackwards) {
  truck_model truck{1, cities()[0]};
  truck.step(start);
  const auto later = truck.step(start + 10s).where;
  const auto again = truck.step(start + 5s).where;
  EXPECT_EQ(again.timestamp, later.timestamp);
  EXPECT_EQ(again.point, later.point);
}

TEST(City, PlacesLieWhereTheMapSays) {
  const city c{"flat", {0, 0}, 0, 1};
  const geo::point east = c.to_point(1000, 0);
  EXPECT_NEAR(geo::distance_m({0, 0}, east), 1000, 1);
  EXPECT_GT(east.longitude, 0);
  EXPECT_NEAR(east.latitude, 0, 1e-9);
  const city turned{"turned", {47, 8}, 90, 1};
  EXPECT_LT(turned.to_point(1000, 0).latitude, 47);  // its east is the compass's south
  EXPECT_EQ(turned.heading(direction::north), 90);
  EXPECT_NEAR(geo::distance_m({47, 8}, turned.to_point(600, 800)), 1000, 1);
}

TEST(City, TheTwoAxesOfALightAlternate) {
  const city& c = cities()[0];
  int lights = 0;
  for (int e = 0; e < 20; ++e)
    for (int n = 0; n < 20; ++n) {
      const crossing at{e, n};
      const bool has_light = c.red(at, direction::north, 0) || c.red(at, direction::east, 0);
      lights += has_light ? 1 : 0;
      for (double t = 0; has_light && t < 128; t += 1) {
        EXPECT_NE(c.red(at, direction::north, t), c.red(at, direction::east, t));
        EXPECT_EQ(c.red(at, direction::north, t), c.red(at, direction::south, t));
      }
    }
  EXPECT_GT(lights, 80);
  EXPECT_LT(lights, 190);
}

}  // namespace
}  // namespace haulcast::client
