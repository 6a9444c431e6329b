#include "haulcast/geo/polyline.hpp"

#include <gtest/gtest.h>

#include "geo/random_shapes.hpp"

namespace haulcast::geo {
namespace {

TEST(Bearing, IsDegreesClockwiseFromNorth) {
  EXPECT_NEAR(bearing_deg({47, 8}, {48, 8}), 0, 1e-9);
  EXPECT_NEAR(bearing_deg({0, 8}, {0, 9}), 90, 1e-9);
  EXPECT_NEAR(bearing_deg({47, 8}, {46, 8}), 180, 1e-9);
  EXPECT_NEAR(bearing_deg({0, 8}, {0, 7}), 270, 1e-9);
  EXPECT_NEAR(bearing_deg({0, 179.9}, {0, -179.9}), 90, 1e-9) << "the short way";
  EXPECT_EQ(bearing_deg({47, 8}, {47, 8}), 0);
  EXPECT_NEAR(bearing_deg({47, 8}, {90, 123}), 0, 1e-9);
}

TEST(Length, IsThatOfTheEllipsoid) {
  EXPECT_EQ(length_m({}), 0);
  EXPECT_EQ(length_m(std::vector<point>{{47, 8}}), 0);
  EXPECT_NEAR(length_m(std::vector<point>{{0, 0}, {0, 1}, {0, 2}}), 2 * 111'319.491, 0.01);
  EXPECT_NEAR(length_m(std::vector<point>{{0, 0}, {1, 0}}), 110'574.389, 0.01);
}

/// 10 km east, then 10 km north.
const point start{48, 11};
const point corner = walk(start, 90, 10'000);
const point end = walk(corner, 0, 10'000);
const polyline bent{std::vector{start, corner, end}};

TEST(Polyline, KnowsWhereItIsAfterSoManyMetres) {
  EXPECT_NEAR(bent.length_m(), 20'000, 1e-6);
  EXPECT_NEAR(bent.along_m(1), 10'000, 1e-6);
  const auto half = bent.at(5'000);
  EXPECT_EQ(half.edge, 0U);
  EXPECT_NEAR(geodesic(half.on_line, walk(start, 90, 5'000)), 0, 0.01);
  EXPECT_NEAR(half.bearing, 90, 0.1);
  const auto later = bent.at(12'500);
  EXPECT_EQ(later.edge, 1U);
  EXPECT_NEAR(geodesic(later.on_line, corner), 2'500, 0.05);
  EXPECT_NEAR(std::remainder(later.bearing, 360), 0, 0.1);
}

TEST(Polyline, EndsWhereItEnds) {
  EXPECT_EQ(bent.at(-5).on_line, start);
  EXPECT_EQ(bent.at(-5).along_m, 0);
  EXPECT_EQ(bent.at(99'999).on_line, end);
  EXPECT_NEAR(bent.at(99'999).along_m, 20'000, 1e-6);
  EXPECT_NEAR(std::remainder(bent.at(99'999).bearing, 360), 0, 0.1);
}

TEST(Polyline, KnowsItsNearestPlaceAndHowFarAlongThatIs) {
  const auto beside = bent.nearest(walk(walk(start, 90, 4'000), 180, 300));
  EXPECT_NEAR(beside.along_m, 4'000, 1);
  EXPECT_NEAR(beside.distance_m, 300, 0.05);
  const auto before = bent.nearest(walk(start, 270, 500));
  EXPECT_EQ(before.along_m, 0);
  EXPECT_NEAR(before.distance_m, 500, 0.01);
  const auto outer = bent.nearest(walk(corner, 135, 500));
  EXPECT_NEAR(outer.along_m, 10'000, 1e-6);
  EXPECT_NEAR(outer.distance_m, 500, 0.01);
}

TEST(Polyline, OfAWayThereAndBackThePartAskedAboutCounts) {
  const polyline there_and_back{std::vector{start, corner, start}};
  const point beside = walk(walk(start, 90, 4'000), 180, 30);
  EXPECT_NEAR(there_and_back.nearest(beside).along_m, 4'000, 1);
  EXPECT_NEAR(there_and_back.nearest(beside, 9'000, 20'000).along_m, 16'000, 1);
  EXPECT_NEAR(there_and_back.nearest(beside, 9'000, 12'000).along_m, 12'000, 1);
  EXPECT_NEAR(there_and_back.nearest(beside, 5'000, 6'000).along_m, 5'000, 1);
}

TEST(Polyline, OfOnePointIsThatPoint) {
  const polyline dot{std::vector{start}};
  EXPECT_EQ(dot.length_m(), 0);
  EXPECT_EQ(dot.at(10).on_line, start);
  EXPECT_NEAR(dot.nearest(corner).distance_m, 10'000, 1e-6);
  EXPECT_EQ(dot.nearest(corner, 0, 5).on_line, start);
}

TEST(Polyline, MayStayInOnePlace) {
  const polyline waiting{std::vector{start, start, corner, corner, end, end}};
  EXPECT_NEAR(waiting.length_m(), 20'000, 1e-6);
  EXPECT_NEAR(geodesic(waiting.at(10'000).on_line, corner), 0, 1e-3);
  EXPECT_NEAR(waiting.nearest(corner).along_m, 10'000, 1e-6);
}

TEST(Polyline, AtAndNearestAreOneAnothersReverse) {
  random_shapes random{3};
  for (int i = 0; i < 500; ++i) {
    const auto path = random.a_corridor().path;
    const polyline line{path};
    const double along = random.between(0, line.length_m());
    const auto at = line.at(along);
    EXPECT_NEAR(at.along_m, along, 1e-6);
    const auto again = line.nearest(at.on_line);
    EXPECT_NEAR(again.distance_m, 0, 1e-3);
    EXPECT_NEAR(geodesic(again.on_line, at.on_line), 0, 1e-3);
    const auto within = line.nearest(at.on_line, along - 10, along + 10);
    EXPECT_NEAR(within.along_m, along, 0.1);
  }
}

}  // namespace
}  // namespace haulcast::geo
