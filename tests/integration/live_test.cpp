// GET /v1/ws as customers' and dispatchers' apps use it.
#include <algorithm>
#include <csignal>
#include <map>
#include <set>

#include "integration/raw_connection.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

client::ws_client connected(client::ws_client ws) {
  const auto refused = ws.connect();
  EXPECT_FALSE(refused) << refused->what;
  return ws;
}

client::ws_client with_token(const server& s, const std::string& token) {
  client::ws_options o;
  o.token = token;
  return client::ws_client{s.base(), std::move(o)};
}

/// What was sent before has been answered; anything that came until then.
std::vector<json> frames_until_pong(client::ws_client& ws) {
  std::vector<json> frames;
  ws.send(R"({"type":"ping"})");
  for (;;) {
    const auto text = ws.receive(20s);
    if (!text) break;
    auto frame = json::parse(*text);
    if (frame.at("type") == "pong") return frames;
    frames.push_back(std::move(frame));
  }
  ADD_FAILURE() << "no pong";
  return frames;
}

TEST(Live, TheTokenComesInTheHeaderOrAsASubprotocol) {
  server s;
  auto header = connected(s.ws());
  EXPECT_EQ(header.subprotocol(), "haulcast.v1");
  client::ws_options o;
  o.token_in = client::ws_options::carried::subprotocol;
  auto subprotocol = connected(s.ws("driver", {"TRK-1"}, o));
  EXPECT_EQ(subprotocol.subprotocol(), "haulcast.v1");
  EXPECT_TRUE(frames_until_pong(subprotocol).empty());
}

TEST(Live, TheAddressMayCarryTheTokenOnlyWhereThatIsAllowed) {
  for (const char* allowed : {"false", "true"}) {
    server s({.environment = {{"HAULCAST_AUTH__QUERY_TOKEN", allowed}, {"HAULCAST_LOG__LEVEL", "trace"}}});
    client::ws_options o;
    o.target = "/v1/ws?access_token=" + s.token();
    client::ws_client ws{s.base(), o};
    const auto refused = ws.connect();
    EXPECT_EQ(refused ? refused->status : 101u, allowed == std::string_view{"true"} ? 101u : 401u);
    EXPECT_EQ(s.stop().code, 0);
    EXPECT_EQ(s.log().find(o.target.substr(20)), std::string::npos) << "the token is in the log";
  }
}

TEST(Live, WithoutATokenThatHoldsThereIsNoConnection) {
  server s;
  token_claims old{.role = "admin"};
  old.expires_in = -60s;
  for (const auto& token : {std::string{}, std::string{"nonsense"}, sign_token(old, server::secret())}) {
    const auto refused = with_token(s, token).connect();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 401u);
  }
  raw_connection raw{s.base()};
  raw.send("GET /v1/ws HTTP/1.1\r\nHost: " + s.base().authority() +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  const auto answer = raw.read_to_end(20s).value_or("");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
  EXPECT_NE(answer.find("WWW-Authenticate: Bearer"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\"token_missing\""), std::string::npos) << answer;
  auto admin = s.as();
  expect_problem(admin.get("/v1/ws"), 426, "upgrade_required");
}

TEST(Live, ASubscriberGetsTheNewestAtOnceThenEveryPositionInOrder) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  must_post(admin, {driving("TRK-1", begin, 1), driving("TRK-1", begin, 2), driving("TRK-2", begin, 1)});
  auto ws = connected(s.ws("driver", {"TRK-1"}));
  const auto told = subscribe(ws, {{"trucks", {"TRK-1", "TRK-2"}}});
  EXPECT_EQ(told.at("trucks"), json::array({"TRK-1"}));
  EXPECT_EQ(told.at("deliveries"), json::array());
  EXPECT_EQ(told.at("denied"), json::parse(R"([{"truck_id":"TRK-2","code":"not_found"}])"));
  EXPECT_FALSE(told.at("at").get<std::string>().empty());
  const auto snapshot = next_positions(ws, 1);
  ASSERT_EQ(snapshot.size(), 1u);
  EXPECT_EQ(snapshot[0], driving("TRK-1", begin, 2));

  std::vector<json> many;
  for (int i = 3; i < 53; ++i) {
    many.push_back(driving("TRK-1", begin - 60'000 + i * 1000, i));
    many.back()["timestamp"] = rfc3339(begin + i * 1000);
  }
  must_post(admin, many);
  must_post(admin, {driving("TRK-2", begin, 2), driving("TRK-1", begin, 1)});
  const auto live = next_positions(ws, 50);
  ASSERT_EQ(live.size(), 50u);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(live[i].at("timestamp"), many[i].at("timestamp"));
  EXPECT_TRUE(frames_until_pong(ws).empty()) << "neither another's truck, nor a duplicate";
}

TEST(Live, AfterUnsubscribeNothingComes) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  auto ws = connected(s.ws());
  subscribe(ws, {{"trucks", {"A", "B"}}, {"events", {"stop.*"}}});
  must_post(admin, {driving("A", begin, 1)});
  EXPECT_EQ(next_positions(ws, 1).size(), 1u) << "a truck that was not known yet waits";
  ws.send(R"({"type":"unsubscribe","trucks":["A"]})");
  EXPECT_EQ(next_frame(ws, "unsubscribed").at("trucks"), json::array({"A"}));
  must_post(admin, {driving("A", begin, 2), driving("B", begin, 1)});
  const auto live = next_positions(ws, 1);
  ASSERT_EQ(live.size(), 1u);
  EXPECT_EQ(live[0].at("truck_id"), "B");
  EXPECT_TRUE(frames_until_pong(ws).empty());
}

TEST(Live, ABoxFollowsWhatDrivesIntoIt) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  auto ws = connected(s.ws());
  subscribe(ws, {{"bbox", {8.0, 47.3771, 9.0, 48.0}}, {"events", {"stop.*"}}});
  for (int i = 0; i < 5; ++i) must_post(admin, {driving("TRK-1", begin, i)});  // 47.3769, 47.3770, 47.3771 ...
  const auto seen = next_positions(ws, 3);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].at("timestamp"), rfc3339(begin + 2000));
  ws.send(R"({"type":"unsubscribe","bbox":true})");
  EXPECT_EQ(next_frame(ws, "unsubscribed").at("bbox"), true);
  must_post(admin, {driving("TRK-1", begin, 5)});
  EXPECT_TRUE(frames_until_pong(ws).empty());
}

TEST(Live, AnAdminMayFollowAllAndNobodyElse) {
  server s;
  auto admin = s.as();
  std::vector<json> fleet;
  for (int i = 0; i < 600; ++i) fleet.push_back(driving("TRK-" + std::to_string(i), now_ms() - 5000, 1));
  must_post(admin, fleet);
  auto ws = connected(s.ws());
  subscribe(ws, {{"all", true}});
  std::set<std::string> trucks;
  std::size_t told = 0;
  while (told < 600) {
    const auto frame = next_frame(ws, "positions");
    ASSERT_FALSE(frame.is_null());
    EXPECT_LE(frame.at("positions").size(), 500u);
    for (const auto& p : frame.at("positions")) trucks.insert(p.at("truck_id"));
    told += frame.at("positions").size();
  }
  EXPECT_EQ(told, 600u);
  EXPECT_EQ(trucks.size(), 600u);

  for (const char* role : {"driver", "customer", "merchant"}) {
    auto other = connected(with_token(s, token_of(role)));
    other.send(R"({"type":"subscribe","all":true})");
    EXPECT_EQ(next_frame(other, "error").at("code"), "not_allowed");
    EXPECT_TRUE(frames_until_pong(other).empty()) << "the connection lives";
  }
}

TEST(Live, EventsComeWithTheInterestAndAreNarrowedByType) {
  server s({.environment = {{"HAULCAST_ENGINE__OFFLINE_AFTER_S", "1"}}});
  auto admin = s.as();
  auto everything = connected(s.ws());
  auto offline_only = connected(s.ws());
  subscribe(everything, {{"trucks", {"TRK-1"}}});
  subscribe(offline_only, {{"trucks", {"TRK-1"}}, {"events", {"truck.offline"}}});
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1), driving("TRK-2", now_ms() - 5000, 1)});
  const auto online = next_frame(everything, "event").at("event");
  EXPECT_EQ(online.at("type"), "truck.online");
  EXPECT_EQ(online.at("specversion"), "1.0");
  EXPECT_EQ(online.at("data").at("truck_id"), "TRK-1");
  EXPECT_EQ(next_frame(everything, "event").at("event").at("type"), "truck.offline");
  EXPECT_EQ(next_frame(offline_only, "event").at("event").at("type"), "truck.offline");
}

TEST(Live, ABoxBringsTheEventsThatHappenInIt) {
  server s;
  auto admin = s.as();
  auto ws = connected(s.ws());
  subscribe(ws, {{"bbox", {8.0, 47.0, 9.0, 48.0}}});
  auto elsewhere = driving("FAR", now_ms() - 5000, 1);
  elsewhere["latitude"] = 46.0;
  must_post(admin, {elsewhere, driving("NEAR", now_ms() - 5000, 1)});
  EXPECT_EQ(next_frame(ws, "event").at("event").at("data").at("truck_id"), "NEAR");
}

TEST(Live, SinceGoesOnAcrossARestartWithoutGapOrRepeat) {
  server s;
  const auto appear = [&](api& as, int truck) { must_post(as, {driving("TRK-" + std::to_string(truck), now_ms() - 5000, 1)}); };
  std::string since;
  {
    auto admin = s.as();
    auto ws = connected(s.ws());
    since = subscribe(ws, {{"all", true}}).at("at");
    for (int i = 0; i < 10; ++i) appear(admin, i);
    for (int i = 0; i < 4; ++i) since = next_frame(ws, "event").at("event").at("id");
    ws.abort();
  }
  s.restart();
  auto admin = s.as();
  for (int i = 10; i < 20; ++i) appear(admin, i);
  auto ws = connected(s.ws());
  subscribe(ws, {{"all", true}, {"since", since}});
  for (int i = 20; i < 30; ++i) appear(admin, i);
  for (int i = 4; i < 30; ++i) {
    const auto event = next_frame(ws, "event").at("event");
    EXPECT_EQ(event.at("data").at("truck_id"), "TRK-" + std::to_string(i));
    EXPECT_LT(since, event.at("id").get<std::string>());
    since = event.at("id");
  }
  for (const auto& frame : frames_until_pong(ws)) EXPECT_NE(frame.at("type"), "event") << frame;
}

TEST(Live, WhatCannotBeResumedIsToldAndGoesOnWithTheNewest) {
  server s;
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1)});
  auto ws = connected(s.ws());
  std::string ahead = subscribe(ws, {{"trucks", {"TRK-9"}}}).at("at");
  ahead[0] = '9';
  ws.send(json{{"type", "subscribe"}, {"all", true}, {"since", ahead}}.dump());
  bool expired = false;
  bool snapshot = false;
  while (!expired || !snapshot) {
    const auto text = ws.receive(20s);
    ASSERT_TRUE(text);
    const auto frame = json::parse(*text);
    expired |= frame.value("code", "") == "resume_expired";
    snapshot |= frame.at("type") == "positions";
  }
  must_post(admin, {driving("TRK-2", now_ms() - 5000, 1)});
  EXPECT_EQ(next_frame(ws, "event").at("event").at("data").at("truck_id"), "TRK-2");
}

TEST(Live, TrackOfADeliveryNobodyKnowsIsAnOpenConnectionThatIsDenied) {
  server s;
  client::ws_options o;
  o.target = "/ws/track/D-1";
  o.token = token_of("customer");
  auto ws = connected(client::ws_client{s.base(), o});
  const auto told = next_frame(ws, "subscribed");
  EXPECT_EQ(told.at("denied"), json::parse(R"([{"delivery_id":"D-1","code":"not_found"}])"));
}

TEST(Live, ABadFrameIsAnsweredAndTheEleventhWithinAMinuteEndsIt) {
  server s;
  auto ws = connected(s.ws());
  const std::pair<const char*, const char*> bad[] = {{"{", "malformed_json"},
                                                     {"[]", "frame_not_an_object"},
                                                     {R"({"x":1})", "type_missing"},
                                                     {R"({"type":"subscribee"})", "unknown_type"},
                                                     {R"({"type":"subscribe","truck":["A"]})", "unknown_member"},
                                                     {R"({"type":"subscribe","trucks":"A"})", "field_type_invalid"},
                                                     {R"({"type":"subscribe","trucks":["A B"]})", "truck_id_invalid"},
                                                     {R"({"type":"subscribe","bbox":[1,2,3]})", "bbox_invalid"},
                                                     {R"({"type":"subscribe","max_rate_hz":51})", "max_rate_out_of_range"},
                                                     {R"({"type":"subscribe","since":"x"})", "since_invalid"}};
  for (const auto& [frame, code] : bad) {
    ws.send(frame);
    const auto error = next_frame(ws, "error");
    EXPECT_EQ(error.at("code"), code) << frame;
    EXPECT_FALSE(error.at("detail").get<std::string>().empty());
  }
  EXPECT_TRUE(frames_until_pong(ws).empty());
  ws.send("{");
  next_frame(ws, "error");
  EXPECT_FALSE(ws.receive(20s));
  ASSERT_TRUE(ws.ended());
  EXPECT_EQ(ws.ended()->code, 1008);
}

TEST(Live, MaxRateConflatesToTheNewest) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - 600'000;
  auto ws = connected(s.ws());
  subscribe(ws, {{"trucks", {"TRK-1"}}, {"events", {"stop.*"}}, {"max_rate_hz", 2}});
  for (int i = 0; i < 100; ++i) must_post(admin, {driving("TRK-1", begin, i)});
  std::vector<json> seen;
  do {
    for (auto& p : next_positions(ws, 1)) seen.push_back(std::move(p));
  } while (!seen.empty() && seen.back().at("timestamp") != rfc3339(begin + 99'000) && seen.size() < 100);
  EXPECT_LT(seen.size(), 60u) << "positions were conflated";
  EXPECT_EQ(seen.back().at("timestamp"), rfc3339(begin + 99'000));
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_LT(seen[i - 1].at("timestamp"), seen[i].at("timestamp"));
}

/// Reads nothing until it is told to, and has little room in between.
client::ws_client slow_subscriber(const server& s) {
  client::ws_options o;
  o.receive_buffer = 4096;
  return connected(s.ws("admin", {}, o));
}

TEST(Live, ASlowSubscriberGetsTheNewestOfEachTruckAndNeverAnOlderOneBehindIt) {
  server s({.environment = {{"HAULCAST_HUB__MAX_PENDING_BYTES", "4 KiB"}}});
  auto admin = s.as();
  auto ws = slow_subscriber(s);
  subscribe(ws, {{"all", true}, {"events", {"stop.*"}}});
  const auto begin = now_ms() - 3'600'000;
  constexpr int steps = 1000;
  for (int i = 0; i < steps; i += 50) {
    std::vector<json> positions;
    for (int step = i; step < i + 50; ++step) {
      for (const char* truck : {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"})
        positions.push_back(driving(truck, begin, step));
    }
    must_post(admin, positions);
  }
  std::map<std::string, std::string> newest;
  std::size_t seen = 0;
  const std::string last = rfc3339(begin + (steps - 1) * 1000);
  const auto all_there = [&] {
    return newest.size() == 10 && std::ranges::all_of(newest, [&](const auto& n) { return n.second == last; });
  };
  while (!all_there()) {
    const auto got = next_positions(ws, 1);
    ASSERT_FALSE(got.empty());
    for (const auto& p : got) {
      const std::string at = p.at("timestamp");
      EXPECT_LT(newest[p.at("truck_id")], at);
      newest[p.at("truck_id")] = at;
      ++seen;
    }
  }
  EXPECT_LT(seen, 10u * steps) << "nothing was conflated: the test says nothing";
  EXPECT_GT(metric(admin.get("/metrics").raw.body, "haulcast_positions_conflated_total").value_or(0), 0);
}

TEST(Live, WhoFallsBehindInEventsIsClosedWith1013AndComesBackWithoutGapOrRepeat) {
  server s({.environment = {{"HAULCAST_HUB__MAX_PENDING_EVENTS", "100"}}});
  auto admin = s.as();
  std::string since;
  std::vector<std::string> told;
  const auto read_events = [&](client::ws_client& ws, std::size_t until) {
    while (told.size() < until) {
      const auto text = ws.receive(20s);
      if (!text) return;
      const auto frame = json::parse(*text);
      if (frame.at("type") != "event") continue;
      EXPECT_LT(since, frame.at("event").at("id").get<std::string>());
      since = frame.at("event").at("id");
      told.push_back(frame.at("event").at("data").at("truck_id"));
    }
  };
  auto ws = slow_subscriber(s);
  since = subscribe(ws, {{"all", true}}).at("at");
  std::size_t trucks = 0;
  const auto appear = [&](std::size_t count) {
    std::vector<json> positions;
    for (; count > 0; --count) positions.push_back(driving("TRK-" + std::to_string(trucks++), now_ms() - 5000, 1));
    must_post(admin, positions);
  };
  const auto overflown = [&] {
    appear(200);
    return metric(admin.get("/metrics").raw.body, "haulcast_live_overflows_total").value_or(0) > 0;
  };
  ASSERT_TRUE(eventually(overflown));
  read_events(ws, trucks);
  ASSERT_TRUE(ws.ended()) << "it kept up: the test says nothing";
  EXPECT_EQ(ws.ended()->code, 1013);
  appear(1000);
  auto back = connected(s.ws());
  subscribe(back, {{"all", true}, {"since", since}});
  read_events(back, trucks);
  ASSERT_EQ(told.size(), trucks);
  for (std::size_t i = 0; i < trucks; ++i) ASSERT_EQ(told[i], "TRK-" + std::to_string(i));
}

TEST(Live, ATokenThatExpiresEndsTheConnection) {
  server s;
  token_claims short_lived{.role = "admin"};
  short_lived.expires_in = -27s;  // the leeway is 30 s
  auto ws = connected(with_token(s, sign_token(short_lived, server::secret())));
  EXPECT_FALSE(ws.receive(20s));
  ASSERT_TRUE(ws.ended());
  EXPECT_EQ(ws.ended()->code, 4401);
}

TEST(Live, ShutdownClosesWithGoingAway) {
  server s;
  auto ws = connected(s.ws());
  subscribe(ws, {{"all", true}});
  s.process().signal(SIGTERM);
  EXPECT_FALSE(ws.receive(20s));
  ASSERT_TRUE(ws.ended());
  EXPECT_EQ(ws.ended()->code, 1001);
  const auto ended = s.process().wait(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0);
}

}  // namespace
}  // namespace haulcast::support
