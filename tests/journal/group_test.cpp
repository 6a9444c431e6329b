#include "haulcast/journal/group.hpp"

#include <gtest/gtest.h>

#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;

TEST(RecordCursor, WalksThroughTheRecordsWithTheirOffsets) {
  const group g = group_of(7, {"one", "", "three"});
  std::vector<std::pair<offset_t, std::string>> seen;
  for (record_cursor c{g}; c.valid(); c.next()) seen.emplace_back(c.offset(), c.bytes());
  EXPECT_EQ(seen, (std::vector<std::pair<offset_t, std::string>>{{7, "one"}, {8, ""}, {9, "three"}}));
  EXPECT_EQ(g.last(), 9u);
}

TEST(RecordCursor, EndsEarlyAtBytesThatAreNoGroup) {
  const group whole = group_of(1, {"one", "two", "three"});
  for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
    group cut = whole;
    cut.bytes.resize(size);
    EXPECT_LT(records_of(cut).size(), 3u);
  }
  group lying = group_of(1, {"one"});
  lying.count = 1'000'000;
  EXPECT_EQ(records_of(lying).size(), 1u);
  lying.bytes.replace(0, 4, "\xFF\xFF\xFF\xFF", 4);
  EXPECT_TRUE(records_of(lying).empty());
}

}  // namespace
}  // namespace haulcast::journal
