#include "haulcast/engine/event.hpp"

#include <gtest/gtest.h>

namespace haulcast::engine {
namespace {

TEST(EventId, IsFixedWidthAndSortsAsText) {
  const event_id ids[] = {{0, 0}, {1, 0}, {1, 9}, {1, 10}, {1, 99'999}, {2, 0}, {10, 0}, {9'999'999'999'999'999, 0}};
  for (std::size_t i = 0; i < std::size(ids); ++i) {
    EXPECT_EQ(ids[i].to_string().size(), event_id::width);
    EXPECT_EQ(event_id::parse(ids[i].to_string()), ids[i]);
    if (i > 0) EXPECT_LT(ids[i - 1].to_string(), ids[i].to_string());
  }
  EXPECT_EQ((event_id{42, 7}.to_string()), "0000000000000042-00007");
}

TEST(EventId, ParsesOnlyWhatItWrote) {
  EXPECT_EQ(event_id::parse("0"), event_id{});
  for (const char* text : {"", "00", "42-7", "0000000000000042-0000", "0000000000000042-000070", "0000000000000042_00007",
                           "+000000000000042-00007", "-000000000000042-00007", "0000000000000042--0007",
                           " 000000000000042-00007", "00000000000000a2-00007", "0000000000000042-0000 "}) {
    EXPECT_FALSE(event_id::parse(text)) << text;
  }
}

TEST(EventType, HasItsNameOnTheWire) {
  EXPECT_EQ(to_string(event_type::truck_online), "truck.online");
  EXPECT_EQ(to_string(event_type::truck_offline), "truck.offline");
}

}  // namespace
}  // namespace haulcast::engine
