// Peers that are slow, silent, wrong, or gone, and how a conversation ends.
#include <gtest/gtest.h>
#include <algorithm>

#include "ws/stage.hpp"

namespace haulcast::ws {
namespace {

using namespace words;

class Peer : public ::testing::Test {
 protected:
  journal::scratch::directory dir;
};

TEST_F(Peer, ACloseIsAnsweredWithItsCodeAndTheConnectionEnds) {
  stage s{dir.path()};
  const auto p = s.connect();
  p->answers_close = false;
  s.ask(p, {{"type", "ping"}});
  p->send_close(1000);
  ASSERT_TRUE(s.until([&] { return p->ended; }));
  EXPECT_EQ(p->close_code, 1000);
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 0; }));
  EXPECT_EQ(s.live.metrics().closed.at(1000), 1U);
  EXPECT_EQ(s.fan_out.subscribers(), 0U);
}

TEST_F(Peer, CodesOfThePeersOwnAreCountedTogether) {
  stage s{dir.path()};
  for (std::uint16_t code = 3'000; code < 3'010; ++code) {
    const auto p = s.connect();
    p->answers_close = false;
    p->send_close(code);
    ASSERT_TRUE(s.until([&] { return p->ended; }));
    EXPECT_EQ(p->close_code, code);
  }
  EXPECT_EQ(s.live.metrics().closed.size(), 1U);
}

TEST_F(Peer, ShutdownClosesEveryConnectionWith1001) {
  stage s{dir.path()};
  std::vector<std::shared_ptr<peer>> peers;
  for (int i = 0; i < 100; ++i) {
    peers.push_back(s.connect());
    peers.back()->send({{"type", "subscribe"}, {"all", true}});
  }
  ASSERT_TRUE(s.until([&] { return !peers.back()->texts.empty(); }));
  s.live.close_all();
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 0; }));
  for (const auto& p : peers) EXPECT_EQ(p->close_code, 1001);
  const auto late = s.connect();
  EXPECT_TRUE(s.until([&] { return late->close_code == 1001; }));
}

TEST_F(Peer, EventsThatWaitGoOutBeforeTheClose) {
  stage s{dir.path(), stage::tight()};
  const auto p = s.connect_slow();
  p->send({{"type", "subscribe"}, {"all", true}});
  s.pass(20ms);
  for (int i = 0; i < 200; ++i) s.take({{"TRK-" + std::to_string(i), 0}});
  s.live.close_all();
  s.reads(p);
  ASSERT_TRUE(s.until([&] { return p->close_code.has_value(); }));
  std::vector<std::string> ids;
  event_ids(p->texts, ids);
  EXPECT_EQ(ids.size(), 200U);
}

TEST_F(Peer, ATokenThatExpiresEndsTheConnectionWith4401) {
  stage s{dir.path()};
  auto who = admin();
  who->expires = system_now() + 300ms;
  const auto p = s.connect(who);
  const auto other = s.connect();
  EXPECT_EQ(s.ask(p, {{"type", "ping"}}).at("type"), "pong");
  ASSERT_TRUE(s.until([&] { return p->close_code.has_value(); }));
  EXPECT_EQ(p->close_code, 4401);
  EXPECT_GE(system_now(), who->expires);
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 1; }));
  EXPECT_EQ(s.ask(other, {{"type", "ping"}}).at("type"), "pong");
}

TEST_F(Peer, RevokedSubjectsLoseTheirConnectionsAndNobodyElseDoes) {
  stage s{dir.path()};
  const auto lost = [] {
    auto who = admin();
    who->subject = "lost-phone";
    return who;
  };
  std::vector<std::shared_ptr<peer>> theirs;
  std::vector<std::shared_ptr<peer>> others;
  for (int i = 0; i < 300; ++i) {  // two in each bucket: all buckets must be looked at
    theirs.push_back(s.connect(lost()));
    others.push_back(s.connect());
  }
  s.live.revoke([](const auth::principal& who) { return who.subject == "lost-phone"; });
  ASSERT_TRUE(s.until([&] { return std::ranges::all_of(theirs, [](const auto& p) { return p->close_code == 4401; }); }));
  EXPECT_TRUE(s.until([&] { return s.live.connections() == others.size(); }));
  for (const auto& p : {others.front(), others.back()}) EXPECT_EQ(s.ask(p, {{"type", "ping"}}).at("type"), "pong");
}

TEST_F(Peer, ARevokedSubjectThatReadsNothingIsDroppedAllTheSame) {
  auto options = stage::tight();
  options.close_timeout = 100ms;
  stage s{dir.path(), options};
  const auto slow = s.connect_slow();
  slow->send(json{{"type", "subscribe"}, {"all", true}});
  for (int i = 0; i < 200; ++i) slow->send(json{{"type", "ping"}});
  s.pass(50ms);
  s.live.revoke([](const auth::principal&) { return true; });
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 0; }));
}

struct violation {
  const char* name;
  std::string bytes;
  std::uint16_t code;
};
class Violation : public Peer, public ::testing::WithParamInterface<violation> {};

TEST_P(Violation, IsAnsweredWithACloseThatArrives) {
  stage s{dir.path()};
  const auto p = s.connect();
  p->answers_close = false;
  p->send_bytes(GetParam().bytes + std::string(200'000, 'x'));  // and goes on talking, which must not break the close
  ASSERT_TRUE(s.until([&] { return p->close_code.has_value(); }));
  EXPECT_EQ(p->close_code, GetParam().code);
  p->vanish();
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 0; }));
}
INSTANTIATE_TEST_SUITE_P(All, Violation,
                         ::testing::Values(violation{"unmasked", peer::frame_of(1, "{}", false), 1002},
                                           violation{"reserved_bit", std::string("\xC1\x80\0\0\0\0", 6), 1002},
                                           violation{"unknown_opcode", peer::frame_of(3, "x"), 1002},
                                           violation{"not_utf8", peer::frame_of(1, "\xC3\x28"), 1007},
                                           violation{"too_big", peer::frame_of(1, std::string(65'537, ' ')), 1009},
                                           violation{"close_code_not_allowed", peer::frame_of(8, std::string("\x03\xED", 2)),
                                                     1002}),
                         [](const auto& info) { return info.param.name; });

TEST_F(Peer, AFrameOfExactlyTheMostIsTaken) {
  stage s{dir.path()};
  const auto p = s.connect();
  std::string ping = R"({"type":"ping"})";
  ping += std::string(65'536 - ping.size(), ' ');
  p->say(ping);
  EXPECT_EQ(json::parse(s.next(p)).at("type"), "pong");
}

TEST_F(Peer, WhoSendsByteByByteIsUnderstood) {
  stage s{dir.path()};
  s.take({{"TRK-1", 0, 30}});
  const auto p = s.connect();
  p->answers_pings = false;  // in the middle of a frame
  for (const char c : peer::frame_of(1, R"({"type":"subscribe","trucks":["TRK-1"]})") + peer::frame_of(9, "still here")) {
    p->send_bytes({&c, 1});
    s.pass(1ms);
  }
  EXPECT_EQ(json::parse(s.next(p)).at("type"), "subscribed");
  EXPECT_EQ(speeds_in(s.next(p)), "TRK-1 30");
  EXPECT_TRUE(s.until([&] { return p->pongs.size() == 1; }));
}

TEST_F(Peer, WhoVanishesIsForgotten) {
  stage s{dir.path()};
  const auto p = s.connect();
  s.ask(p, {{"type", "subscribe"}, {"all", true}});
  p->vanish();
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 0; }));
  EXPECT_EQ(s.live.metrics().closed.at(1006), 1U);
  EXPECT_EQ(s.fan_out.subscribers(), 0U);
  s.take({{"TRK-1", 0}});
}

TEST_F(Peer, WhoAnswersNoPingIsGoneWithinTwoIntervalsAndWhoDoesLives) {
  stage s{dir.path(), {.ping_interval = 300ms}};
  const auto silent = s.connect();
  silent->answers_pings = false;
  const auto lively = s.connect();
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(s.until([&] { return silent->ended; }));
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 900ms);
  EXPECT_GE(silent->pings, 1);
  EXPECT_EQ(s.live.metrics().dead_peers, 1U);
  s.pass(900ms);
  EXPECT_FALSE(lively->ended);
  EXPECT_GE(lively->pings, 3);
}

// Its pings wait behind much that it reads slowly: it is not dead, and its commands are not read meanwhile.
TEST_F(Peer, WhoReadsSlowlyIsNotTakenForDead) {
  stage s{dir.path(), {.ping_interval = 300ms, .send_buffer_bytes = 4'096}};
  std::vector<std::shared_ptr<pipeline::words::answer>> answers;
  for (int i = 0; i < 6'000; ++i) answers.push_back(s.submit({{"TRK-" + std::to_string(i), 0}}));
  ASSERT_TRUE(s.until([&] { return answers.back()->got.has_value(); }));
  const auto p = s.connect_slow();
  p->send({{"type", "subscribe"}, {"all", true}, {"since", "0"}});
  std::vector<std::string> ids;
  for (int i = 0; i < 100 && !p->ended; ++i) {  // two seconds at about 400 KB/s
    s.pass(20ms);
    p->poll(8'000);
    event_ids(p->texts, ids);
  }
  EXPECT_FALSE(p->ended);
  EXPECT_EQ(s.live.metrics().dead_peers, 0U);
  s.reads(p);
  EXPECT_TRUE(s.until([&] {
    event_ids(p->texts, ids);
    return ids.size() == 6'000;
  }));
}

TEST_F(Peer, ASlowReaderHoldsABoundedAmountAndGetsTheNewestOfEachTruck) {
  stage s{dir.path(), stage::tight()};
  const auto p = s.connect_slow();
  p->send({{"type", "subscribe"}, {"all", true}, {"events", {"geofence.*"}}});
  s.pass(20ms);
  std::size_t most = 0;
  for (int second = 0; second < 200; ++second) {
    s.take(s.trucks(100, second, second));
    most = std::max(most, s.fan_out.pending_bytes());
  }
  EXPECT_LE(most, 65'536U + 1'000);
  EXPECT_GT(s.fan_out.metrics().positions_conflated, 10'000U);
  s.reads(p);
  board b;
  ASSERT_TRUE(s.until([&] {
    b.show(p->texts);
    return b.speeds["TRK-0"] == 199 && b.speeds["TRK-99"] == 199;
  }));
  for (const auto& [id, speed] : b.speeds) EXPECT_EQ(speed, 199) << id;
  EXPECT_LT(b.positions, 5'000U);
}

TEST_F(Peer, WhoKeepsUpGetsEveryPosition) {
  stage s{dir.path()};
  const auto p = s.connect();
  s.ask(p, {{"type", "subscribe"}, {"all", true}});
  board b;
  for (int second = 0; second < 200; ++second) {
    s.take(s.trucks(20, second, second));
    p->poll();
    b.show(p->texts);
  }
  EXPECT_TRUE(s.until([&] {
    b.show(p->texts);
    return b.positions == 4'000;
  }));
  EXPECT_EQ(s.fan_out.metrics().positions_conflated, 0U);
}

TEST_F(Peer, WhoAsksMuchAndReadsNothingIsHeardNoFurther) {
  stage s{dir.path(), stage::tight()};
  const auto p = s.connect_slow();
  for (int i = 0; i < 8'000; ++i) p->send_frame(9, std::string(125, 'p'));
  s.pass(100ms);
  s.reads(p);
  EXPECT_TRUE(s.until([&] { return p->pongs.size() == 8'000; })) << p->pongs.size();
}

TEST_F(Peer, AFrameFullOfTrucksIsObeyedInAShortTurn) {
  stage s{dir.path()};
  s.take(s.trucks(1'000, 0));
  const auto p = s.connect();
  json command{{"type", "subscribe"}, {"trucks", json::array()}};
  for (int i = 0; i < 5'900; ++i) command["trucks"].push_back("TRK-" + std::to_string(i));
  ASSERT_LT(command.dump().size(), 65'536U);
  s.pass(20ms);
  p->send(command);
  pipeline::words::turn_watch watch;
  ASSERT_TRUE(s.until([&] {
    watch.turn(s.loop);
    return !p->texts.empty();
  }));
  RecordProperty("longest_turn_us", static_cast<int>(watch.longest / 1us));
  EXPECT_LT(watch.longest, 50ms);
}

TEST_F(Peer, EverythingGoesAwayInTheMiddleOfConversations) {
  auto s = std::make_unique<stage>(dir.path(), stage::tight());
  auto slow = s->connect_slow();
  slow->send({{"type", "subscribe"}, {"all", true}, {"since", "0"}, {"max_rate_hz", 1}});
  for (int i = 0; i < 300; ++i) s->submit({{"TRK-" + std::to_string(i), 0}});
  s->pass(30ms);
  s->live.close_all();
  slow.reset();
  s.reset();
}

}  // namespace
}  // namespace haulcast::ws
