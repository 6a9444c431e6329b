#include "haulcast/base/edit_distance.hpp"

#include <gtest/gtest.h>

namespace {

using haulcast::edit_distance;

TEST(EditDistance, CountsTypingMistakes) {
  EXPECT_EQ(edit_distance("sync", "sync"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("snyc", "sync"), 1U);  // two neighbours swapped
  EXPECT_EQ(edit_distance("syn", "sync"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

}  // namespace
