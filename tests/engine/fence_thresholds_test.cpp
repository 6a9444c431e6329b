// At, just below and just above everything that decides what a position means to a geofence: to the last bit, where it is a
// number.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/fence_walk.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using all = std::vector<std::string>;

constexpr double infinite = std::numeric_limits<double>::infinity();
double below(double value) { return std::nextafter(value, 0); }
double above(double value) { return std::nextafter(value, infinite); }

double to_boundary(const geofence& g, double metres_north) {
  return std::fabs(geo::region{g.shape}.signed_distance_m(north(metres_north)));
}

TEST(FenceThreshold, WhoeverIsOutByTheHysteresisIsStillInside) {
  const double out_by = to_boundary(yard(0), -25);
  for (const auto& [hysteresis_m, leaves] : {std::pair{below(out_by), true}, {out_by, false}, {above(out_by), false}}) {
    walk w{hysteresis_m};
    w.to(5, 0.5);
    for (int i = 0; i < 10; ++i) w.to(-25, 0.5);
    EXPECT_NE(w.inside(), leaves) << hysteresis_m;
  }
}

TEST(FenceThreshold, OneThatDrivesIsOutBeyondTheMargin) {
  const double out_by = to_boundary(yard(0), -25);
  for (const auto& [accuracy_m, leaves] : {std::pair{below(out_by), true}, {out_by, false}, {above(out_by), false}}) {
    walk w{0};
    w.to(5, 5);
    w.to(-25, accuracy_m, 60);
    EXPECT_NE(w.inside(), leaves) << accuracy_m;
  }
}

TEST(FenceThreshold, EightSigmasAreAMove) {
  const double way = geo::distance_m(north(-75), north(5));
  for (const auto& [accuracy_m, enters] : {std::pair{below(way / 8), true}, {way / 8, true}, {above(way / 8), false}}) {
    walk w{0};
    w.to(-75, 5);
    w.to(5, accuracy_m);
    EXPECT_EQ(w.inside(), enters) << accuracy_m;
  }
}

TEST(FenceThreshold, TheLessExactOfBothEndsSaysWhatAMoveIs) {
  const double way = geo::distance_m(north(-75), north(5));
  for (const auto& [accuracy_m, enters] : {std::pair{below(way / 8), true}, {way / 8, true}, {above(way / 8), false}}) {
    walk w{0};
    w.to(-75, accuracy_m);
    w.to(5, 5);
    w.to(-75, 5);
    EXPECT_FALSE(w.inside());
    walk again{0};
    again.to(-75, accuracy_m);
    again.to(5, 9);
    EXPECT_EQ(again.inside(), enters) << accuracy_m;
  }
}

TEST(FenceThreshold, WhoSaysTwentyKilometresAnHourDrives) {
  for (const auto& [speed_kmh, enters] : {std::pair{below(20), false}, {20.0, true}, {above(20), true}}) {
    walk w;
    w.to(-5);
    w.to(5, {}, speed_kmh);
    EXPECT_EQ(w.inside(), enters) << speed_kmh;
  }
}

TEST(FenceThreshold, OfOneThatDrivesAPositionOfAHundredMetresProves) {
  for (const auto& [accuracy_m, enters] : {std::pair{below(100), true}, {100.0, true}, {above(100), false}}) {
    walk w;
    w.to(-5);
    w.to(5, accuracy_m, 60);
    EXPECT_EQ(w.inside(), enters) << accuracy_m;
  }
}

TEST(FenceThreshold, SixSigmasAreEnough) {
  const double in_by = to_boundary(yard(0), 60);
  double enough = in_by / 6;
  while (in_by * in_by / (enough * enough) >= 36) enough = above(enough);
  while (in_by * in_by / (enough * enough) < 36) enough = below(enough);
  for (const auto& [accuracy_m, enters] : {std::pair{below(enough), true}, {enough, true}, {above(enough), false}}) {
    walk w{0};
    w.to(-10, 10);
    w.to(60, accuracy_m);
    EXPECT_EQ(w.inside(), enters) << accuracy_m;
  }
}

TEST(FenceThreshold, BelowAMetreAPositionIsTakenAtItsWord) {
  for (const auto& [accuracy_m, leaves] : {std::pair{below(1), true}, {1.0, false}, {above(1), false}}) {
    walk w{0};
    w.to(1, accuracy_m);
    w.to(-0.1, accuracy_m);
    EXPECT_NE(w.inside(), leaves) << accuracy_m;
  }
  walk hysteresis{std::numeric_limits<double>::denorm_min()};
  hysteresis.to(1, 0.5);
  hysteresis.to(-0.1, 0.5);
  EXPECT_TRUE(hysteresis.inside());
}

position exact(milliseconds t, double metres_north, double speed_kmh = unknown) {
  return exact_to(0.5, at(t, metres_north, speed_kmh));
}

class FenceThresholds : public testing::Test {
 protected:
  /// A drive over the boundary; whether its time is one between both positions.
  bool is_interpolated(const position& from, const position& to) {
    today = fenced_day{rules};
    today.put(fence);
    today.drive(from);
    today.drive(to);
    EXPECT_EQ(today.out.events.size(), 1u);
    return !today.out.events.empty() && today.out.events.back().interpolated;
  }

  options rules{.filters = false};
  geofence fence = plain(strip(0, 500'000, "yard"));
  fenced_day today;
};

TEST_F(FenceThresholds, CrossingsAreInterpolatedInTheLongestSegment) {
  rules.max_segment = 120s;
  EXPECT_TRUE(is_interpolated(exact(0s, -100), exact(119'999ms, 100)));
  EXPECT_TRUE(is_interpolated(exact(0s, -100), exact(120s, 100)));
  EXPECT_FALSE(is_interpolated(exact(0s, -100), exact(120'001ms, 100)));
}

TEST_F(FenceThresholds, CrossingsAreInterpolatedWithinAHundredKilometres) {
  EXPECT_TRUE(is_interpolated(exact(0s, -99'998.9), exact(100s, 1)));
  EXPECT_FALSE(is_interpolated(exact(0s, -99'999.1), exact(100s, 1)));
}

TEST_F(FenceThresholds, CrossingsAreInterpolatedBetweenPositionsOfAHundredMetres) {
  fence.shape = geo::circle{north(50'000), 50'000};
  const auto of = [&](double from_m, double to_m) {
    return is_interpolated(exact_to(from_m, at(0s, -5'000)), exact_to(to_m, at(60s, 5'000, 60)));
  };
  EXPECT_TRUE(of(below(100), below(100)));
  EXPECT_TRUE(of(100, 100));
  EXPECT_FALSE(of(above(100), 100));
  EXPECT_FALSE(of(100, above(100)));
}

TEST_F(FenceThresholds, AGeofenceBetweenTwoPositionsIsToldOfWhenTheyAreEightSigmasApart) {
  for (const bool beside_another : {false, true}) {
    for (const auto& [way_m, told] : {std::pair{119.9, false}, {120.1, true}}) {
      today = fenced_day{};
      today.put(strip(50, 60, "gate"));  // 15 m are a sigma there
      if (beside_another) today.put(plain(strip(5'000, 6'000, "yard")));
      today.drive(at(0s, 0));
      EXPECT_EQ(today.drive(at(10s, way_m)).size(), told ? 2u : 0u) << way_m;
    }
  }
}

TEST_F(FenceThresholds, WhenAGeofenceMovesWhoeverIsOutByTheHysteresisStays) {
  const double out_by = to_boundary(strip(130, 500, "yard"), 100);
  for (const auto& [hysteresis_m, leaves] : {std::pair{below(out_by), true}, {out_by, false}, {above(out_by), false}}) {
    today = fenced_day{};
    today.put(strip(0, 500, "yard"));
    today.drive(at(0s, 100));
    geofence moved = strip(130, 500, "yard");
    moved.hysteresis_m = hysteresis_m;
    today.put(moved, 5s);
    EXPECT_EQ(today.wait_until(6s), leaves ? all{"exited yard @6 changed"} : all{}) << hysteresis_m;
  }
}

TEST_F(FenceThresholds, ADwellingIsDueAfterSoLongByPositionAndByTime) {
  geofence g = plain(strip(0, 500, "yard"));
  g.alert_on.on_dwell = true;
  g.dwell = 300s;
  for (const auto& [after, dwells] : {std::pair{299'999ms, false}, {300'000ms, true}, {300'001ms, true}}) {
    const auto told = dwells ? all{"dwelled yard @300"} : all{};
    today = fenced_day{};
    today.put(g);
    today.drive(exact(0s, 100));
    EXPECT_EQ(today.drive(exact(after, 100)), told) << after.count();
    today = fenced_day{};
    today.put(g);
    today.drive(exact(0s, 100));
    EXPECT_EQ(today.wait_until(after), told) << after.count();
  }
}

TEST_F(FenceThresholds, OneThatLeavesWhenItsDwellingIsDueDwelled) {
  geofence g = plain(strip(0, 500, "yard"));
  g.alert_on.on_dwell = true;
  g.dwell = 300s;
  for (const auto& [crosses, dwells] : {std::pair{299'999ms, false}, {300'000ms, true}, {300'001ms, true}}) {
    today = fenced_day{};
    today.put(g);
    today.drive({exact(0s, 100), exact(crosses - 5s, 100)});
    const auto told = today.drive(exact(crosses + 5s, -100));
    ASSERT_EQ(told.size(), dwells ? 2u : 1u) << crosses.count();
    EXPECT_TRUE(told.back().starts_with("exited")) << told.back();
    if (!dwells) continue;
    EXPECT_EQ(told.front(), "dwelled yard @300");
    EXPECT_TRUE(today.out.events.front().interpolated) << "where it was lies between two positions";
  }
}

TEST_F(FenceThresholds, SpeedIsViolatedAboveTheLimitOnly) {
  geofence g = plain(strip(0, 500, "yard"));
  g.speed_limit_kmh = 30;
  for (const auto& [speed_kmh, violates] : {std::pair{below(30), false}, {30.0, false}, {above(30), true}}) {
    today = fenced_day{};
    today.put(g);
    today.drive(exact(0s, 100));
    EXPECT_EQ(!today.drive(exact(1s, 101, speed_kmh)).empty(), violates) << speed_kmh;
  }
  for (const auto& [speed_kmh, normal] : {std::pair{below(30), true}, {30.0, true}, {above(30), false}}) {
    today = fenced_day{};
    today.put(g);
    today.drive({exact(0s, 100, 50)});
    EXPECT_EQ(!today.drive(exact(1s, 101, speed_kmh)).empty(), normal) << speed_kmh;
  }
}

// ---- what is asked for, of whom, and when

TEST_F(FenceThresholds, EachKindOfAlertIsToldWhereItIsAskedForAndNowhereElse) {
  for (unsigned which = 0; which < 8; ++which) {
    geofence g = plain(strip(0, 500, "yard"));
    g.alert_on = {(which & 1) != 0, (which & 2) != 0, (which & 4) != 0};
    g.dwell = 300s;
    all wanted;
    if (g.alert_on.on_enter) wanted.emplace_back("entered yard @5");
    if (g.alert_on.on_dwell) wanted.emplace_back("dwelled yard @305");
    if (g.alert_on.on_exit) wanted.emplace_back("exited yard @405");
    today = fenced_day{};
    today.put(g);
    auto told = today.drive({exact(0s, -100), exact(10s, 100)});
    std::ranges::copy(today.wait_until(350s), std::back_inserter(told));
    std::ranges::copy(today.drive({exact(400s, 100), exact(410s, -100)}), std::back_inserter(told));
    EXPECT_EQ(told, wanted) << which;

    today = fenced_day{};
    today.put(g);
    today.drive({exact(0s, -100), exact(10s, 100)});
    today.remove("yard", 20s);
    EXPECT_EQ(today.wait_until(21s), g.alert_on.on_exit ? all{"exited yard @21 deleted"} : all{}) << which;
  }
}

TEST_F(FenceThresholds, AGeofenceConcernsThoseInItsListAndNobodyBesideThem) {
  geofence g = plain(strip(0, 500, "yard"));
  g.trucks = {"TRK-10", "TRK-2", "TRK-20"};
  today.put(g);
  for (const auto& [id, concerned] : {std::pair{"TRK-1", false},
                                      {"TRK-10", true},
                                      {"TRK-100", false},
                                      {"TRK-2", true},
                                      {"TRK-20", true},
                                      {"TRK-200", false},
                                      {"trk-2", false}}) {
    today.hear({{id, exact(0s, 100)}}, 1s);
    EXPECT_EQ(!fences_told(today.out.events).empty(), concerned) << id;
  }
  g.trucks = {};
  today.put(g);
  today.hear({{"TRK-1", exact(2s, 100)}}, 2s);
  EXPECT_EQ(fences_told(today.out.events), all{"entered yard @2"}) << "without a list it concerns everybody";
}

TEST_F(FenceThresholds, AnInactiveGeofenceHoldsNoRule) {
  geofence g = plain(strip(0, 500, "yard"));
  g.active = false;
  g.restricted = true;
  g.speed_limit_kmh = 30;
  g.alert_on.on_dwell = true;
  g.dwell = 10s;
  today.put(g);
  EXPECT_EQ(today.drive({exact(0s, -100, 50), exact(10s, 100, 50)}), all{});
  EXPECT_EQ(today.wait_until(60s), all{});
  EXPECT_EQ(today.inside(), all{});
}

TEST_F(FenceThresholds, ATruckIsFollowedInSixtyFourGeofences) {
  for (const auto& [count, refused] : {std::pair{visits::most - 1, 0u}, {visits::most, 0u}, {visits::most + 1, 1u}}) {
    today = fenced_day{};
    for (std::size_t i = 0; i < count; ++i) today.put(plain(strip(0, 500, "f" + std::to_string(100 + i))));
    EXPECT_EQ(today.drive(exact(0s, 100)).size(), count - refused);
    EXPECT_EQ(today.out.visits_refused, refused) << count;
  }
}

}  // namespace
}  // namespace haulcast::engine
