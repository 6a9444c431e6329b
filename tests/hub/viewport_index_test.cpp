#include "haulcast/hub/viewport_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "hub/words.hpp"

namespace haulcast::hub {
namespace {

using words::viewer;

std::vector<subscriber*> found_at(const viewport_index& index, geo::point p) {
  std::vector<subscriber*> found;
  index.find(p, [&](subscriber* s) { found.push_back(s); });
  std::sort(found.begin(), found.end());
  return found;
}

TEST(ViewportIndex, TheWholeWorldIsEverywhereOnce) {
  viewer v;
  viewport_index index;
  index.add(&v, {-180, -90, 180, 90});
  for (const geo::point p : {geo::point{0, 0}, {90, 180}, {-90, -180}, {90, -180}, {-90, 180}, {47, 8}}) {
    EXPECT_EQ(found_at(index, p).size(), 1U) << p.latitude << ' ' << p.longitude;
  }
  index.remove(&v, {-180, -90, 180, 90});
  EXPECT_TRUE(index.empty());
}

TEST(ViewportIndex, AcrossTheAntimeridianBothSidesAreSeenAndTheRestIsNot) {
  viewer v;
  viewport_index index;
  for (const geo::bbox box : {geo::bbox{179.9, -18, -179.9, -17}, {170, -20, -170, -10}, {1, -60, 0, 60}}) {
    index.add(&v, box);
    EXPECT_EQ(found_at(index, {-17.5, 179.95}).size(), 1U);
    EXPECT_EQ(found_at(index, {-17.5, 180}).size(), 1U);
    EXPECT_EQ(found_at(index, {-17.5, -180}).size(), 1U);
    EXPECT_EQ(found_at(index, {-17.5, -179.95}).size(), 1U);
    EXPECT_EQ(found_at(index, {-17.5, 0.5}).size(), 0U);
    index.remove(&v, box);
    EXPECT_TRUE(index.empty());
  }
}

TEST(ViewportIndex, APointIsAViewportToo) {
  viewer v;
  viewport_index index;
  index.add(&v, {8.5, 47, 8.5, 47});
  EXPECT_EQ(found_at(index, {47, 8.5}).size(), 1U);
  EXPECT_EQ(found_at(index, {47, 8.5000001}).size(), 0U);
}

// Rectangles of every size, on and off the lines of the grids, against asking each of them.
TEST(ViewportIndex, FindsWhatAskingEveryoneFinds) {
  std::mt19937 dice{3};
  std::uniform_real_distribution<double> share{0, 1};
  const auto degrees = [&](double most) {
    double d = (share(dice) * 2 - 1) * most;
    if (dice() % 3 == 0) d = std::round(d * 16) / 16;
    if (dice() % 20 == 0) d = dice() % 2 == 0 ? most : -most;
    return d;
  };
  const auto random_box = [&] {
    const double height = 180 * std::pow(share(dice), 6);
    const double width = 360 * std::pow(share(dice), 6);
    geo::bbox box;
    box.south = degrees(90);
    box.north = std::min(90.0, box.south + height);
    box.west = degrees(180);
    box.east = box.west + width;
    if (box.east > 180) box.east -= 360;
    return box;
  };
  std::vector<std::unique_ptr<viewer>> viewers;
  std::vector<geo::bbox> boxes;
  viewport_index index;
  for (int i = 0; i < 300; ++i) {
    viewers.push_back(std::make_unique<viewer>());
    boxes.push_back(random_box());
    index.add(viewers.back().get(), boxes.back());
  }
  for (int i = 0; i < 20'000; ++i) {
    const geo::bbox& near = boxes[dice() % boxes.size()];
    geo::point p{degrees(90), degrees(180)};
    if (i % 2 == 0) p = {dice() % 2 == 0 ? near.south : near.north, dice() % 2 == 0 ? near.west : near.east};
    std::vector<subscriber*> expected;
    for (std::size_t v = 0; v < viewers.size(); ++v) {
      if (boxes[v].contains(p)) expected.push_back(viewers[v].get());
    }
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(found_at(index, p), expected) << p.latitude << ' ' << p.longitude;
    if (i % 100 == 0) {
      const std::size_t moved = dice() % viewers.size();
      index.remove(viewers[moved].get(), boxes[moved]);
      boxes[moved] = random_box();
      index.add(viewers[moved].get(), boxes[moved]);
    }
  }
  for (std::size_t v = 0; v < viewers.size(); ++v) index.remove(viewers[v].get(), boxes[v]);
  EXPECT_TRUE(index.empty());
  EXPECT_TRUE(found_at(index, {47, 8}).empty());
}

}  // namespace
}  // namespace haulcast::hub
