#include "haulcast/client/watch_board.hpp"

#include <gtest/gtest.h>

namespace haulcast::client {
namespace {

const utc_time noon = from_epoch_ms(1'800'000'000'000);

live_position at(std::string truck, seconds later) { return {std::move(truck), noon + later, {47, 8}, 50}; }

TEST(WatchBoard, ShowsEachTruckOnceAndNewest) {
  watch_board board;
  EXPECT_TRUE(board.update(at("B", seconds{0})));
  EXPECT_TRUE(board.update(at("A", seconds{0})));
  EXPECT_TRUE(board.update(at("B", seconds{5})));
  EXPECT_FALSE(board.update(at("B", seconds{5})));
  EXPECT_FALSE(board.update(at("B", seconds{4})));
  EXPECT_EQ(board.draw(noon + seconds{7}, 10, 200, false),
            "2 trucks\n"
            "A                  50.0 km/h    47.00000,    8.00000  7 s ago\n"
            "B                  50.0 km/h    47.00000,    8.00000  2 s ago\n");
}

TEST(WatchBoard, TheLatestTrucksHaveTheRoom) {
  watch_board board;
  for (const char* truck : {"A", "B", "C"}) board.update(at(truck, seconds{0}));
  board.update(at("A", seconds{1}));
  const std::string text = board.draw(noon, 3, 8, false);
  EXPECT_EQ(text, "3 trucks\nA       \nC       \n");
}

TEST(WatchBoard, KeepsTheNewestEvents) {
  watch_board board;
  for (int i = 0; i < 7; ++i) board.add({std::to_string(i), "type." + std::to_string(i), "truck/A", "t"});
  const std::string text = board.draw(noon, 24, 80, false);
  EXPECT_EQ(text.find("type.1"), std::string::npos);
  EXPECT_NE(text.find("type.2"), std::string::npos);
  EXPECT_NE(text.find("type.6"), std::string::npos);
}

TEST(PositionLine, UnknownSpeedIsNotZero) {
  live_position p = at("A", seconds{0});
  p.speed_kmh = -1;
  EXPECT_EQ(position_line(p, noon + seconds{119}), "A                     - km/h    47.00000,    8.00000  119 s ago");
  EXPECT_TRUE(position_line(p, noon + seconds{120}).ends_with("  2 min ago"));
  EXPECT_TRUE(position_line(p, noon + seconds{7200}).ends_with("  2 h ago"));
  EXPECT_TRUE(position_line(p, noon - seconds{1}).ends_with("ahead of this clock"));
}

TEST(LiveFrame, RefusesWhatIsNotTheContract) {
  for (const char* bad : {"", "[]", R"({"type":"positions"})", R"({"type":"positions","positions":[{}]})",
                          R"({"type":"event"})", R"({"type":"event","event":{}})",
                          R"({"type":"positions","positions":[{"truck_id":"A","timestamp":"x","latitude":1,"longitude":2}]})"})
    EXPECT_FALSE(parse_live_frame(bad)) << bad;
  EXPECT_EQ(parse_live_frame(R"({"type":"new"})").value().what, live_frame::kind::other);
}

TEST(LiveFrame, CannotPutControlCharactersOnATerminal) {
  const auto frame = parse_live_frame(R"({"type":"error","code":"c\u001b","detail":"\u0007x"})").value();
  EXPECT_EQ(frame.code, "c?");
  EXPECT_EQ(frame.detail, "?x");
}

}  // namespace
}  // namespace haulcast::client
