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

TEST(RejectCode, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < reject_codes; ++i) names.insert(to_string(static_cast<reject_code>(i)));
  EXPECT_EQ(names.size(), reject_codes);
  EXPECT_EQ(to_string(reject_code::latitude_out_of_range), "latitude_out_of_range");
  EXPECT_EQ(to_string(reject_code::too_many_trucks), "too_many_trucks");
}

}  // namespace
}  // namespace haulcast::engine
