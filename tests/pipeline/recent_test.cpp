#include "haulcast/pipeline/recent.hpp"

#include <gtest/gtest.h>

namespace haulcast::pipeline {
namespace {

using journal::offset_t;

/// Groups of three records and ten bytes.
recent_groups of(std::size_t count, std::size_t bytes_max = 1'000'000) {
  recent_groups all{bytes_max};
  for (std::size_t i = 0; i < count; ++i) {
    all.push(
        std::make_shared<const journal::group>(journal::group{.first = 1 + 3 * i, .count = 3, .bytes = std::string(10, 'x')}));
  }
  return all;
}

std::vector<offset_t> firsts(const std::vector<journal::shared_group>& groups) {
  std::vector<offset_t> all;
  for (const auto& g : groups) all.push_back(g->first);
  return all;
}

TEST(RecentGroups, BetweenTwoRecordsLieTheGroupsThatHoldAnyOfThem) {
  const auto all = of(5);
  EXPECT_EQ(firsts(all.between(1, 15, 100, 1000)), (std::vector<offset_t>{1, 4, 7, 10, 13}));
  EXPECT_EQ(firsts(all.between(5, 10, 100, 1000)), (std::vector<offset_t>{4, 7, 10}));
  EXPECT_EQ(firsts(all.between(6, 6, 100, 1000)), (std::vector<offset_t>{4}));
  EXPECT_TRUE(all.between(16, 20, 100, 1000).empty());
  EXPECT_TRUE(of(0).between(1, 20, 100, 1000).empty());
}

TEST(RecentGroups, OfTooManyTheNewestAreGiven) {
  const auto all = of(5);
  EXPECT_EQ(firsts(all.between(1, 12, 2, 1000)), (std::vector<offset_t>{7, 10}));
  EXPECT_EQ(firsts(all.between(1, 15, 100, 35)), (std::vector<offset_t>{7, 10, 13}));
  EXPECT_EQ(firsts(of(5, 25).between(1, 15, 100, 1000)), (std::vector<offset_t>{10, 13})) << "the others were dropped";
}

}  // namespace
}  // namespace haulcast::pipeline
