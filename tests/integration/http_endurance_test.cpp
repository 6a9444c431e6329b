// Peers that are slow, hang up early, ask too much at once, or ask for another protocol: each is answered or let go, leaves
// nothing behind, and costs the others nothing.
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>

#include "integration/http_attack.hpp"
#include "integration/soak_samples.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::string_literals;
using namespace std::chrono_literals;

double open_connections(server& s) { return metric(s.as().get("/metrics").raw.body, "haulcast_http_connections").value_or(-1); }

TEST(HttpEndurance, ARequestArrivesByteByByte) {
  server s;
  raw_connection c{s.base()};
  const std::string body = good_body("TRK-BYTES");
  for (const std::string& request :
       {post_positions(s, "Content-Length: " + std::to_string(body.size()) + "\r\n", body),
        post_positions(s, "Transfer-Encoding: chunked\r\n", "1\r\n{\r\n" + std::string{"0"} + "\r\n\r\n")}) {
    for (const char byte : request) c.send({&byte, 1});
    EXPECT_NE(read_answer(c).status, 0);
  }
  c.send(get_request("/healthz"));
  EXPECT_EQ(read_answer(c).status, 200);
  EXPECT_EQ(s.as().get("/v1/trucks/TRK-BYTES").status, 200);
}

TEST(HttpEndurance, AHangUpAtAnyByteLeavesNothingBehind) {
  server s;
  const std::string body = good_body("TRK-GONE");
  const std::string whole = post_positions(s, "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
  const std::string pieces = post_positions(s, "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "");
  const double descriptors = descriptors_of(s.process().pid());
  for (const std::string& request : {whole, pieces}) {
    for (std::size_t size = 0; size < request.size(); ++size) {
      raw_connection c{s.base()};
      c.send(request.substr(0, size));
    }
  }
  EXPECT_EQ(s.as().get("/v1/trucks/TRK-GONE").status, 404);
  for (int i = 0; i < 50; ++i) {
    raw_connection c{s.base()};  // gone before its answer
    c.send(whole);
  }
  EXPECT_TRUE(eventually([&] { return descriptors_of(s.process().pid()) <= descriptors + 1; }));
  EXPECT_TRUE(eventually([&] { return s.as().get("/v1/trucks/TRK-GONE").status == 200; }));
}

TEST(HttpEndurance, AFloodOfPipelinedRequestsIsAnsweredInOrder) {
  server s;
  raw_connection c{s.base()};
  const int requests = 2000;
  std::string flood;
  for (int i = 0; i < requests; ++i) flood += get_request(i % 3 == 0 ? "/healthz" : i % 3 == 1 ? "/nowhere" : "/v1/trucks");
  auto sending = std::async(std::launch::async, [&] { c.send(flood); });
  for (int i = 0; i < requests; ++i) {
    ASSERT_EQ(read_answer(c).status, i % 3 == 0 ? 200 : i % 3 == 1 ? 404 : 401) << i;
  }
  sending.get();
}

TEST(HttpEndurance, AnUpgradeIsMadeByTheBookOrNot) {
  server s;
  const auto ask = [&](const std::string& fields, const std::string& line = "GET /v1/ws HTTP/1.1") {
    return line + "\r\nHost: h\r\nAuthorization: Bearer " + s.token() + "\r\n" + fields + "\r\n";
  };
  const std::string asks = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::vector<attack> refused{
      {.name = "no key", .bytes = ask(asks + version)},
      {.name = "an empty key", .bytes = ask(asks + version + "Sec-WebSocket-Key: \r\n")},
      {.name = "a short key", .bytes = ask(asks + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n")},
      {.name = "a long key", .bytes = ask(asks + version + "Sec-WebSocket-Key: " + std::string(4000, 'A') + "==\r\n")},
      {.name = "a key that is no base64", .bytes = ask(asks + version + "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n")},
      {.name = "no version", .bytes = ask(asks + key)},
      {.name = "an old version", .bytes = ask(asks + key + "Sec-WebSocket-Version: 8\r\n")},
      {.name = "a version to come", .bytes = ask(asks + key + "Sec-WebSocket-Version: 14\r\n")},
      {.name = "a version that is no number", .bytes = ask(asks + key + "Sec-WebSocket-Version: 13, 8\r\n")},
  };
  expect_answers(s, refused);
  for (const std::string& request :
       {ask(key + version), ask("Upgrade: websocket\r\n" + key + version), ask("Connection: Upgrade\r\n" + key + version),
        ask("Connection: keep-alive\r\nUpgrade: websocket\r\n" + key + version),
        ask("Connection: Upgrade, keep-alive\r\nUpgrade: websocket\r\n" + key + version, "GET /v1/ws HTTP/1.0")}) {
    raw_connection c{s.base()};
    c.send(request);
    EXPECT_EQ(read_answer(c).status, 426) << request;
  }
  expect_answers(
      s, {{.name = "with POST",
           .bytes = ask(asks + key + version, "POST /v1/ws HTTP/1.1"),
           .status = 405,
           .code = "method_not_allowed",
           .closes = false},
          {.name = "elsewhere", .bytes = ask(asks + key + version, "GET /healthz HTTP/1.1"), .status = 200, .closes = false},
          {.name = "with a body",
           .bytes = ask(asks + key + version + "Content-Length: 5\r\n") + "hello",
           .status = 413,
           .code = "body_too_large",
           .closes = false},
          {.name = "with chunks",
           .bytes = ask(asks + key + version + "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n",
           .status = 413,
           .code = "body_too_large"}});
  EXPECT_EQ(metric(s.as().get("/metrics").raw.body, "haulcast_live_connections"), 0);
}

/// A text frame from a client, its mask zero.
std::string frame_of(const std::string& text) {
  return std::string{"\x81"} + static_cast<char>(0x80 | text.size()) + std::string(4, '\0') + text;
}

TEST(HttpEndurance, WhatStandsRightBehindTheHandshakeIsHeard) {
  server s;
  const std::string hello = "GET /v1/ws HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + s.token() +
                            "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  {
    raw_connection c{s.base()};
    c.send(hello + frame_of(R"({"type":"ping"})"));
    ASSERT_TRUE(c.read_until("\r\n\r\n", 20s));
    EXPECT_TRUE(c.read_until(R"({"type":"pong"})", 20s));
  }
  {
    raw_connection c{s.base()};  // no frame, but another request: closed as a fault of the protocol, not answered as HTTP
    c.send(hello + get_request("/healthz"));
    ASSERT_TRUE(c.read_until("\r\n\r\n", 20s));
    const auto rest = c.read_to_end(20s);
    ASSERT_TRUE(rest);
    EXPECT_EQ(rest->find("HTTP/1.1"), std::string::npos);
    ASSERT_GE(rest->size(), 4U);
    EXPECT_EQ(rest->front(), '\x88');
    EXPECT_EQ(rest->substr(2, 2), "\x03\xEA");  // 1002
  }
  EXPECT_TRUE(eventually([&] { return metric(s.as().get("/metrics").raw.body, "haulcast_live_connections") == 0; }));
}

/// The one that waits for the real deadline of 10 s: a hundred heads that come a byte a second.
TEST(HttpEndurance, SlowHeadsAreGivenUpAndNobodyWaitsForThem) {
  server s;
  std::vector<std::unique_ptr<raw_connection>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<raw_connection>(s.base()));
    slow.back()->send("GET /healthz HTTP/1.1\r\nHost: h\r\nX: ");
  }
  auto good = s.as();
  std::set<std::size_t> told;
  const bool all = eventually(
      [&] {
        EXPECT_EQ(good.get("/healthz").status, 200);
        for (std::size_t i = 0; i < slow.size(); ++i) {
          if (told.contains(i)) continue;
          slow[i]->send("x");
          const auto answer = read_answer(*slow[i], 1ms);
          if (answer.status == 0) continue;
          EXPECT_EQ(answer.status, 408);
          EXPECT_EQ(answer.code(), "request_timeout");
          told.insert(i);
        }
        return told.size() == slow.size();
      },
      60s);
  EXPECT_TRUE(all) << told.size() << " of " << slow.size();
  const auto page = s.as().get("/metrics").raw.body;
  EXPECT_GE(metric(page, R"(haulcast_http_timeouts_total{phase="head"})").value_or(0), 100);
}

/// Everything above in a row, again and again: the process is as large as before.
TEST(HttpEndurance, AThousandAttacksLeaveTheMemoryAsItWas) {
  if (!memory_tells) GTEST_SKIP() << "a sanitizer keeps what was freed";
  server s;
  const std::string body = good_body("TRK-MEMORY");
  const std::vector<std::string> attacks{
      "GET /healthz HTTP/1.1\r\n\r\n",
      post_positions(s, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
      post_positions(s, "Transfer-Encoding: chunked\r\n", "5;" + std::string(100'000, 'x')),
      post_positions(s, "Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(100'000, 'x')),
      post_positions(s, "Transfer-Encoding: chunked\r\n", "ff000\r\n" + std::string(100'000, ' ')),
      post_positions(s, "Content-Length: 1048576\r\n", std::string(100'000, ' ')),
      post_positions(s, "Content-Length: 1048576\r\nContent-Encoding: gzip\r\n", std::string(100'000, ' ')),
      "GET /" + std::string(5000, 'x'),
      "GET / HTTP/1.1\r\nX: " + std::string(17'000, 'x'),
      "GET / HTTP/1.1\nHost: h\n\n",
      get_request("/v1/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
      post_positions(s, "Content-Length: " + std::to_string(body.size()) + "\r\n", body).substr(0, 150),
  };
  const auto round = [&] {
    for (const auto& bytes : attacks) {
      raw_connection c{s.base()};
      c.send(bytes);
    }
  };
  const auto settled = [&] {
    EXPECT_TRUE(eventually([&] { return open_connections(s) <= 2; }));
    return resident_kib(s.process().pid());
  };
  for (int i = 0; i < 30; ++i) round();
  const double before = settled();
  for (int i = 0; i < 90; ++i) round();
  const double after = settled();
  EXPECT_LT(after - before, 4096) << before << " KiB before, " << after << " KiB after";
}

}  // namespace
}  // namespace haulcast::support
