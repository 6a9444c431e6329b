// What a client of the live channel sees, command by command.
#include <gtest/gtest.h>

#include "ws/stage.hpp"

namespace haulcast::ws {
namespace {

using namespace words;

class Session : public ::testing::Test {
 protected:
  journal::scratch::directory dir;
};

TEST_F(Session, ASubscriptionIsAnsweredThenShowsTheNewestThenGoesOnLive) {
  stage s{dir.path()};
  s.take({{"TRK-1", 0, 30}, {"TRK-1", 1, 31}, {"TRK-2", 0, 20}});
  const auto p = s.connect();
  EXPECT_EQ(s.ask(p, {{"type", "subscribe"}, {"trucks", {"TRK-1"}}}), (json{{"type", "subscribed"},
                                                                            {"trucks", {"TRK-1"}},
                                                                            {"deliveries", json::array()},
                                                                            {"denied", json::array()},
                                                                            {"at", "0000000000000002-99999"}}));
  const std::string first = s.next(p);
  EXPECT_TRUE(is_positions(first));
  EXPECT_EQ(speeds_in(first), "TRK-1 31");
  s.take({{"TRK-1", 2, 32}, {"TRK-2", 2, 22}, {"TRK-1", 3, 33}});
  EXPECT_EQ(speeds_in(s.next(p)), "TRK-1 32, TRK-1 33");
}

TEST_F(Session, EventsComeOnceAsCloudEvents) {
  stage s{dir.path()};
  const auto p = s.connect();
  s.ask(p, {{"type", "subscribe"}, {"all", true}});
  s.take({{"TRK-1", 0, 30}});
  const json event = json::parse(s.next(p));
  EXPECT_EQ(event.at("type"), "event");
  EXPECT_EQ(event.at("event").at("type"), "truck.online");
  EXPECT_EQ(event.at("event").at("id"), "0000000000000002-00000");
  EXPECT_EQ(speeds_in(s.next(p)), "TRK-1 30");
  s.pass(20ms);
  EXPECT_TRUE(p->texts.empty());
}

TEST_F(Session, WhatACallerMayNotSeeDoesNotExistForIt) {
  stage s{dir.path()};
  s.take({{"TRK-1", 0, 30}, {"TRK-2", 0, 20}});
  const auto p = s.connect(driver_of({"TRK-1"}));
  const json told = s.ask(p, {{"type", "subscribe"},
                              {"trucks", {"TRK-2", "TRK-1", "TRK-9"}},
                              {"deliveries", {"D-1"}},
                              {"bbox", {-180, -90, 180, 90}}});
  EXPECT_EQ(told.at("trucks"), json{"TRK-1"});
  EXPECT_EQ(told.at("denied"), (json{{{"truck_id", "TRK-2"}, {"code", "not_found"}},
                                     {{"truck_id", "TRK-9"}, {"code", "not_found"}},
                                     {{"delivery_id", "D-1"}, {"code", "not_found"}}}));
  s.take({{"TRK-2", 1, 21}, {"TRK-1", 1, 31}});
  board b;
  s.until([&] {
    b.show(p->texts);
    return b.speeds["TRK-1"] == 31;
  });
  EXPECT_EQ(b.speeds.size(), 1U) << "a viewport shows no more";
  EXPECT_EQ(s.ask(p, {{"type", "subscribe"}, {"all", true}}).at("code"), "not_allowed");
}

TEST_F(Session, ATruckThatIsNotKnownYetIsWaitedFor) {
  stage s{dir.path()};
  const auto p = s.connect();
  EXPECT_EQ(s.ask(p, {{"type", "subscribe"}, {"trucks", {"TRK-7"}}, {"events", {"geofence.*"}}}).at("trucks"), json{"TRK-7"});
  s.take({{"TRK-7", 0, 7}});
  EXPECT_EQ(speeds_in(s.next(p)), "TRK-7 7");
}

TEST_F(Session, UnsubscribedMeansNoMore) {
  stage s{dir.path()};
  const auto p = s.connect();
  s.ask(p, {{"type", "subscribe"},
            {"trucks", {"TRK-1", "TRK-2"}},
            {"all", true},
            {"bbox", {0, 0, 20, 60}},
            {"events", {"geofence.*"}}});
  EXPECT_EQ(
      s.ask(p, {{"type", "unsubscribe"}, {"trucks", {"TRK-1"}}, {"all", true}, {"bbox", true}}),
      (json{{"type", "unsubscribed"}, {"trucks", {"TRK-1"}}, {"deliveries", json::array()}, {"bbox", true}, {"all", true}}));
  s.take({{"TRK-1", 0, 10}, {"TRK-2", 0, 20}, {"TRK-3", 0, 30}});
  EXPECT_EQ(speeds_in(s.next(p)), "TRK-2 20");
}

TEST_F(Session, PingsAreAnsweredInBothLanguages) {
  stage s{dir.path()};
  const auto p = s.connect();
  EXPECT_EQ(s.ask(p, {{"type", "ping"}}), (json{{"type", "pong"}}));
  p->send_frame(9, "are you there");
  ASSERT_TRUE(s.until([&] { return !p->pongs.empty(); }));
  EXPECT_EQ(p->pongs.front(), "are you there");
}

TEST_F(Session, TenBadFramesAMinuteAreAnsweredAndTheEleventhCloses) {
  stage s{dir.path()};
  const auto p = s.connect();
  for (int i = 0; i < 10; ++i) {
    p->say("nonsense");
    EXPECT_EQ(json::parse(s.next(p)).at("code"), "malformed_json");
  }
  EXPECT_EQ(s.ask(p, {{"type", "ping"}}).at("type"), "pong");
  p->send_frame(2, "binary");
  EXPECT_EQ(json::parse(s.next(p)).at("code"), "frame_not_text");
  ASSERT_TRUE(s.until([&] { return p->close_code.has_value(); }));
  EXPECT_EQ(p->close_code, 1008);
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 0; }));
}

TEST_F(Session, ASnapshotComesInFramesOfAtMostAHundredEachTruckOnce) {
  stage s{dir.path()};
  s.take(s.trucks(1'203, 0));
  const auto p = s.connect();
  s.ask(p, {{"type", "subscribe"}, {"all", true}});
  board b;
  ASSERT_TRUE(s.until([&] {
    for (const auto& text : p->texts) EXPECT_LE(json::parse(text).at("positions").size(), 100U);
    b.show(p->texts);
    return b.positions >= 1'203;
  }));
  s.pass(20ms);
  b.show(p->texts);
  EXPECT_EQ(b.positions, 1'203U);
  EXPECT_EQ(b.speeds.size(), 1'203U);
  EXPECT_EQ(b.frames, 13U);
}

TEST_F(Session, ATruckNamedTwiceIsShownOnce) {
  stage s{dir.path()};
  s.take({{"TRK-1", 0, 30}});
  const auto p = s.connect();
  EXPECT_EQ(s.ask(p, {{"type", "subscribe"}, {"trucks", {"TRK-1", "TRK-1"}}}).at("trucks"), json{"TRK-1"});
  EXPECT_EQ(speeds_in(s.next(p)), "TRK-1 30");
}

TEST_F(Session, WhileASnapshotIsOnItsWayNothingIsMissedAndNothingRunsBackwards) {
  stage s{dir.path(), stage::tight()};
  s.take(s.trucks(3'000, 0, 1));
  const auto p = s.connect_slow();
  p->send({{"type", "subscribe"}, {"all", true}});
  s.pass(20ms);
  for (int second = 1; second < 30; ++second) {
    s.take(s.trucks(50, second, second));
    p->poll(20'000);
    if (second == 10) p->send({{"type", "subscribe"}, {"trucks", {"TRK-1", "TRK-2", "TRK-2999"}}, {"bbox", {0, 0, 20, 60}}});
  }
  s.reads(p);
  board b;
  ASSERT_TRUE(s.until([&] {
    b.show(p->texts);
    return b.speeds.size() == 3'000 && b.speeds["TRK-49"] == 29;
  })) << b.speeds.size();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(b.speeds["TRK-" + std::to_string(i)], 29);
}

// Positions that wait for their turn are older than a snapshot taken meanwhile.
TEST_F(Session, SubscribingAgainWhilePositionsWaitDoesNotShowTheOlderOnesAfterTheNewest) {
  stage s{dir.path(), {.outbox = {.max_pending_bytes = 10'000'000}, .send_buffer_bytes = 4'096}};
  const auto p = s.connect_slow();
  p->send({{"type", "subscribe"}, {"all", true}, {"events", {"geofence.*"}}});
  s.pass(20ms);
  for (int second = 0; second < 20; ++second) s.take(s.trucks(500, second, second));  // fills the buffers, then waits
  for (int second = 20; second < 30; ++second) s.take({{"TRK-1", second, static_cast<double>(second)}});
  ASSERT_GT(s.fan_out.pending_bytes(), 100'000U);
  p->send({{"type", "subscribe"}, {"trucks", {"TRK-1"}}});
  s.pass(20ms);
  s.reads(p);
  board b;
  ASSERT_TRUE(s.until([&] {
    b.show(p->texts);
    return b.speeds["TRK-1"] == 29;
  }));
  s.pass(50ms);
  b.show(p->texts);
  EXPECT_EQ(b.speeds["TRK-1"], 29);
}

TEST_F(Session, ARateLimitsPositionFramesAndTheNewestOfEveryTruckComesInItsTurn) {
  stage s{dir.path()};
  const auto p = s.connect();
  s.ask(p, {{"type", "subscribe"}, {"all", true}, {"max_rate_hz", 2}, {"events", {"geofence.*"}}});
  board b;
  const auto begun = std::chrono::steady_clock::now();
  for (int second = 0; second < 10; ++second) s.take(s.trucks(1'000, second, second));
  EXPECT_TRUE(s.until([&] {
    b.show(p->texts);
    return b.speeds.size() == 1'000 && b.speeds["TRK-999"] == 9 && b.speeds["TRK-0"] == 9;
  }));
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(b.frames, 2U + static_cast<std::size_t>(took / 500ms));
  EXPECT_LT(took, 2s) << "one turn is enough for all that waits";
}

TEST_F(Session, InterestsAreBoundedAndNamingOneAgainCostsNothing) {
  stage s{dir.path(), {.max_interests = 3}};
  const auto p = s.connect();
  const json two{{"type", "subscribe"}, {"trucks", {"TRK-1", "TRK-2"}}};
  EXPECT_EQ(s.ask(p, two).at("type"), "subscribed");
  EXPECT_EQ(s.ask(p, two).at("type"), "subscribed");
  EXPECT_EQ(s.ask(p, {{"type", "subscribe"}, {"trucks", {"TRK-3"}}}).at("type"), "subscribed");
  EXPECT_EQ(s.ask(p, {{"type", "subscribe"}, {"trucks", {"TRK-4"}}}).at("code"), "too_many_interests");
  EXPECT_EQ(s.ask(p, {{"type", "subscribe"}, {"all", true}}).at("code"), "too_many_interests");
}

TEST_F(Session, AWorldRebuiltWhileASnapshotIsOnItsWayLosesNothingOfIt) {
  stage s{dir.path(), stage::tight()};
  s.take(s.trucks(3'000, 0, 1));
  const auto p = s.connect_slow();
  p->send({{"type", "subscribe"}, {"all", true}});
  s.pass(20ms);
  {
    const journal::scratch::full_disk full{32};
    s.wait(s.submit({{"TRK-1", 1, 2}}));
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  s.take({{"TRK-1", 1, 3}});
  s.reads(p);
  board b;
  s.until([&] {
    b.show(p->texts);
    return b.speeds.size() == 3'000 && b.speeds["TRK-1"] == 3;
  });
  EXPECT_EQ(b.speeds.size(), 3'000U);
  EXPECT_EQ(b.speeds["TRK-1"], 3);
}

}  // namespace
}  // namespace haulcast::ws
