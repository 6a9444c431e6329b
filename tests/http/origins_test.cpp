#include "haulcast/http/origins.hpp"

#include <gtest/gtest.h>

#include "harness.hpp"

namespace haulcast::http::test {
namespace {

TEST(Origin, IsWrittenAsBrowsersDo) {
  for (const char* good : {"https://app.example.com", "http://localhost:3000", "https://[::1]:8443", "https://127.0.0.1",
                           "capacitor://localhost", "chrome-extension://abcdef", "http://h:443", "https://h:80"}) {
    EXPECT_TRUE(is_origin(good)) << good;
  }
  for (const char* bad : {"",
                          "*",
                          "null",
                          "app.example.com",
                          "https://",
                          "https://app.example.com/",
                          "https://app.example.com/x",
                          "https://App.example.com",
                          "HTTPS://app.example.com",
                          "https://app.example.com:443",
                          "http://h:80",
                          "https://user@h",
                          "https://h:",
                          "https://h:x",
                          "https://h:080",
                          "https://h:1234567",
                          "https://*.example.com",
                          "https://a b",
                          "://h",
                          "1s://h",
                          "https://h?x",
                          "https://h#x"}) {
    EXPECT_FALSE(is_origin(bad)) << bad;
  }
}

TEST(Origin, IsOurOwnWhenItsHostIsTheRequests) {
  const auto own = [](std::string_view origin, std::string_view host) { return is_own_origin(origin, host); };
  EXPECT_TRUE(own("http://h:8080", "h:8080"));
  EXPECT_TRUE(own("https://h", "H"));
  EXPECT_TRUE(own("https://h", "h:443"));
  EXPECT_TRUE(own("http://h", "h:80"));
  EXPECT_TRUE(own("https://h:8443", "h:8443"));
  EXPECT_TRUE(own("http://[::1]:80", "[::1]"));
  EXPECT_TRUE(own("http://[::1]", "[::1]:"));
  EXPECT_FALSE(own("http://h", "h:8080"));
  EXPECT_FALSE(own("https://h", "h:80"));
  EXPECT_FALSE(own("https://evil.example", "h"));
  EXPECT_FALSE(own("https://h.evil.example", "h"));
  EXPECT_FALSE(own("https://h/", "h"));
  EXPECT_FALSE(own("null", ""));
  EXPECT_FALSE(own("null", "null"));
  EXPECT_FALSE(own("file://", ""));
  EXPECT_FALSE(own("", ""));
  EXPECT_FALSE(own("capacitor://h", "h"));
  EXPECT_FALSE(own("http://", ""));
}

TEST(AllowedOrigins, AreExactUnlessAllAre) {
  const allowed_origins none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.answer_to("https://a.example"), "");
  const allowed_origins some{{"https://a.example", "http://localhost:3000"}};
  EXPECT_EQ(some.answer_to("https://a.example"), "https://a.example");
  for (const char* other : {"", "null", "https://a.example:443", "https://A.example", "https://b.a.example",
                            "https://a.example.evil", "http://a.example", "http://localhost", "*"}) {
    EXPECT_EQ(some.answer_to(other), "") << other;
  }
  const allowed_origins all{{"*"}};
  EXPECT_TRUE(all.any());
  EXPECT_EQ(all.answer_to("https://a.example"), "*");
}

server_options with_origins(std::vector<std::string> origins) {
  auto o = running_server::quick();
  o.cors = allowed_origins{std::move(origins)};
  return o;
}

constexpr const char* exposed =
    "Complete-Until, ETag, Idempotency-Replayed, Link, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "Retry-After";

TEST(Cors, EveryAnswerToAnAllowedPageSaysSoRefusalsToo) {
  running_server s{with_origins({"https://a.example"})};
  peer p{s.port()};
  const std::string origin = "Origin: https://a.example\r\n";
  for (const auto& [request, status] : {std::pair{get("/hello", origin), 200},
                                        {get("/private", origin), 401},
                                        {get("/nowhere", origin), 404},
                                        {post("/hello", "x", origin), 405},
                                        {get("/throw", origin), 500},
                                        {post("/small", std::string(17, 'x'), origin), 413},
                                        {get("/pieces", origin), 200}}) {
    const auto a = p.ask(request);
    EXPECT_EQ(a.status, status);
    EXPECT_EQ(a.header("access-control-allow-origin"), "https://a.example") << request;
    EXPECT_EQ(a.header("access-control-expose-headers"), exposed);
    EXPECT_EQ(a.header("vary"), "Origin");
    EXPECT_EQ(a.head.find("Access-Control-Allow-Credentials"), std::string::npos);
  }
}

TEST(Cors, OthersAreToldNothingButThatOriginsDiffer) {
  running_server s{with_origins({"https://a.example"})};
  peer p{s.port()};
  for (const char* origin :
       {"", "Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin: https://a.example.evil\r\n"}) {
    const auto a = p.ask(get("/hello", origin));
    EXPECT_EQ(a.body, "hello");
    EXPECT_EQ(a.head.find("Access-Control"), std::string::npos) << origin;
    EXPECT_EQ(a.header("vary"), "Origin") << "a cache must not give it to an allowed page";
  }
  const auto gzipped = p.ask(get("/long", "Accept-Encoding: gzip\r\n"));
  EXPECT_NE(gzipped.head.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  EXPECT_NE(gzipped.head.find("Vary: Origin\r\n"), std::string::npos);
}

TEST(Cors, WithoutAListNothingIsSaid) {
  running_server s;
  peer p{s.port()};
  const auto a = p.ask(get("/hello", "Origin: https://a.example\r\n"));
  EXPECT_EQ(a.head.find("Access-Control"), std::string::npos);
  EXPECT_EQ(a.head.find("Vary"), std::string::npos);
}

TEST(Cors, AStarIsSaidToEverybody) {
  running_server s{with_origins({"*"})};
  peer p{s.port()};
  for (const char* origin : {"", "Origin: https://a.example\r\n", "Origin: null\r\n"}) {
    const auto a = p.ask(get("/hello", origin));
    EXPECT_EQ(a.header("access-control-allow-origin"), "*");
    EXPECT_EQ(a.head.find("Vary"), std::string::npos);
    EXPECT_EQ(a.head.find("Access-Control-Allow-Credentials"), std::string::npos);
  }
}

std::string preflight(std::string_view path, std::string_view origin, std::string_view more = {}) {
  return "OPTIONS " + std::string{path} + " HTTP/1.1\r\nHost: h\r\nOrigin: " + std::string{origin} +
         "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type\r\n" +
         std::string{more} + "\r\n";
}

TEST(Cors, APreflightIsAnsweredWithoutATokenFromTheMethodsOfTheResource) {
  running_server s{with_origins({"https://a.example"})};
  peer p{s.port()};
  const auto a = p.ask(preflight("/admins", "https://a.example"));
  EXPECT_EQ(a.status, 204);
  EXPECT_EQ(a.header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(a.header("access-control-allow-methods"), "POST, OPTIONS");
  EXPECT_EQ(a.header("access-control-max-age"), "7200");
  EXPECT_EQ(a.header("vary"), "Origin");
  const auto headers = a.header("access-control-allow-headers");
  for (const char* name : {"Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"}) {
    EXPECT_TRUE(list_has(headers, name)) << name;
  }
  EXPECT_EQ(p.ask(preflight("/echo", "https://a.example")).header("access-control-allow-methods"), "POST, PUT, OPTIONS");
}

TEST(Cors, APreflightOfOthersIsAnOrdinaryOptions) {
  running_server s{with_origins({"https://a.example"})};
  peer p{s.port()};
  const auto other = p.ask(preflight("/admins", "https://evil.example"));
  EXPECT_EQ(other.status, 204);
  EXPECT_EQ(other.header("allow"), "POST, OPTIONS");
  EXPECT_EQ(other.head.find("Access-Control"), std::string::npos);
  EXPECT_EQ(p.ask(preflight("/nowhere", "https://a.example")).status, 404);
  const auto plain = p.ask("OPTIONS /admins HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n\r\n");
  EXPECT_EQ(plain.header("access-control-allow-methods"), "");
}

TEST(Protection, IsOnEveryAnswerAndAPageMayHaveAPolicyOfItsOwn) {
  running_server s;
  peer p{s.port()};
  const std::string strict = "default-src 'none'; frame-ancestors 'none'";
  for (const auto& request : {get("/hello"), get("/private"), get("/nowhere"), get("/throw"), get("/pieces")}) {
    const auto a = p.ask(request);
    EXPECT_EQ(a.header("x-content-type-options"), "nosniff") << request;
    EXPECT_EQ(a.header("referrer-policy"), "no-referrer") << request;
    EXPECT_EQ(a.header("cache-control"), "no-store") << request;
    EXPECT_EQ(a.header("content-security-policy"), strict) << request;
    EXPECT_EQ(a.header("strict-transport-security"), over_tls() ? "max-age=31536000" : "") << "only under TLS";
  }
  const auto page = p.ask(get("/page"));
  EXPECT_EQ(page.header("content-security-policy"), "default-src 'self'");
  EXPECT_EQ(page.head.find(strict), std::string::npos);
  EXPECT_EQ(page.header("x-content-type-options"), "nosniff");
}

}  // namespace
}  // namespace haulcast::http::test
