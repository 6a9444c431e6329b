#include "haulcast/store/hours.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "engine/story.hpp"

namespace haulcast::store {
namespace {

using namespace engine::story;
using std::chrono::minutes;

const utc_time six = hour_of(morning) + 2h;  // a full hour

track_point point(milliseconds after_six, double metres, double speed_kmh = engine::unknown) {
  return {.when = six + after_six, .where = north(metres), .speed_kmh = speed_kmh};
}

std::vector<hour_figures> fold(const std::vector<track_point>& points) {
  hour_fold f;
  for (const auto& p : points) f.add(p);
  return f.take();
}

TEST(Hours, ADriveOverTheHourIsSplitByTime) {
  const auto hours = fold({point(50min, 0, 60), point(65min, 15'000, 60), point(70min, 20'000, 0)});
  ASSERT_EQ(hours.size(), 2u);
  EXPECT_NEAR(hours[0].distance_m, 10'000, 1);
  EXPECT_NEAR(hours[1].distance_m, 10'000, 1);
  EXPECT_EQ(hours[0].moving, 10min);
  EXPECT_EQ(hours[1].moving, 10min);
  EXPECT_EQ(hours[0].count, 1u);
  EXPECT_EQ(hours[1].count, 2u);
  EXPECT_EQ(hours[0].max_speed_kmh, 60);
}

TEST(Hours, TimeBelongsToThePositionThatTheSegmentStartsAt) {
  const auto hours = fold({point(0min, 0, 0), point(10min, 0, 40), point(15min, 3'000, 0), point(20min, 3'000, 0)});
  ASSERT_EQ(hours.size(), 1u);
  EXPECT_EQ(hours[0].idle, 15min);
  EXPECT_EQ(hours[0].moving, 5min);
}

TEST(Hours, AStoppedEngineIsNotIdle) {
  auto parked = point(0min, 0, 0);
  parked.engine_off = true;
  const auto hours = fold({parked, point(10min, 0, 0), point(20min, 0, 0)});
  EXPECT_EQ(hours[0].idle, 10min);
  for (const auto* off : {"off", "OFF", "Stopped"}) EXPECT_TRUE(engine_is_off(off)) << off;
  for (const auto* on : {"running", "idle", "", "offline"}) EXPECT_FALSE(engine_is_off(on)) << on;
}

TEST(Hours, NoiseOfAParkedTruckAddsNoDistance) {
  std::mt19937 dice{1};
  std::uniform_real_distribution noise{-20.0, 20.0};
  for (const double speed : {0.0, engine::unknown}) {
    std::vector<track_point> points;
    for (int i = 0; i < 1'000; ++i) points.push_back(point(seconds{5 * i}, noise(dice), speed));
    for (const auto& h : fold(points)) EXPECT_EQ(h.distance_m, 0) << "at speed " << speed;
  }
}

TEST(Hours, ATruckThatCrawlsIsFollowed) {
  std::vector<track_point> points;
  for (int i = 0; i <= 700; ++i) points.push_back(point(seconds{5 * i}, i * 4, 3));
  const auto hours = fold(points);
  ASSERT_EQ(hours.size(), 1u);
  EXPECT_NEAR(hours[0].distance_m, 2'800, 60);
}

TEST(Hours, WithoutASpeedTheGroundSays) {
  std::vector<track_point> points;
  for (int i = 0; i <= 600; ++i) points.push_back(point(seconds{i}, i * 10));  // 36 km/h, each second
  const auto hours = fold(points);
  EXPECT_NEAR(hours[0].distance_m, 6'000, 60);
  EXPECT_EQ(hours[0].moving, 600s);
  EXPECT_TRUE(std::isnan(hours[0].max_speed_kmh));
}

TEST(Hours, ASuspectPositionIsCountedAndNothingElse) {
  auto wrong = point(5min, 400'000, 300);
  wrong.suspect = true;
  const auto hours = fold({point(0min, 0, 60), wrong, point(10min, 10'000, 60)});
  EXPECT_NEAR(hours[0].distance_m, 10'000, 1);
  EXPECT_EQ(hours[0].max_speed_kmh, 60);
  EXPECT_EQ(hours[0].count, 3u);
}

TEST(Hours, ALongSilenceIsNobodysTimeUnlessTheTruckDrove) {
  const auto parked = fold({point(0min, 0, 60), point(8h, 10)});
  for (const auto& h : parked) {
    EXPECT_EQ(h.idle, 0min);
    EXPECT_EQ(h.moving, 0min);
  }
  const auto drove = fold({point(0min, 0, 0), point(2h, 100'000)});
  ASSERT_EQ(drove.size(), 3u);
  EXPECT_EQ(drove[1].count, 0u);
  EXPECT_NEAR(drove[1].distance_m, 50'000, 10);
  EXPECT_EQ(drove[1].moving, 60min);
}

/// Positions in memory, by time.
class kept_track : public track {
 public:
  std::map<utc_time, track_point> points;

  std::optional<utc_time> before(utc_time t) override {
    for (auto at = points.lower_bound(t); at != points.begin();) {
      if (!(--at)->second.suspect) return at->first;
    }
    return std::nullopt;
  }
  std::optional<utc_time> from(utc_time t) override {
    for (auto at = points.lower_bound(t); at != points.end(); ++at) {
      if (!at->second.suspect) return at->first;
    }
    return std::nullopt;
  }
  void read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) override {
    for (auto at = points.lower_bound(from); at != points.end() && at->first <= to; ++at) take(at->second);
  }
};

TEST(Hours, WhatIsSettledPieceByPieceIsWhatTheWholeGives) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 dice{seed};
    const auto upto = [&](int n) { return std::uniform_int_distribution{0, n - 1}(dice); };
    kept_track positions;
    std::map<utc_time, hour_figures> kept;
    std::set<utc_time> dirty;
    milliseconds clock{0};
    double metres = 0;
    for (int i = 0; i < 400; ++i) {
      clock += seconds{upto(20) == 0 ? upto(40'000) : 1 + upto(600)};
      metres += upto(3) == 0 ? upto(4'000) : upto(40) - 20;
      auto p = point(upto(10) == 0 ? milliseconds{upto(static_cast<int>(clock.count()))} : clock, metres,
                     upto(3) == 0 ? engine::unknown : upto(80));
      p.engine_off = upto(5) == 0;
      p.suspect = upto(9) == 0;
      if (!positions.points.emplace(p.when, p).second) continue;
      dirty.insert(hour_of(p.when));
      if (upto(25) != 0) continue;
      while (!dirty.empty()) {  // in any order
        const auto which = std::next(dirty.begin(), upto(static_cast<int>(dirty.size())));
        const auto settled = settle(positions, *which, *which);
        kept.erase(kept.lower_bound(settled.from), kept.upper_bound(settled.to));
        for (const auto& h : settled.figures) kept.emplace(h.hour, h);
        dirty.erase(which);
      }
      std::vector<track_point> all;
      for (const auto& [when, each] : positions.points) all.push_back(each);
      std::vector<hour_figures> piecewise;
      for (const auto& [hour, figures] : kept) piecewise.push_back(figures);
      ASSERT_EQ(piecewise, fold(all)) << "seed " << seed << " after " << i;
    }
  }
}

}  // namespace
}  // namespace haulcast::store
