#include "haulcast/client/http_client.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "client/fake_server.hpp"

namespace haulcast::client {
namespace {

using std::chrono::milliseconds;

base_url url_of(const fake_server& server) { return parse_base_url(server.url()).value(); }

TEST(BaseUrl, TakesHostPortAndPrefixApart) {
  const auto plain = parse_base_url("http://127.0.0.1:8080").value();
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_EQ(plain.port, "8080");
  EXPECT_EQ(plain.prefix, "");
  EXPECT_EQ(plain.authority(), "127.0.0.1:8080");
  const auto v6 = parse_base_url("http://[::1]:81/behind/proxy/").value();
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.prefix, "/behind/proxy");
  EXPECT_EQ(v6.authority(), "[::1]:81");
  EXPECT_EQ(parse_base_url("http://example.org").value().authority(), "example.org");
}

TEST(BaseUrl, OfHttpsSaysWhomToBelieve) {
  const auto secure = parse_base_url("https://example.org/x").value();
  EXPECT_TRUE(secure.secure);
  EXPECT_EQ(secure.port, "443");
  EXPECT_EQ(secure.origin(), "https://example.org");
  EXPECT_EQ(parse_base_url("wss://127.0.0.1:8443").value().origin(), "https://127.0.0.1:8443");
  EXPECT_FALSE(parse_base_url("http://example.org").value().secure);
  EXPECT_FALSE(parse_base_url("https://example.org", {.ca_file = "nowhere.pem"}));
  EXPECT_FALSE(parse_base_url("https://example.org", {.certificate = "nowhere.pem"}));
}

TEST(BaseUrl, RefusesWhatItCannotServe) {
  for (const char* bad :
       {"", "127.0.0.1:8080", "https://", "https://u:p@example.org", "ftp://example.org", "http://", "http://u:p@example.org",
        "http://example.org/?a=b", "http://example.org/#x", "http://example.org:99999", "http://a b"})
    EXPECT_FALSE(parse_base_url(bad)) << bad;
}

TEST(HttpClient, KeepsItsConnection) {
  fake_server server;
  http_client client{url_of(server)};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/readyz").value().status, 200u);
  EXPECT_EQ(server.requests().back().connection, 0u);
}

TEST(HttpClient, SendsTokenHeadersAndBody) {
  fake_server server;
  http_options options;
  options.token = "T";
  http_client client{url_of(server), options};
  const auto answer = client.post("/echo", "{}", {{"X-Mine", "1"}}).value();
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(answer.header("x-method"), "POST");
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer T");
  EXPECT_EQ(seen.headers.at("content-type"), "application/json");
  EXPECT_EQ(seen.headers.at("x-mine"), "1");
  EXPECT_EQ(seen.headers.at("host"), "127.0.0.1:" + std::to_string(server.port()));
}

TEST(HttpClient, CompressesWhenAsked) {
  fake_server server;
  http_client client{url_of(server)};
  http_request request;
  request.method = "POST";
  request.target = "/echo";
  request.body = std::string(10'000, 'x');
  request.gzip = true;
  EXPECT_EQ(client.send(request).value().body, request.body);
  EXPECT_EQ(server.requests().at(0).headers.at("content-encoding"), "gzip");
  EXPECT_LT(std::stoi(server.requests().at(0).headers.at("content-length")), 200);
}

TEST(HttpClient, AnyStatusIsAnAnswer) {
  fake_server server;
  server.answer_next({503, R"({"code":"starting"})", {{"Retry-After", "7"}}});
  http_client client{url_of(server)};
  const auto answer = client.get("/readyz").value();
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.retry_after(), std::chrono::seconds{7});
}

TEST(HttpClient, ConnectsAgainWhenTheServerHasClosedAnIdleConnection) {
  fake_server server;
  server.close_after_each(true);
  http_client client{url_of(server)};
  // Right after an answer the close may still be on its way, and then a request may be lost; but none is carried out twice.
  int answered = 0;
  for (int i = 0; i < 20; ++i) answered += client.get("/readyz").has_value() ? 1 : 0;
  EXPECT_GT(answered, 0);
  EXPECT_LE(server.requests().size(), 20u);
}

TEST(HttpClient, NeverSendsTwiceByItself) {
  fake_server server;
  server.lose_next();
  http_client client{url_of(server)};
  EXPECT_FALSE(client.post("/v1/positions", "{}"));
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(client.get("/readyz").value().status, 200u);
}

TEST(HttpClient, GivesUpOnASilentServer) {
  fake_server server;
  server.ignore_next();
  http_options options;
  options.answer_within = milliseconds{50};
  http_client client{url_of(server), options};
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(client.get("/readyz"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{5});
}

TEST(HttpClient, NobodyListeningIsAnErrorWithTheAddress) {
  base_url nobody;
  {
    fake_server server;
    nobody = url_of(server);
  }
  http_client client{nobody};
  const auto answer = client.get("/readyz");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find(nobody.authority()), std::string::npos) << answer.error().what;
}

TEST(RetryAfter, OnlyWholeSecondsUpToAnHour) {
  const auto told = [](std::string text) {
    http_response r;
    r.headers.emplace_back("retry-after", std::move(text));
    return r.retry_after();
  };
  EXPECT_EQ(told("0"), std::chrono::seconds{0});
  EXPECT_EQ(told("3600"), std::chrono::seconds{3600});
  EXPECT_EQ(told("3601"), std::nullopt);
  EXPECT_EQ(told("-1"), std::nullopt);
  EXPECT_EQ(told("1.5"), std::nullopt);
  EXPECT_EQ(told("Fri, 20 Nov 2026 05:45:00 GMT"), std::nullopt);
  EXPECT_EQ(http_response{}.retry_after(), std::nullopt);
}

}  // namespace
}  // namespace haulcast::client
