#include "haulcast/engine/trucks_inside.hpp"

#include <gtest/gtest.h>

#include <fmt/core.h>

#include <map>
#include <random>
#include <set>

namespace haulcast::engine {
namespace {

TEST(TrucksInside, AreThoseWhoCameAndDidNotGo) {
  trucks_inside all;
  all.come("depot", 7);
  all.come("depot", 3);
  all.come("depot", 3);
  all.come("yard", 3);
  all.go("depot", 7);
  all.go("harbour", 7);
  ASSERT_NE(all.in("depot"), nullptr);
  EXPECT_EQ(*all.in("depot"), (trucks_inside::trucks{3}));
  EXPECT_EQ(all.in("harbour"), nullptr);
  all.go("depot", 3);
  EXPECT_EQ(all.in("depot"), nullptr);
}

TEST(TrucksInside, AreWhatAMapOfSetsSays) {
  trucks_inside all;
  std::map<std::string, std::set<std::uint32_t>> expected;
  std::mt19937 dice{5};
  for (int i = 0; i < 50'000; ++i) {
    const std::string id = fmt::format("fence-{}", dice() % 2'000);
    const std::uint32_t truck = dice() % 50;
    if (dice() % 3 != 0) {
      all.come(id, truck);
      expected[id].insert(truck);
    } else {
      all.go(id, truck);
      expected[id].erase(truck);
      if (expected[id].empty()) expected.erase(id);
    }
  }
  std::size_t found = 0;
  all.for_each([&](const std::string& id, const trucks_inside::trucks& trucks) {
    ++found;
    EXPECT_TRUE(std::ranges::equal(trucks, expected.at(id)));
  });
  EXPECT_EQ(found, expected.size());
}

}  // namespace
}  // namespace haulcast::engine
