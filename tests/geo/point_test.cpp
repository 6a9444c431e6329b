#include "haulcast/geo/point.hpp"

#include <gtest/gtest.h>

namespace haulcast::geo {
namespace {

TEST(Distance, ADegreeOfLatitudeIsTheSameEverywhere) {
  EXPECT_NEAR(distance_m({0, 0}, {1, 0}), 111'195.08, 0.01);
  EXPECT_NEAR(distance_m({89, 77}, {90, -13}), 111'195.08, 0.01);
}

TEST(Distance, KnowsZurichToBern) { EXPECT_NEAR(distance_m({47.3769, 8.5417}, {46.9480, 7.4474}), 95'500, 600); }

TEST(Distance, IsShortAcrossTheAntimeridian) {
  EXPECT_NEAR(distance_m({0, 179.999}, {0, -179.999}), 222.39, 0.01);
  EXPECT_NEAR(distance_m({0, 180}, {0, -180}), 0, 1e-6);
}

TEST(Distance, ReachesTheOtherSideOfTheEarthAndNoFurther) {
  EXPECT_NEAR(distance_m({0, 0}, {0, 180}), 20'015'114.4, 1);
  EXPECT_NEAR(distance_m({90, 0}, {-90, 123}), 20'015'114.4, 1);
  EXPECT_NEAR(distance_m({12.345, 67.89}, {-12.345, -112.11}), 20'015'114.4, 1);
}

TEST(Distance, IsZeroHereAndSmallNextDoor) {
  EXPECT_EQ(distance_m({47, 8}, {47, 8}), 0);
  EXPECT_NEAR(distance_m({47, 8}, {47.00001, 8}), 1.112, 0.001);
}

TEST(Bbox, HoldsItsEdges) {
  const bbox box{.west = 5, .south = 45, .east = 10, .north = 48};
  EXPECT_TRUE(box.contains({45, 5}));
  EXPECT_TRUE(box.contains({48, 10}));
  EXPECT_FALSE(box.contains({44.999999, 7}));
  EXPECT_FALSE(box.contains({48.000001, 7}));
  EXPECT_FALSE(box.contains({46, 4.999999}));
  EXPECT_FALSE(box.contains({46, 10.000001}));
}

TEST(Bbox, MayCrossTheAntimeridian) {
  const bbox fiji{.west = 177, .south = -20, .east = -178, .north = -15};
  EXPECT_TRUE(fiji.contains({-17, 179}));
  EXPECT_TRUE(fiji.contains({-17, -179}));
  EXPECT_TRUE(fiji.contains({-17, 180}));
  EXPECT_TRUE(fiji.contains({-17, -180}));
  EXPECT_FALSE(fiji.contains({-17, 0}));
  EXPECT_FALSE(fiji.contains({-17, 176.9}));
}

TEST(Bbox, TheWholeEarthHoldsEverything) {
  EXPECT_TRUE(bbox{}.contains({90, 180}));
  EXPECT_TRUE(bbox{}.contains({-90, -180}));
}

}  // namespace
TEST(Between, IsThatPartOfTheGreatCircle) {
  EXPECT_EQ(between({52, 13}, {53, 14}, 0), (point{52, 13}));
  EXPECT_EQ(between({52, 13}, {53, 14}, 1), (point{53, 14}));
  EXPECT_EQ(between({52, 13}, {52, 13}, 0.5), (point{52, 13}));
  const point over_the_edge = between({0, 179.999}, {0, -179.997}, 0.75);
  EXPECT_NEAR(over_the_edge.longitude, -179.998, 1e-9);
  for (const double far : {0.00001, 0.005, 0.012, 0.5, 40.0}) {
    const point a{48, 11}, b{48 + far / 2, 11 + far};
    const double whole = distance_m(a, b);
    for (const double part : {0.1, 0.5, 0.9}) {
      const point there = between(a, b, part);
      EXPECT_NEAR(distance_m(a, there), part * whole, 1e-4) << far;
      EXPECT_NEAR(distance_m(a, there) + distance_m(there, b), whole, 1e-6) << "on the shortest way";
    }
  }
}

}  // namespace haulcast::geo
