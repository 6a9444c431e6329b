// The judge itself: a judge that finds everything right would make the integration tests blind to drift.
#include "support/contract.hpp"

#include <gtest/gtest.h>

#include "support/raw_exchange.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

const client::http_headers fields{
    {"Content-Type", "application/json"}, {"Content-Length", "2"},
    {"Cache-Control", "no-store"},        {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},   {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}};

client::http_headers with(client::http_headers all, const std::string& name, const std::string& value) {
  std::erase_if(all, [&](const auto& field) { return field.first == name; });
  if (!value.empty()) all.emplace_back(name, value);
  return all;
}

exchange got(std::string target, unsigned status, const json& body) {
  auto headers = target == "/v1/trucks/T" ? with(fields, "ETag", "\"1.1moving\"") : fields;
  return {.method = "GET",
          .target = std::move(target),
          .request_body = {},
          .status = status,
          .headers = std::move(headers),
          .body = body.dump()};
}

exchange problem_at(std::string method, std::string target, unsigned status, const std::string& code) {
  const json body{{"type", "/docs/errors/" + code}, {"title", "T"}, {"status", status}, {"code", code}, {"detail", "D."}};
  return {.method = std::move(method),
          .target = std::move(target),
          .request_body = {},
          .status = status,
          .headers = with(fields, "Content-Type", "application/problem+json"),
          .body = body.dump()};
}

const json truck{{"truck_id", "T"}, {"status", "moving"}};

class Judge : public testing::Test {
 protected:
  std::string fault(const exchange& seen) { return contract_.fault(seen).value_or(""); }
  contract contract_;
};

TEST_F(Judge, FindsNothingWrongWithWhatTheContractSays) {
  EXPECT_EQ(fault(got("/v1/trucks/T", 200, truck)), "");
  EXPECT_EQ(fault(got("/v1/trucks?limit=1", 200, {{"items", {truck}}, {"next_cursor", nullptr}})), "");
  EXPECT_EQ(fault(problem_at("GET", "/v1/trucks/T", 404, "not_found")), "");
  EXPECT_EQ(fault(problem_at("GET", "/nowhere", 404, "not_found")), "");
  EXPECT_EQ(fault(problem_at("", "", 400, "bad_request")), "");
}

TEST_F(Judge, SeesABodyThatIsNotAsItSays) {
  auto more = truck;
  more["colour"] = "red";
  EXPECT_NE(fault(got("/v1/trucks/T", 200, more)).find("\"colour\" is not in the contract"), std::string::npos);
  EXPECT_NE(fault(got("/v1/trucks/T", 200, {{"truck_id", "T"}})), "");
  EXPECT_NE(fault(got("/v1/trucks/T", 200, {{"truck_id", "T"}, {"status", "asleep"}})), "");
  auto broken = got("/v1/trucks/T", 200, truck);
  broken.body = "{";
  EXPECT_NE(fault(broken), "");
}

TEST_F(Judge, SeesAStatusAPathAMethodAndACodeThatAreNotThere) {
  EXPECT_NE(fault(got("/v1/trucks/T", 202, truck)), "");
  EXPECT_NE(fault(got("/v1/lorries/T", 200, truck)), "");
  auto patched = got("/v1/trucks/T", 200, truck);
  patched.method = "PATCH";
  EXPECT_NE(fault(patched), "");
  EXPECT_NE(fault(problem_at("GET", "/v1/trucks/T", 404, "no_position")), "") << "a code of another operation";
  EXPECT_NE(fault(problem_at("GET", "/v1/trucks/T", 404, "gone_fishing")), "");
  EXPECT_NE(fault(problem_at("", "", 404, "not_found")), "") << "to bytes that are no request";
  auto elsewhere = problem_at("GET", "/v1/trucks/T", 404, "not_found");
  elsewhere.body =
      json{{"type", "/docs/errors/conflict"}, {"title", "T"}, {"status", 404}, {"code", "not_found"}, {"detail", "D."}}.dump();
  EXPECT_NE(fault(elsewhere), "");
}

TEST_F(Judge, SeesFieldsThatAreMissingUnknownOrOdd) {
  const auto good = got("/v1/trucks/T", 200, truck);
  auto seen = good;
  seen.headers = with(good.headers, "Server", "haulcast");
  EXPECT_NE(fault(seen), "");
  seen.headers = with(good.headers, "Cache-Control", "");
  EXPECT_NE(fault(seen), "");
  seen.headers = with(good.headers, "Cache-Control", "max-age=1000000");
  EXPECT_NE(fault(seen), "");
  seen.headers = with(good.headers, "Content-Type", "text/html");
  EXPECT_NE(fault(seen), "");
  seen.headers = with(good.headers, "Location", "/v1/trucks/T");
  EXPECT_NE(fault(seen), "") << "a field of other operations";
  EXPECT_NE(fault(problem_at("POST", "/v1/positions", 503, "not_ready")), "") << "Retry-After is missing";
  auto unavailable = problem_at("POST", "/v1/positions", 503, "not_ready");
  unavailable.headers = with(unavailable.headers, "Retry-After", "1");
  EXPECT_EQ(fault(unavailable), "");
}

TEST_F(Judge, SeesARequestThatWasCarriedOutAgainstTheContract) {
  exchange asked{.method = "POST",
                 .target = "/v1/positions/query",
                 .request_body = R"({"truck_ids": ["T"]})",
                 .status = 200,
                 .headers = fields,
                 .body = R"({"positions": [], "missing": ["T"]})"};
  EXPECT_EQ(fault(asked), "");
  asked.request_body = R"({"truck_ids": ["T"], "colour": "red"})";
  EXPECT_NE(fault(asked), "");
}

TEST_F(Judge, KnowsTheFramesOfTheServerAndNoOthers) {
  EXPECT_FALSE(contract_.frame_fault(R"({"type": "pong"})"));
  EXPECT_FALSE(contract_.frame_fault(R"({"type":"error","code":"unknown_type","detail":"D."})"));
  EXPECT_TRUE(contract_.frame_fault(R"({"type": "pong", "more": 1})"));
  EXPECT_TRUE(contract_.frame_fault(R"({"type": "subscribe", "trucks": []})")) << "a client's";
  EXPECT_TRUE(contract_.frame_fault(R"({"type": "gossip"})"));
  EXPECT_TRUE(contract_.frame_fault("pong"));
}

TEST(RawExchange, PairsAnswersWithRequestsAsFarAsTheseCanBeRead) {
  const auto all =
      exchanges_in("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcHEAD /b HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n",
                   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 404 Not "
                   "Found\r\nContent-Length: 9\r\n\r\n"
                   "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].method + all[0].target, "POST/a");
  EXPECT_EQ(all[0].body, "{}");
  EXPECT_EQ(all[1].method + all[1].target, "HEAD/b");
  EXPECT_EQ(all[1].status, 404U);
  EXPECT_FALSE(all[1].body);
  EXPECT_EQ(all[2].method, "");
  EXPECT_EQ(all[2].status, 400U);
  EXPECT_EQ(all[2].body, "no");
}

TEST(RawExchange, EndsWhereTheBytesSayNoMore) {
  EXPECT_TRUE(exchanges_in("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nConte").empty());
  const auto stream =
      exchanges_in("GET /s HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n");
  ASSERT_EQ(stream.size(), 1U);
  EXPECT_FALSE(stream[0].body);
  EXPECT_EQ(exchanges_in("GET /ws HTTP/1.1\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02{}").size(), 1U);
}

}  // namespace
}  // namespace haulcast::support
