#include "haulcast/base/block_vector.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace haulcast {
namespace {

TEST(BlockVector, KeepsWhatItHoldsWhereItIs) {
  block_vector<std::string, 4> v;
  std::vector<const std::string*> places;
  for (int i = 0; i < 50; ++i) places.push_back(&v.emplace_back(std::to_string(i)));
  const auto moved = std::move(v);
  ASSERT_EQ(moved.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(&moved[i], places[i]);
    EXPECT_EQ(moved[i], std::to_string(i));
  }
}

TEST(BlockVector, ItsBackIsTheNewest) {
  block_vector<int, 2> v;
  for (int i = 0; i < 5; ++i) {
    v.emplace_back(i);
    EXPECT_EQ(v.back(), i);
  }
}

}  // namespace
}  // namespace haulcast
