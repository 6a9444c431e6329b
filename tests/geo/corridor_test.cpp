#include <gtest/gtest.h>

#include "geo/random_shapes.hpp"
#include "haulcast/geo/region.hpp"

namespace haulcast::geo {
namespace {

/// Slowly: the nearest of many places on the path, by the geodesic.
double metres_to_path(const std::vector<point>& path, point p) {
  double nearest = 1e9;
  for (std::size_t i = 1; i < path.size(); ++i) {
    double low = 0;
    double high = 1;
    const auto off = [&](double part) { return geodesic(on_great_circle(path[i - 1], path[i], part), p); };
    for (int k = 0; k < 60; ++k) {
      const double a = low + (high - low) / 3;
      const double b = high - (high - low) / 3;
      (off(a) < off(b) ? high : low) = off(a) < off(b) ? b : a;
    }
    nearest = std::min({nearest, off((low + high) / 2), off(0), off(1)});
  }
  return nearest;
}

const std::vector<point> east{{48, 11}, {48, 11.1}};

TEST(Corridor, ReachesHalfItsWidthToEitherSide) {
  const region road{corridor{east, 400}};
  const point middle = on_great_circle(east[0], east[1], 0.5);
  for (const double side : {0.0, 180.0}) {
    EXPECT_TRUE(road.contains(walk(middle, side, 199.999)));
    EXPECT_FALSE(road.contains(walk(middle, side, 200.001)));
    EXPECT_NEAR(road.signed_distance_m(walk(middle, side, 150)), -50, 0.05);
    EXPECT_NEAR(road.signed_distance_m(walk(middle, side, 250)), 50, 0.05);
  }
  EXPECT_NEAR(road.signed_distance_m(middle), -200, 0.01);
}

TEST(Corridor, HasRoundEnds) {
  const region road{corridor{east, 400}};
  for (double heading = 190; heading <= 350; heading += 10) {
    EXPECT_TRUE(road.contains(walk(east[0], heading, 199.999))) << heading;
    EXPECT_FALSE(road.contains(walk(east[0], heading, 200.001))) << heading;
  }
}

TEST(Corridor, GoesAcrossTheAntimeridianAndOverAPole) {
  const region strait{corridor{{{65, 179}, {66, -179}}, 10'000}};
  EXPECT_TRUE(strait.contains(on_great_circle({65, 179}, {66, -179}, 0.5)));
  EXPECT_TRUE(strait.contains({65.49, 180}));
  EXPECT_TRUE(strait.contains({65.49, -180}));
  EXPECT_FALSE(strait.contains({65.5, 0}));
  const region polar{corridor{{{89, 0}, {89, 180}}, 1'000}};
  EXPECT_TRUE(polar.contains({90, 55}));
  EXPECT_TRUE(polar.contains({89.996, 90}));
  EXPECT_FALSE(polar.contains({89.995, 90}));
}

TEST(Corridor, MayComeBackOnItselfAndCrossItself) {
  const region there_and_back{corridor{{{48, 11}, {48, 11.1}, {48, 11}, {48.05, 11.05}, {47.95, 11.05}}, 100}};
  EXPECT_TRUE(there_and_back.contains({48, 11.02}));
  EXPECT_TRUE(there_and_back.contains({47.97, 11.05}));
  EXPECT_FALSE(there_and_back.contains({47.97, 11.02}));
}

TEST(Corridor, IsWhatLiesNearItsPathWhereverAndHoweverLong) {
  random_shapes random{8};
  std::size_t inside = 0;
  for (int i = 0; i < 120; ++i) {
    const corridor of = random.a_corridor();
    if (of.path.size() > 15 || problem_of(of)) continue;
    const region made{of};
    for (int k = 0; k < 5; ++k) {
      const point p = random.near(of);
      const double off = metres_to_path(of.path, p) - of.width_m / 2;
      // Two edges may be about as near: then the nearest on the sphere may measure up to a 150th more than the other.
      const double doubt = 1e-3 + 0.007 * of.width_m / 2;
      if (std::fabs(off) > doubt) EXPECT_EQ(made.contains(p), off < 0) << off << " of " << of.width_m;
      EXPECT_NEAR(made.signed_distance_m(p), off, doubt + 0.007 * std::fabs(off));
      EXPECT_EQ(made.signed_distance_m(p) <= 0, made.contains(p));
      inside += made.contains(p);
    }
  }
  EXPECT_GT(inside, 60U);
}

}  // namespace
}  // namespace haulcast::geo
