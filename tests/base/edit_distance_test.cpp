#include "haulcast/base/edit_distance.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace {

using haulcast::edit_distance;

TEST(EditDistance, CountsTypingMistakes) {
  EXPECT_EQ(edit_distance("sync", "sync"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("snyc", "sync"), 1U);  // two neighbours swapped
  EXPECT_EQ(edit_distance("syn", "sync"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(DidYouMean, NamesTheNearestWhenItIsNear) {
  const std::array<std::string_view, 2> known{"positions", "truck_id"};
  EXPECT_EQ(haulcast::did_you_mean("postions", known), " Did you mean \"positions\"?");
  EXPECT_EQ(haulcast::did_you_mean("truckid", known), " Did you mean \"truck_id\"?");
  EXPECT_EQ(haulcast::did_you_mean("colour", known), "");
  EXPECT_EQ(haulcast::did_you_mean(std::string(1000, 'p'), known), "") << "hostile lengths are not compared";
}

}  // namespace
