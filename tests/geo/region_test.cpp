#include "haulcast/geo/region.hpp"

#include <gtest/gtest.h>

#include "geo/random_shapes.hpp"

namespace haulcast::geo {
namespace {

/// A square of some 2.2 by 2.2 km with a hole in its middle.
const polygon yard{{{{0, 0}, {0, 0.02}, {0.02, 0.02}, {0.02, 0}, {0, 0}},
                    {{0.008, 0.008}, {0.012, 0.008}, {0.012, 0.012}, {0.008, 0.012}, {0.008, 0.008}}}};

std::vector<double> crossings(const region& of, point a, point b) {
  std::vector<double> parts;
  of.crossings(a, b, parts);
  return parts;
}

shape any(random_shapes& random) {
  for (;;) {
    shape made = random.one_in(3)   ? shape{random.a_circle()}
                 : random.one_in(2) ? shape{random.a_polygon()}
                                    : shape{random.a_corridor()};
    if (!problem_of(made)) return made;
  }
}

bbox box_about(point p, double degrees) {
  return {.west = std::max(-180.0, p.longitude - degrees),
          .south = std::max(-90.0, p.latitude - degrees),
          .east = std::min(180.0, p.longitude + degrees),
          .north = std::min(90.0, p.latitude + degrees)};
}

point in_box(random_shapes& random, const bbox& box) {
  return {random.between(box.south, box.north), random.between(box.west, box.east)};
}

TEST(Region, WhatIsClearOfTheBoundaryHasNoneOfIt) {
  random_shapes random{77};
  std::size_t clear = 0;
  for (int i = 0; i < 3'000; ++i) {
    const shape s = any(random);
    const region r{s};
    for (int k = 0; k < 10; ++k) {
      const point p = random.near(s);
      const double reach = random.between(10, 1'000);
      const auto [inside, free_m] = r.clearance_of(p, reach);
      ASSERT_EQ(inside, r.contains(p));
      ASSERT_GE(free_m, 0);
      clear += free_m > 0;
      for (int there = 0; there < 10; ++there) {
        const point q = walk(p, random.between(0, 360), free_m * random.between(0.9, 1));
        ASSERT_EQ(r.contains(q), inside) << i << ": " << p.latitude << ", " << p.longitude << " is free by " << free_m;
      }
    }
  }
  EXPECT_GT(clear, 10'000u);
}

TEST(Region, ClearanceHardlyFallsShortOfTheDistance) {
  const region circle{geo::circle{{50, 8}, 1'000}};
  const region square{yard};
  const region road{corridor{{{50, 8}, {50.01, 8.01}, {50.01, 8.03}}, 400}};
  random_shapes random{78};
  for (int i = 0; i < 1'000; ++i) {
    const point p = walk({50, 8}, random.between(0, 360), random.between(0, 3'000));
    for (const region* each : {&circle, &road}) {
      const double off = std::fabs(each->signed_distance_m(p));
      EXPECT_GE(each->clearance_of(p, 5'000).free_m, 0.97 * off - 15);
    }
    const point q = walk({0.01, 0.01}, random.between(0, 360), random.between(0, 3'000));
    EXPECT_GE(square.clearance_of(q, 5'000).free_m, 0.95 * std::fabs(square.signed_distance_m(q)) - 3);
  }
}

TEST(Region, TheBoundaryBelongsToIt) {
  const region made{yard};
  for (const auto& ring : yard.rings)
    for (const point corner : ring) EXPECT_TRUE(made.contains(corner));
  EXPECT_TRUE(made.contains({0, 0.01})) << "an edge";
  EXPECT_TRUE(made.contains({0.01, 0})) << "an edge";
  EXPECT_TRUE(made.contains({0.01, 0.008})) << "the hole's edge";
  EXPECT_FALSE(made.contains({-1e-9, 0.01}));
  EXPECT_FALSE(made.contains({0.01, 0.008 + 1e-9}));
}

TEST(Region, TheDistanceIsNegativeInsideAndInMetresOfTheEllipsoid) {
  const region made{yard};
  EXPECT_NEAR(made.signed_distance_m({0.001, 0.01}), -110.574, 0.01);  // a thousandth of a degree of latitude at the equator
  EXPECT_NEAR(made.signed_distance_m({-0.001, 0.01}), 110.574, 0.01);
  EXPECT_NEAR(made.signed_distance_m({0.01, 0.021}), 111.319, 0.01);  // and of longitude
  EXPECT_NEAR(made.signed_distance_m({0.01, 0.009}), 111.319, 0.01) << "in the hole";
  EXPECT_NEAR(made.signed_distance_m({0.01, 0.007}), -111.319, 0.01);
}

TEST(Region, ADistanceBeyondTheReachIsAnyNumberBeyondIt) {
  const region made{yard};
  EXPECT_GT(made.signed_distance_m({0.5, 0.5}, 100), 100);
  EXPECT_LT(made.signed_distance_m({0.004, 0.004}, 100), -100);
  EXPECT_NEAR(made.signed_distance_m({0.0001, 0.01}, 100), -11.057, 0.01);
}

TEST(Region, TheDistanceAgreesWithItsSign) {
  random_shapes random{17};
  for (int i = 0; i < 500; ++i) {
    const shape of = any(random);
    const region made{of};
    for (int k = 0; k < 20; ++k) {
      const point p = random.near(of);
      const double all = made.signed_distance_m(p);
      const double reach = random.log_between(1, 1e6);
      const double some = made.signed_distance_m(p, reach);
      EXPECT_EQ(all <= 0, made.contains(p));
      EXPECT_EQ(some <= 0, made.contains(p));
      if (std::fabs(all) < reach) EXPECT_NEAR(some, all, 1e-6 + 1e-6 * std::fabs(all));
      if (std::fabs(all) > reach * 1.001) EXPECT_GT(std::fabs(some), reach);
    }
  }
}

TEST(Crossings, OfAWayThroughAreTwo) {
  const auto parts = crossings(region{yard}, {0.004, -0.02}, {0.004, 0.04});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NEAR(parts[0], 1.0 / 3, 1e-6);
  EXPECT_NEAR(parts[1], 2.0 / 3, 1e-6);
}

TEST(Crossings, OfAWayThroughTheHoleAreFour) {
  const auto parts = crossings(region{yard}, {0.01, -0.02}, {0.01, 0.04});
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_NEAR(parts[1], 28.0 / 60, 1e-6);
  EXPECT_NEAR(parts[2], 32.0 / 60, 1e-6);
}

TEST(Crossings, OfAWayInsideOrPastItAreNone) {
  EXPECT_TRUE(crossings(region{yard}, {0.002, 0.002}, {0.002, 0.018}).empty());
  EXPECT_TRUE(crossings(region{yard}, {-0.001, -0.02}, {-0.001, 0.04}).empty());
  EXPECT_TRUE(crossings(region{yard}, {10, 10}, {10.1, 10}).empty());
  EXPECT_TRUE(crossings(region{yard}, {0.002, 0.002}, {0.002, 0.002}).empty()) << "no way at all";
}

TEST(Crossings, OfACircleAreWhereTheRimIs) {
  const point center{52.52, 13.405};
  const region made{circle{center, 500}};
  const auto parts = crossings(made, walk(center, 270, 2'000), walk(center, 90, 2'000));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NEAR(parts[0] * 4'000, 1'500, 0.01);
  EXPECT_NEAR(parts[1] * 4'000, 2'500, 0.01);
}

TEST(Crossings, OfAShortWayAreOnItAndOnTheBoundaryWhereverItIs) {
  random_shapes dice{21};
  std::size_t found = 0;
  for (int i = 0; i < 40'000; ++i) {
    const point center{dice.between(-89.9, 89.9), dice.one_in(3) ? dice.between(179.9, 180) : dice.between(-180, 180)};
    const double radius_m = dice.log_between(20, 5'000);
    const region made{circle{center, radius_m}};
    const point a = walk(center, dice.between(0, 360), dice.one_in(2) ? radius_m : dice.between(0, 1'500));
    const point b = walk(a, dice.between(0, 360), dice.log_between(1, 1'500));
    for (const double part : crossings(made, a, b)) {
      ++found;
      ASSERT_NEAR(geodesic(center, on_great_circle(a, b, part)), radius_m, 0.001)
          << center.latitude << ", " << center.longitude << " at " << part;
    }
  }
  EXPECT_GT(found, 2'000u);
}

TEST(Crossings, ATouchWithoutLengthIsNoVisit) {
  EXPECT_TRUE(crossings(region{yard}, {0.03, 0.01}, {0.01, 0.03}).empty()) << "past a corner";
  const auto along = crossings(region{yard}, {0.01, -0.01}, {-0.01, 0.01});
  EXPECT_TRUE(along.empty()) << "through the corner's very point";
}

// Asks at 200 places of the way. How many crossings it has.
std::size_t expect_sides_change_there(const shape& of, point a, point b) {
  const region made{of};
  const auto parts = crossings(made, a, b);
  EXPECT_EQ(parts.size() % 2 == 1, made.contains(a) != made.contains(b));
  EXPECT_TRUE(std::ranges::is_sorted(parts));
  const double margin = 1e-3 / std::max(1e-3, geodesic(a, b));
  // Between two arms of a corridor a gap of half a hundredth of its width may be passed over.
  double doubt = 1e-3;
  if (const auto* c = std::get_if<corridor>(&of)) doubt = 0.01 * c->width_m;
  bool inside = made.contains(a);
  std::size_t next = 0;
  for (int k = 1; k < 200; ++k) {
    const double part = k / 200.0;
    for (; next < parts.size() && parts[next] < part; ++next) inside = !inside;
    const bool near_one = std::ranges::any_of(parts, [&](double at) { return std::fabs(at - part) < margin; });
    const point on = on_great_circle(a, b, part);
    if (!near_one && std::fabs(made.signed_distance_m(on)) > doubt) EXPECT_EQ(made.contains(on), inside) << part;
  }
  return parts.size();
}

TEST(Crossings, BetweenTwoTheWayIsAllInsideOrAllOutside) {
  random_shapes random{23};
  std::size_t crossed = 0;
  for (int i = 0; i < 3000; ++i) {
    const shape of = any(random);
    const point a = random.near(of);
    const point b = walk(random.near(of), 0, 0.1);
    if (geodesic(a, b) < 100'000) crossed += expect_sides_change_there(of, a, b);
  }
  EXPECT_GT(crossed, 500U);
}

TEST(Crossings, BetweenTwoAShortWayIsAllInsideOrAllOutside) {
  random_shapes random{24};
  std::size_t crossed = 0;
  for (int i = 0; i < 6000; ++i) {
    const shape of = any(random);
    const point a = random.near(of);
    const point b = walk(a, random.between(0, 360), random.log_between(1, 1'300));
    crossed += expect_sides_change_there(of, a, b);
  }
  EXPECT_GT(crossed, 500U);
}

TEST(Coverage, IsInsideWellWithinAndOutsideWellAway) {
  const region made{yard};
  EXPECT_EQ(made.of({.west = 0.002, .south = 0.002, .east = 0.005, .north = 0.005}), coverage::inside);
  EXPECT_EQ(made.of({.west = 0.009, .south = 0.009, .east = 0.011, .north = 0.011}), coverage::outside) << "the hole";
  EXPECT_EQ(made.of({.west = 0.03, .south = 0.03, .east = 0.04, .north = 0.04}), coverage::outside);
  EXPECT_EQ(made.of({.west = -0.01, .south = 0.01, .east = 0.005, .north = 0.012}), coverage::partly);
  EXPECT_EQ(made.of({.west = -1, .south = -1, .east = 1, .north = 1}), coverage::partly) << "all of it";
  EXPECT_EQ(made.of({}), coverage::partly) << "the whole earth";
  const region road{corridor{{{48, 11}, {48, 12}}, 4'000}};
  EXPECT_EQ(road.of({.west = 11.5, .south = 48, .east = 11.505, .north = 48.005}), coverage::inside);
  EXPECT_EQ(road.of({.west = 11.5, .south = 48.03, .east = 11.505, .north = 48.035}), coverage::outside);
  EXPECT_EQ(road.of({.west = 11.5, .south = 48.018, .east = 11.505, .north = 48.023}), coverage::partly);
}

TEST(Coverage, NeverSaysWhatOnePointOfTheBoxDenies) {
  random_shapes random{29};
  std::size_t said[3] = {};
  for (int i = 0; i < 6000; ++i) {
    const shape of = any(random);
    const region made{of};
    for (int k = 0; k < 5; ++k) {
      const bbox box = box_about(random.near(of), random.log_between(1e-5, 20));
      const coverage all = made.of(box);
      ++said[static_cast<std::size_t>(all)];
      if (all == coverage::partly) continue;
      for (int n = 0; n < 30; ++n) {
        point p = in_box(random, box);
        if (random.one_in(3)) p.latitude = random.one_in(2) ? box.south : box.north;
        if (random.one_in(3)) p.longitude = random.one_in(2) ? box.west : box.east;
        ASSERT_EQ(made.contains(p), all == coverage::inside) << p.latitude << ' ' << p.longitude;
      }
    }
  }
  for (const auto count : said) EXPECT_GT(count, 500U);
}

TEST(Bounds, HoldAllOfIt) {
  random_shapes random{37};
  for (int i = 0; i < 5000; ++i) {
    const shape of = any(random);
    const region made{of};
    const bbox box = made.bounds();
    EXPECT_TRUE(box.south >= -90 && box.north <= 90 && std::fabs(box.west) <= 180 && std::fabs(box.east) <= 180);
    for (int k = 0; k < 20; ++k) {
      const point p = random.near(of);
      // contains() looks at the box first; the distance does not.
      if (!box.contains(p)) EXPECT_GT(made.signed_distance_m(p), 0);
    }
  }
}

TEST(Bounds, AreTightAndKnowTheAntimeridianAndThePoles) {
  const bbox yard_box = region{yard}.bounds();
  EXPECT_NEAR(yard_box.west, 0, 1e-6);
  EXPECT_NEAR(yard_box.north, 0.02, 1e-6);
  const bbox fiji = region{polygon{{{{-17, 179}, {-17, -179}, {-18, -179}, {-18, 179}, {-17, 179}}}}}.bounds();
  EXPECT_NEAR(fiji.west, 179, 1e-6);
  EXPECT_NEAR(fiji.east, -179, 1e-6);
  EXPECT_LT(fiji.south, -18.001) << "great circles bulge to the pole";
  const bbox antarctic = region{polygon{{{{-70, 0}, {-70, 120}, {-70, -120}, {-70, 0}}}}}.bounds();
  EXPECT_EQ(antarctic.south, -90);
  EXPECT_EQ(antarctic.west, -180);
  EXPECT_EQ(antarctic.east, 180);
  EXPECT_NEAR(antarctic.north, -70, 1e-6);
}

TEST(Polygons, TheSmallerSideIsInsideWhicheverWayRoundItIsWritten) {
  for (const bool turned : {false, true}) {
    polygon south{{{{-10, 0}, {-10, 90}, {-10, 180}, {-10, -90}, {-10, 0}}}};  // great circles, so north of it in places
    if (turned) std::ranges::reverse(south.rings[0]);
    const region made{south};
    EXPECT_TRUE(made.contains({-90, 0}));
    EXPECT_TRUE(made.contains({-20, 45}));
    EXPECT_FALSE(made.contains({-5, 0}));
    EXPECT_FALSE(made.contains({60, 45}));
    EXPECT_FALSE(made.contains({90, 0}));
  }
}

TEST(Polygons, AHoleMayHoldThePole) {
  const region ring{polygon{{{{-70, 0}, {-70, 120}, {-70, -120}, {-70, 0}}, {{-86, 0}, {-86, 120}, {-86, -120}, {-86, 0}}}}};
  EXPECT_TRUE(ring.contains({-85.9, 0}));
  EXPECT_TRUE(ring.contains({-87, 60})) << "beyond the edge of the hole, nearer to the pole than the outer ring's corners";
  EXPECT_FALSE(ring.contains({-89, 0}));
  EXPECT_FALSE(ring.contains({-90, 0}));
}

TEST(Polygons, WithTenThousandVerticesAreNotWalked) {
  ring round;
  for (int i = 0; i < 9'999; ++i) round.push_back(walk({48, 11}, 360.0 * i / 9'999, 20'000 + (i % 2 == 0 ? 50 : 0)));
  round.push_back(round.front());
  const shape of = polygon{{round}};
  EXPECT_FALSE(problem_of(of));
  const region made{of};
  for (double heading = 0; heading < 360; heading += 1.7) {
    EXPECT_TRUE(made.contains(walk({48, 11}, heading, 19'990)));
    EXPECT_FALSE(made.contains(walk({48, 11}, heading, 20'055)));
    EXPECT_NEAR(made.signed_distance_m(walk({48, 11}, heading, 18'000)), -2'000, 10);
  }
}

}  // namespace
}  // namespace haulcast::geo
