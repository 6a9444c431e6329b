#include "haulcast/engine/batch.hpp"

#include <gtest/gtest.h>

#include <set>

namespace haulcast::engine {
namespace {

TEST(Batch, KeepsTextsWhereTheyNeverMove) {
  batch b;
  std::vector<std::string_view> kept;
  for (int i = 0; i < 2000; ++i) kept.push_back(b.keep("TRK-" + std::to_string(i)));
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(kept[static_cast<std::size_t>(i)], "TRK-" + std::to_string(i));
  EXPECT_EQ(b.keep(""), "");
}

TEST(Batch, UsedAgainItIsEmptyAndNeedsNoMoreMemory) {
  batch b;
  const auto fill = [&b] {
    for (int i = 0; i < 500; ++i) b.trucks.push_back(b.keep("TRK-" + std::to_string(i)));
    b.rejected.push_back({0, reject_code::truck_id_missing, {}, b.keep("{}")});
  };
  fill();
  b.clear();
  fill();  // finds the size that it needs
  b.clear();
  EXPECT_TRUE(b.trucks.empty() && b.rejected.empty());
  const std::size_t grown = b.capacity_bytes();
  for (int i = 0; i < 3; ++i) {
    fill();
    EXPECT_EQ(b.trucks[499], "TRK-499");
    EXPECT_EQ(b.capacity_bytes(), grown);
    b.clear();
  }
}

TEST(RejectCode, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < reject_codes; ++i) names.insert(to_string(static_cast<reject_code>(i)));
  EXPECT_EQ(names.size(), reject_codes);
  EXPECT_EQ(to_string(reject_code::latitude_out_of_range), "latitude_out_of_range");
  EXPECT_EQ(to_string(reject_code::too_many_trucks), "too_many_trucks");
}

}  // namespace
}  // namespace haulcast::engine
