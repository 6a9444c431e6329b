#include <gtest/gtest.h>

#include <set>

#include "haulcast/http/problem.hpp"
#include "haulcast/http/response.hpp"
#include "haulcast/http/server.hpp"
#include "haulcast/http/text.hpp"

namespace haulcast::http {
namespace {

TEST(Problem, HasTheMembersOfTheRfcAndOurCode) {
  problem p;
  p.what = code::unknown_member;
  p.detail = "Did you mean \"name\"?";
  p.errors.push_back({"/nmae", "unknown_member", "unknown"});
  const auto r = to_response(p);
  EXPECT_EQ(r.status, 422);
  EXPECT_EQ(r.content_type, "application/problem+json");
  EXPECT_EQ(r.body,
            R"({"type":"/docs/errors/unknown_member","title":"A member is not known","status":422,"code":"unknown_member",)"
            R"("detail":"Did you mean \"name\"?","errors":[{"pointer":"/nmae","code":"unknown_member","detail":"unknown"}]})");
}

TEST(Problem, SaysWhatItsStatusDemands) {
  const auto header = [](const response& r, std::string_view name) {
    for (const auto& h : r.headers) {
      if (h.name == name) return h.value;
    }
    return std::string{};
  };
  EXPECT_EQ(header(refuse(code::token_missing), "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(header(refuse(code::token_expired), "WWW-Authenticate"), "Bearer error=\"invalid_token\"");
  EXPECT_EQ(header(refuse(code::not_committed), "Retry-After"), "1");
  EXPECT_EQ(header(refuse(code::upgrade_required), "Upgrade"), "websocket");
  EXPECT_TRUE(refuse(code::not_found).headers.empty());
  problem p;
  p.what = code::too_many_requests;
  p.retry_after_s = 7;
  EXPECT_EQ(header(to_response(p), "Retry-After"), "7");
}

TEST(Problem, NoNameIsGivenTwiceAndEveryStatusHasAReason) {
  std::set<std::string_view> names;
  for (const auto& p : problems) {
    EXPECT_TRUE(names.insert(p.name).second) << p.name;
    EXPECT_NE(reason_of(p.status), "Unknown") << p.status;
  }
}

TEST(ResponseHead, IsWrittenInFull) {
  std::string out;
  auto r = json_response("{}", 201);
  r.headers.push_back({"Location", "/v1/x"});
  head_facts_out facts;
  facts.content_length = 2;
  append_head(out, r, facts);
  EXPECT_EQ(out,
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nLocation: /v1/x\r\n\r\n");
}

TEST(ResponseHead, ProtectsTheSameWithAndWithoutFieldsOfItsOwn) {
  const auto lines_of = [](const response& r) {
    std::string out;
    append_head(out, r, {});
    std::set<std::string> lines;
    for (std::size_t at = 0; at < out.size(); at = out.find("\r\n", at) + 2)
      lines.insert(out.substr(at, out.find("\r\n", at) - at));
    return lines;
  };
  response with;
  with.headers.push_back({"Location", "/v1/x"});
  auto expected = lines_of({});
  expected.insert("Location: /v1/x");
  EXPECT_EQ(lines_of(with), expected);
  for (const char* line : {"X-Content-Type-Options: nosniff", "Cache-Control: no-store", "Referrer-Policy: no-referrer",
                           "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"}) {
    EXPECT_TRUE(expected.contains(line)) << line;
  }
}

TEST(ResponseHead, TellsOfTlsAndOfOriginsWhereThereIsSomethingToTell) {
  std::string out;
  append_head(out, {}, {});
  for (const char* none : {"Strict-Transport-Security", "Vary", "Access-Control"}) EXPECT_EQ(out.find(none), out.npos) << none;
  out.clear();
  append_head(out, {}, {.varies_by_origin = true, .over_tls = true, .allowed_origin = "https://a.example"});
  EXPECT_NE(out.find("Strict-Transport-Security: max-age=31536000\r\n"), out.npos);
  EXPECT_NE(out.find("Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"), out.npos);
}

TEST(ResponseHead, TellsWhatIsLeftOfARateLimit) {
  std::string out;
  append_head(out, json_response("{}"), {.content_length = 2, .rate = {.limit = 10, .remaining = 9, .reset_s = 1}});
  EXPECT_NE(out.find("\r\nRateLimit-Limit: 10\r\nRateLimit-Remaining: 9\r\nRateLimit-Reset: 1\r\n"), std::string::npos) << out;
  out.clear();
  append_head(out, json_response("{}"), {.content_length = 2});
  EXPECT_EQ(out.find("RateLimit"), std::string::npos);
}

TEST(ResponseHead, ACacheControlOfItsOwnReplacesOurs) {
  std::string out;
  response r;
  r.headers.push_back({"Cache-Control", "max-age=60"});
  append_head(out, r, {});
  EXPECT_EQ(out.find("no-store"), std::string::npos);
  EXPECT_NE(out.find("Cache-Control: max-age=60\r\n"), std::string::npos);
}

TEST(ResponseHead, NoContentHasNoLength) {
  std::string out;
  response r;
  r.status = 204;
  append_head(out, r, {});
  EXPECT_EQ(out.find("Content-"), out.find("Content-Type-Options"));
}

TEST(Utf8, IsToldFromWhatIsNot) {
  for (const char* good : {"", "abc", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x9a\x9a", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good));
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe0\x80\x80",
                          "\xf0\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Endpoint, IsANumericAddressAndAPort) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:8080")->port(), 8080);
  EXPECT_EQ(parse_endpoint("[::1]:0")->address().to_string(), "::1");
  EXPECT_EQ(parse_endpoint("0.0.0.0:65535")->port(), 65535);
  for (const char* bad : {"", "8080", ":8080", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                          "::1:80", "[127.0.0.1]:80", "127.0.0.1:80x", "127.0.0.1: 80", "[]:80"}) {
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
  }
}

}  // namespace
}  // namespace haulcast::http
