#include "haulcast/geo/region_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "geo/random_shapes.hpp"

namespace haulcast::geo {
namespace {

using keys = std::vector<std::uint32_t>;
using candidates = std::vector<region_index::candidate>;

constexpr point depot{47.3769, 8.5417};

region disc(point center, double radius_m) { return region{circle{center, radius_m}}; }

keys at(const region_index& index, point p) {
  keys found;
  index.containing(p, found);
  std::ranges::sort(found);
  return found;
}

bool found_in(const candidates& found, std::uint32_t key) {
  return std::ranges::find(found, key, &region_index::candidate::key) != found.end();
}

TEST(RegionIndex, KnowsNothingWhenNothingIsThere) {
  const region_index index;
  EXPECT_EQ(at(index, depot), keys{});
  EXPECT_EQ(index.size(), 0U);
  EXPECT_EQ(index.find(0), nullptr);
}

TEST(RegionIndex, FindsAllThatContainAPlaceAndNoOther) {
  region_index index;
  index.insert(3, disc(depot, 100));
  index.insert(1, disc(depot, 10'000));
  index.insert(2, disc(walk(depot, 90, 150), 100));
  EXPECT_EQ(at(index, depot), (keys{1, 3}));
  EXPECT_EQ(at(index, walk(depot, 90, 75)), (keys{1, 2, 3}));
  EXPECT_EQ(at(index, walk(depot, 90, 9'900)), keys{1});
  EXPECT_EQ(at(index, walk(depot, 90, 10'100)), keys{});
}

TEST(RegionIndex, ForgetsWhatIsErasedAndTakesItsKeyAgain) {
  region_index index;
  index.insert(7, disc(depot, 100));
  EXPECT_TRUE(index.erase(7));
  EXPECT_FALSE(index.erase(7));
  EXPECT_EQ(at(index, depot), keys{});
  index.insert(7, disc(walk(depot, 0, 5'000), 100));
  EXPECT_EQ(at(index, depot), keys{});
  EXPECT_EQ(at(index, walk(depot, 0, 5'000)), keys{7});
  EXPECT_EQ(index.size(), 1U);
}

TEST(RegionIndex, AHundredOfOneShapeAreAHundred) {
  region_index index;
  keys all;
  for (std::uint32_t key = 0; key < 100; ++key) {
    index.insert(key, disc(depot, 500));
    all.push_back(key);
  }
  EXPECT_EQ(at(index, depot), all);
  for (std::uint32_t key = 0; key < 100; key += 2) index.erase(key);
  std::erase_if(all, [](std::uint32_t key) { return key % 2 == 0; });
  EXPECT_EQ(at(index, depot), all);
}

TEST(RegionIndex, TheLargestCircleTakesFewParts) {
  const region largest = disc(depot, radius_max_m);
  EXPECT_LT(cover_of(largest).size(), 200U);
  region_index index;
  index.insert(0, largest);
  EXPECT_EQ(at(index, walk(depot, 70, 995'000)), keys{0});
  EXPECT_EQ(at(index, walk(depot, 70, 1'005'000)), keys{});
}

TEST(RegionIndex, OneAroundAPoleHasEveryLongitude) {
  region_index index;
  index.insert(0, disc({89.9, 30}, 50'000));
  for (int longitude = -180; longitude <= 180; longitude += 15) {
    EXPECT_EQ(at(index, {89.7, static_cast<double>(longitude)}), keys{0}) << longitude;
    EXPECT_EQ(at(index, {90, static_cast<double>(longitude)}), keys{0}) << longitude;
  }
  EXPECT_EQ(at(index, {89, 0}), keys{});
}

TEST(RegionIndex, TheAntimeridianIsNoBorder) {
  region_index index;
  index.insert(0, disc({0, 179.999}, 1'000));
  for (const double longitude : {179.995, 180.0, -180.0, -179.995}) EXPECT_EQ(at(index, {0, longitude}), keys{0}) << longitude;
  candidates found;
  index.along({0, 179.9}, {0, -179.9}, 0, found);
  EXPECT_TRUE(found_in(found, 0));
  index.along({1, 179.9}, {1, -179.9}, 0, found);
  EXPECT_TRUE(found.empty());
}

TEST(RegionIndex, WhatEndsAtTheAntimeridianIsFoundFromBothSides) {
  region_index index;
  index.insert(0, region{polygon{{{{0, 179}, {0, 180}, {1, 180}, {1, 179}, {0, 179}}}}});
  index.insert(1, region{polygon{{{{0, -180}, {0, -179}, {1, -179}, {1, -180}, {0, -180}}}}});
  EXPECT_EQ(at(index, {0.5, 180}), (keys{0, 1}));
  EXPECT_EQ(at(index, {0.5, -180}), (keys{0, 1}));
  EXPECT_EQ(at(index, {0.5, 179.999}), keys{0});
  EXPECT_EQ(at(index, {0.5, -179.999}), keys{1});
}

TEST(RegionIndex, WhatIsNearIsACandidateAndWhatIsFarIsNot) {
  region_index index;
  index.insert(0, disc(depot, 100));
  index.insert(1, disc(depot, 50'000));
  candidates found;
  index.near(walk(depot, 90, 115), 20, found);
  EXPECT_TRUE(found_in(found, 0));
  EXPECT_TRUE(found_in(found, 1));
  index.near(walk(depot, 90, 5'000), 20, found);
  EXPECT_EQ(found, (candidates{{.key = 1, .all_inside = true}}));
}

TEST(RegionIndex, ASmallOneBetweenTwoPositionsIsFound) {
  region_index index;
  const point before = walk(depot, 270, 60);
  const point after = walk(depot, 90, 60);
  index.insert(0, disc(depot, 5));
  EXPECT_EQ(at(index, before), keys{});
  EXPECT_EQ(at(index, after), keys{});
  candidates found;
  index.along(before, after, 0, found);
  EXPECT_TRUE(found_in(found, 0));
}

TEST(RegionIndex, ALongWayIsTheShortestLineAndNotThatOfTheMap) {
  region_index index;
  const point from{60, 0};
  const point to{60, 10};
  index.insert(0, disc({60.0945, 5}, 500));  // half way on the great circle
  index.insert(1, disc({60, 5}, 500));       // half way on the map, 10 km from there
  candidates found;
  index.along(from, to, 0, found);
  EXPECT_TRUE(found_in(found, 0));
  EXPECT_FALSE(found_in(found, 1));
}

TEST(RegionIndex, AWayBulgesIntoCellsThatTheMapLeavesOut) {
  // Both ends half a metre south of a border of cells; between them the great circle is a metre farther north.
  const double border = cell{cell::depth_max, 0, 109'227}.box().south;
  const point from = walk({border, 0}, 180, 0.5);
  region_index index;
  index.insert(0, disc(walk(from, 0, 1.9), 1));
  candidates found;
  index.along({from.latitude, -0.04995}, {from.latitude, 0.04995}, 0, found);
  EXPECT_TRUE(found_in(found, 0));
}

TEST(Memo, ATruckWhereNothingEndsIsNotLookedUpAgain) {
  region_index index;
  index.insert(0, disc(depot, 20'000));
  region_index::memo last;
  keys found;
  EXPECT_TRUE(index.containing(depot, last, found));
  EXPECT_EQ(found, keys{0});
  EXPECT_FALSE(index.containing(walk(depot, 90, 20), last, found));
  EXPECT_EQ(found, keys{0});
  EXPECT_TRUE(index.containing(walk(depot, 90, 19'999), last, found));
}

TEST(Memo, IsVoidWhenARegionComesOrGoesThere) {
  region_index index;
  region_index::memo last;
  keys found;
  index.containing(depot, last, found);
  index.insert(5, disc(depot, 10'000));
  EXPECT_TRUE(index.containing(depot, last, found));
  EXPECT_EQ(found, keys{5});
  EXPECT_FALSE(index.containing(depot, last, found));
  index.erase(5);
  EXPECT_TRUE(index.containing(depot, last, found));
  EXPECT_EQ(found, keys{});
}

TEST(Memo, OutlivesWhatHappensFarAway) {
  region_index index;
  region_index::memo last;
  keys found;
  index.containing(depot, last, found);
  index.insert(5, disc({-33.9, 18.4}, 10'000));
  EXPECT_FALSE(index.containing(depot, last, found));
}

TEST(Memo, ABoundaryBeyondTheCellButWithinTheMarginIsSeen) {
  // Greenwich is a border of cells of every size.
  region_index index;
  index.insert(0, disc(walk({10, 0}, 90, 1'010), 1'000));
  region_index::memo last;
  candidates found;
  const point before = walk({10, 0}, 270, 100);
  const point after = walk({10, 0}, 270, 2);
  EXPECT_TRUE(index.along(before, before, 20, last, found));
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(index.along(before, walk(before, 90, 10), 20, last, found));
  EXPECT_TRUE(index.along(before, after, 20, last, found));
  EXPECT_TRUE(found_in(found, 0));
}

TEST(Cover, IsMadeOfCellsThatAreWhatTheySay) {
  random_shapes dice{11};
  for (int i = 0; i < 60; ++i) {
    const shape s = i % 3 == 0 ? shape{dice.a_circle()} : i % 3 == 1 ? shape{dice.a_polygon()} : shape{dice.a_corridor()};
    if (problem_of(s)) continue;
    const region r{s};
    std::size_t named = 0;
    for (const auto& part : cover_of(r)) {
      ++named;
      EXPECT_EQ(part.inside & part.partly, 0);
      for (unsigned which = 0; which < 16; ++which) {
        if ((part.inside >> which & 1) == 0) continue;
        const cell c{depth_of_tiles(part.tier) + 2, 4 * part.column + (which & 3), 4 * part.row + (which >> 2)};
        const bbox box = c.box();
        const point p{dice.between(box.south, box.north), dice.between(box.west, box.east)};
        EXPECT_TRUE(r.contains(p)) << p.latitude << ", " << p.longitude;
      }
    }
    EXPECT_LE(named, 2'048U);
    EXPECT_GE(named, 1U);
  }
}

TEST(CellLists, UseRoomAgainThatIsFree) {
  cell_lists lists;
  cell_list list;
  for (std::uint32_t key = 0; key < 10'000; ++key) lists.append(list, {.key = key, .inside = 1, .partly = 0});
  const auto most = lists.bytes();
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t key = 0; key < 10'000; ++key) lists.remove(list, key);
    EXPECT_EQ(list.size, 0U);
    for (std::uint32_t key = 0; key < 10'000; ++key) lists.append(list, {.key = key, .inside = 1, .partly = 0});
  }
  EXPECT_EQ(lists.bytes(), most);
  std::vector<bool> seen(10'000);
  for (const auto& e : list) seen[e.key] = true;
  EXPECT_TRUE(std::ranges::all_of(seen, [](bool there) { return there; }));
}

}  // namespace
}  // namespace haulcast::geo
