// Who may come in, by where they come from: pages of other origins, proxies, and too many from one address.
#include "integration/raw_connection.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

/// The status of a WebSocket handshake with these fields, and the code of its refusal.
std::string handshake(const server& s, const std::string& fields, const std::string& path = "/v1/ws") {
  raw_connection raw{s.base()};
  raw.send("GET " + path + " HTTP/1.1\r\nHost: " + s.base().authority() +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer " +
           s.token() + "\r\n" + fields + "\r\n");
  const auto head = raw.read_until("\r\n\r\n", 20s).value_or("HTTP/1.1 000 ");
  if (head.substr(9, 3) == "101") return "101";
  const auto problem = nlohmann::json::parse(raw.read_to_end(20s).value_or(""), nullptr, false);
  return head.substr(9, 3) + ' ' + (problem.is_object() ? problem.value("code", "") : "");
}

TEST(Origins, APageOfAnotherOriginOpensNoWebSocketUnlessItIsAllowed) {
  server s({.environment = {{"HAULCAST_SERVER__CORS_ORIGINS", "https://map.example http://localhost:3000"}}});
  for (const char* path : {"/v1/ws", "/ws/track/D-1"}) {
    EXPECT_EQ(handshake(s, "", path), "101") << "apps say nothing";
    EXPECT_EQ(handshake(s, "Origin: http://" + s.base().authority() + "\r\n", path), "101") << "our own page";
    EXPECT_EQ(handshake(s, "Origin: https://" + s.base().authority() + "\r\n", path), "101") << "behind a proxy with TLS";
    EXPECT_EQ(handshake(s, "Origin: https://map.example\r\n", path), "101");
    for (const char* other : {"https://evil.example", "null", "http://map.example", "https://map.example.evil.example",
                              "http://localhost", "", "file://"}) {
      EXPECT_EQ(handshake(s, "Origin: " + std::string{other} + "\r\n", path), "403 origin_not_allowed") << other;
    }
    EXPECT_EQ(handshake(s, "Origin: https://map.example\r\nOrigin: https://map.example\r\n", path), "403 origin_not_allowed");
  }
}

TEST(Origins, WithoutAListOnlyOurOwnPagesConnectAndWithAStarAll) {
  const std::string origin = "Origin: https://map.example\r\n";
  server closed;
  EXPECT_EQ(handshake(closed, origin), "403 origin_not_allowed");
  server open({.environment = {{"HAULCAST_SERVER__CORS_ORIGINS", "*"}}});
  EXPECT_EQ(handshake(open, origin), "101");
}

TEST(Origins, AnAllowedPageMayAskWhatItMayDoAndReadTheAnswer) {
  server s({.environment = {{"HAULCAST_SERVER__CORS_ORIGINS", "https://map.example"}}});
  api page{s.base(), ""};
  client::http_request preflight{.method = "OPTIONS", .target = "/v1/positions"};
  preflight.headers = {{"Origin", "https://map.example"},
                       {"Access-Control-Request-Method", "POST"},
                       {"Access-Control-Request-Headers", "authorization, content-type"}};
  const auto may = page.send(preflight);
  EXPECT_EQ(may.status, 204u);
  EXPECT_EQ(may.raw.header("access-control-allow-origin"), "https://map.example");
  EXPECT_EQ(may.raw.header("access-control-allow-methods"), "POST, OPTIONS");
  EXPECT_TRUE(may.raw.header("access-control-allow-headers").value_or("").find("Authorization") != std::string::npos);

  auto admin = s.as();
  const auto answer =
      admin.post("/v1/positions", batch({driving("TRK-1", now_ms() - 5000, 1)}), {{"Origin", "https://map.example"}});
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.raw.header("access-control-allow-origin"), "https://map.example");
  EXPECT_FALSE(answer.raw.header("access-control-allow-credentials"));
  const auto refused = page.get("/v1/trucks", {{"Origin", "https://map.example"}});
  EXPECT_EQ(refused.status, 401u);
  EXPECT_EQ(refused.raw.header("access-control-allow-origin"), "https://map.example");
  EXPECT_FALSE(admin.get("/v1/trucks", {{"Origin", "https://evil.example"}}).raw.header("access-control-allow-origin"));
}

TEST(Addresses, OneAddressHasSoManyConnectionsAndAProxyAsManyAsItLikes) {
  const std::map<std::string, std::string> few{{"HAULCAST_LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "3"}};
  auto strict = few;
  strict["HAULCAST_SERVER__TRUSTED_PROXIES"] = "none";
  server s({.environment = strict});
  std::vector<client::ws_client> live;
  for (int i = 0; i < 2; ++i) {
    live.push_back(s.ws());
    EXPECT_FALSE(live.back().connect());
  }
  auto admin = s.as();
  EXPECT_EQ(admin.get("/healthz").status, 200u);
  expect_problem(s.as().get("/healthz"), 503, "overloaded");
  EXPECT_EQ(metric(admin.get("/metrics").raw.body, "haulcast_http_connections_refused_by_address_total"), 1);
  live.pop_back();
  EXPECT_TRUE(eventually([&] { return s.as().get("/healthz").status == 200; }));

  server behind_a_proxy({.environment = few});
  std::vector<client::ws_client> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back(behind_a_proxy.ws());
    EXPECT_FALSE(many.back().connect());
  }
}

TEST(Addresses, TheLogNamesTheClientBehindATrustedProxy) {
  const auto logged = [](const std::string& proxies) {
    server s({.environment = {{"HAULCAST_SERVER__TRUSTED_PROXIES", proxies}, {"HAULCAST_LOG__LEVEL", "debug"}}});
    s.as().get("/v1/trucks", {{"X-Forwarded-For", "203.0.113.66, 198.51.100.7"}});
    s.stop();
    return s.log();
  };
  const auto through = logged("127.0.0.0/8");
  EXPECT_NE(through.find("client=198.51.100.7"), std::string::npos) << through;
  EXPECT_EQ(through.find("203.0.113.66"), std::string::npos) << "what anybody can write";
  EXPECT_NE(logged("none").find("client=127.0.0.1"), std::string::npos);
}

TEST(Protection, IsOnEveryAnswerOfTheServer) {
  server s;
  auto admin = s.as();
  for (const auto& answer : {admin.get("/v1/trucks"), admin.get("/nowhere"), admin.get("/healthz"), admin.get("/metrics"),
                             admin.post("/v1/positions", batch({driving("TRK-1", now_ms() - 5000, 1)}))}) {
    EXPECT_EQ(answer.raw.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.raw.header("cache-control"), "no-store");
    EXPECT_EQ(answer.raw.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(answer.raw.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    EXPECT_FALSE(answer.raw.header("strict-transport-security")) << "there is no TLS";
  }
}

}  // namespace
}  // namespace haulcast::support
