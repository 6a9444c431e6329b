#include "haulcast/geo/thinner.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <span>
#include <vector>

#include "haulcast/geo/polyline.hpp"

namespace haulcast::geo {
namespace {

/// The places in `way` of what is kept.
std::vector<std::size_t> kept(const std::vector<point>& way, double tolerance_m) {
  std::vector<std::size_t> out;
  if (way.empty()) return out;
  thinner t{tolerance_m, way.front()};
  out.push_back(0);
  for (std::size_t i = 1; i < way.size(); ++i) {
    if (t.add(way[i])) out.push_back(i - 1);
  }
  if (way.size() > 1) out.push_back(way.size() - 1);
  return out;
}

/// Of what is left out, the farthest from the line between the kept points around it; by another geometry than the thinner's.
double worst_m(const std::vector<point>& way, const std::vector<std::size_t>& kept) {
  double worst = 0;
  for (std::size_t k = 1; k < kept.size(); ++k) {
    const polyline line{std::vector{way[kept[k - 1]], way[kept[k]]}};
    for (std::size_t i = kept[k - 1] + 1; i < kept[k]; ++i) worst = std::max(worst, line.nearest(way[i]).distance_m);
  }
  return worst;
}

/// Drives, turns, stands with noise about it, comes back.
std::vector<point> ramble(unsigned seed, point at, std::size_t points) {
  std::mt19937 dice{seed};
  std::normal_distribution<double> noise{0, 4e-5};
  std::uniform_real_distribution<double> turn{-0.4, 0.4};
  std::vector<point> way;
  double heading = 1;
  for (std::size_t i = 0; i < points; ++i) {
    const bool stands = i / 40 % 4 == 3;
    if (i % 100 == 99) heading += std::numbers::pi;
    heading += turn(dice);
    if (!stands) {
      at.latitude += 3e-4 * std::cos(heading);
      at.longitude += 3e-4 * std::sin(heading) / std::cos(at.latitude * std::numbers::pi / 180);
    }
    way.push_back({at.latitude + noise(dice), std::remainder(at.longitude + noise(dice), 360)});
  }
  return way;
}

TEST(Thinner, WhatIsLeftOutLiesWithinTheToleranceOfTheLine) {
  std::size_t all = 0, left = 0;
  for (const point begin : {point{47.4, 8.5}, point{-33.9, 179.999}, point{64.1, -21.9}, point{0, 0}}) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
      for (const double tolerance : {1.0, 10.0, 50.0, 1000.0}) {
        const auto way = ramble(seed, begin, 500);
        const auto k = kept(way, tolerance);
        EXPECT_LE(worst_m(way, k), tolerance * 1.007 + 0.01) << "seed " << seed << ", " << tolerance << " m";
        all += way.size();
        left += k.size();
      }
    }
  }
  EXPECT_LT(left, all / 2);
}

TEST(Thinner, AStraightWayIsItsEnds) {
  std::vector<point> way;
  for (int i = 0; i <= 100; ++i) way.push_back({47 + i * 1e-3, 8});
  EXPECT_EQ(kept(way, 1), (std::vector<std::size_t>{0, 100}));
}

TEST(Thinner, AParkedTruckIsOnePlace) {
  std::mt19937 dice{7};
  std::normal_distribution<double> noise{0, 2e-5};
  std::vector<point> way;
  for (int i = 0; i < 1000; ++i) way.push_back({47 + noise(dice), 8 + noise(dice)});
  EXPECT_EQ(kept(way, 20).size(), 2U);
}

TEST(Thinner, ATurnIsKeptAndTheWayBackToo) {
  const std::vector<point> way{{47, 8}, {47.01, 8}, {47.02, 8}, {47.02, 8.01}, {47.02, 8.02}, {47.02, 8.01}, {47.02, 8}};
  EXPECT_EQ(kept(way, 5), (std::vector<std::size_t>{0, 2, 4, 6}));
}

}  // namespace
}  // namespace haulcast::geo
