// Whatever is asked of an index is what a walk over all regions says: over the whole earth, while regions come and go.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "geo/random_shapes.hpp"
#include "haulcast/geo/region_index.hpp"

namespace haulcast::geo {
namespace {

using keys = std::vector<std::uint32_t>;
using candidates = std::vector<region_index::candidate>;

class ManyRegions : public testing::TestWithParam<unsigned> {
 protected:
  static constexpr std::uint32_t keys_max = 300;

  /// One more, one less, or another one in its place.
  void change() {
    const auto key = static_cast<std::uint32_t>(dice.count(0, keys_max - 1));
    const bool there = all.erase(key) != 0;
    EXPECT_EQ(index.erase(key), there);
    if (there && dice.one_in(2)) return;
    shape made = any_shape();
    while (problem_of(made)) made = any_shape();
    const region ready{made};
    index.insert(key, ready);
    all.emplace(key, std::pair{made, ready});
  }

  /// One comes or goes right here.
  void change_around(point p) {
    const auto here = ask(p);
    if (!here.empty()) {
      all.erase(here.front());
      index.erase(here.front());
      return;
    }
    const circle made{p, dice.log_between(100, 10'000)};
    std::uint32_t key = 0;
    while (all.contains(key)) ++key;
    index.insert(key, region{made});
    all.emplace(key, std::pair{shape{made}, region{made}});
  }

  /// Everywhere on the earth, with a town where they are small and many, and a corner of large cells.
  shape any_shape() {
    if (dice.one_in(3)) return circle{in_town(), dice.log_between(2, 5'000)};
    switch (dice.count(0, 5)) {
      case 0: return circle{{22.5, 45}, dice.log_between(2, 500'000)};
      case 1: return dice.a_polygon();
      case 2: return dice.a_polygon(in_town());
      case 3: return dice.a_corridor();
      default: return dice.a_circle();
    }
  }

  point in_town() { return {dice.between(47.3, 47.5), dice.between(8.4, 8.7)}; }

  point somewhere() {
    if (all.empty() || dice.one_in(4)) return dice.one_in(2) ? in_town() : dice.anywhere();
    auto nearest = all.lower_bound(static_cast<std::uint32_t>(dice.count(0, keys_max - 1)));
    if (nearest == all.end()) nearest = all.begin();
    return dice.near(nearest->second.first);
  }

  keys ask_all(point p) const {
    keys found;
    for (const auto& [key, one] : all) {
      if (one.second.contains(p)) found.push_back(key);
    }
    return found;
  }

  keys ask(point p) const {
    keys found;
    index.containing(p, found);
    std::ranges::sort(found);
    return found;
  }

  random_shapes dice{GetParam()};
  region_index index;
  std::map<std::uint32_t, std::pair<shape, region>> all;
};

std::string said(point p) { return std::to_string(p.latitude) + ", " + std::to_string(p.longitude); }

const region_index::candidate* in(const candidates& found, std::uint32_t key) {
  const auto at = std::ranges::find(found, key, &region_index::candidate::key);
  return at == found.end() ? nullptr : &*at;
}

TEST_P(ManyRegions, APointIsInThoseThatTheWalkFinds) {
  for (int i = 0; i < 4000; ++i) {
    if (i < 200 || i % 10 == 0) change();
    const point p = somewhere();
    ASSERT_EQ(ask(p), ask_all(p)) << said(p);
  }
  EXPECT_EQ(index.size(), all.size());
}

TEST_P(ManyRegions, APlaceOnTheAntimeridianOrAPoleIsInThoseThatTheWalkFinds) {
  for (int i = 0; i < 250; ++i) change();
  for (int i = 0; i < 2000; ++i) {
    point p = somewhere();
    if (dice.one_in(2)) p.longitude = dice.one_in(2) ? 180 : -180;
    if (dice.one_in(3)) p.latitude = dice.one_in(2) ? 90 : -90;
    ASSERT_EQ(ask(p), ask_all(p)) << said(p);
  }
}

TEST_P(ManyRegions, NoneNearIsMissedAndWhatIsAllInsideIsDeepInside) {
  candidates found;
  for (int i = 0; i < 2000; ++i) {
    if (i < 200 || i % 10 == 0) change();
    const point p = somewhere();
    const double margin = dice.one_in(5) ? 0 : dice.log_between(0.1, 3000);
    index.near(p, margin, found);
    for (const auto& [key, one] : all) {
      const double distance = one.second.signed_distance_m(p);
      const auto* told = in(found, key);
      if (told == nullptr) {
        ASSERT_GT(distance, margin) << key << " at " << said(p);
      } else if (told->all_inside) {
        ASSERT_LE(distance, -margin) << key << " at " << said(p);
      }
    }
  }
}

TEST_P(ManyRegions, NoneOnTheWayIsMissed) {
  candidates found;
  std::vector<double> crossed;
  for (int i = 0; i < 1500; ++i) {
    if (i < 200 || i % 10 == 0) change();
    const point a = somewhere();
    const point b = walk(a, dice.between(0, 360), dice.log_between(1, 300'000));
    index.along(a, b, 0, found);
    for (const auto& [key, one] : all) {
      crossed.clear();
      one.second.crossings(a, b, crossed);
      const bool touched = one.second.contains(a) || one.second.contains(b) || !crossed.empty();
      const auto* told = in(found, key);
      ASSERT_TRUE(told != nullptr || !touched) << key << " from " << said(a) << " to " << said(b);
      if (told != nullptr && told->all_inside) {
        ASSERT_TRUE(one.second.contains(a) && one.second.contains(b) && crossed.empty()) << key;
      }
    }
  }
}

TEST_P(ManyRegions, ATruckThatIsRememberedIsToldWhatOneWouldBeThatIsNot) {
  region_index::memo of_points, of_ways;
  keys last;
  candidates last_near, found;
  std::size_t known = 0;
  point truck = somewhere();
  double bearing = 0;
  for (int i = 0; i < 6000; ++i) {
    if (i < 200 || i % 50 == 0) change();
    if (i % 100 == 0) truck = somewhere();
    const point before = truck;
    bearing += dice.between(-20, 20);
    truck = walk(truck, bearing, dice.between(0, 125));
    if (dice.one_in(50)) truck.longitude = 180;
    if (i % 40 == 39) change_around(truck);
    known += index.containing(truck, of_points, last) ? 0 : 1;
    auto sorted = last;
    std::ranges::sort(sorted);
    ASSERT_EQ(sorted, ask_all(truck)) << said(truck);

    if (index.along(before, truck, 20, of_ways, found)) {
      last_near = found;
      continue;
    }
    ++known;
    for (const auto& [key, all_inside] : last_near) ASSERT_TRUE(all_inside);
    for (const auto& [key, one] : all) {
      const double distance = one.second.signed_distance_m(truck);
      ASSERT_TRUE(in(last_near, key) != nullptr ? distance <= -20 : distance > 20) << key << " at " << said(truck);
    }
  }
  EXPECT_GT(known, 1000U);
}

TEST_P(ManyRegions, NothingIsLeftOfThoseThatWent) {
  for (int i = 0; i < 500; ++i) change();
  const auto most = index.bytes();
  for (std::uint32_t key = 0; key < keys_max; ++key) index.erase(key);
  EXPECT_EQ(index.size(), 0U);
  all.clear();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(ask(dice.anywhere()).empty());
  for (int i = 0; i < 300; ++i) change();
  EXPECT_LT(index.bytes(), 2 * most);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ManyRegions, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace haulcast::geo
