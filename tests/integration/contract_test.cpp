// The running server against the documents that it publishes. That every answer is held against them is contract_watch's.
#include "support/contract.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "haulcast/http/contract.hpp"
#include "integration/contract_watch.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

TEST(PublishedContract, IsServedAsTheBinaryCarriesIt) {
  server s;
  api nobody{s.base(), ""};
  EXPECT_EQ(nobody.get("/openapi.json").raw.body, http::contract::openapi);
  EXPECT_EQ(nobody.get("/asyncapi.json").raw.body, http::contract::asyncapi);
  EXPECT_EQ(nobody.get("/docs").status, 200U);
}

/// Metrics tell the latency of every route, of those that nobody has asked for as well.
std::vector<std::string> routes_of(server& s) {
  const auto metrics = s.as().get("/metrics").raw.body;
  static const std::regex line{R"re(haulcast_http_request_seconds_count\{method="([A-Z]+)",route="(/[^"]*)"\})re"};
  std::vector<std::string> out;
  for (std::sregex_iterator at{metrics.begin(), metrics.end(), line}, end; at != end; ++at)
    out.push_back((*at)[1].str() + ' ' + (*at)[2].str());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(PublishedContract, NamesEveryRouteThatIsServedAndNoOther) {
  server s;
  EXPECT_EQ(contract{}.operations(), routes_of(s));
}

/// Somebody who asks every operation for the first thing that comes to mind, with every token and with none.
TEST(PublishedContract, HoldsForEveryOperationWhoeverAsks) {
  server s;
  contract documents;
  const std::vector<std::string> tokens{"", "rubbish", s.token("admin"), s.token("driver", {"T"}), s.token("customer")};
  std::set<unsigned> seen;
  for (const auto& operation : documents.operations()) {
    const auto blank = operation.find(' ');
    auto target = operation.substr(blank + 1);
    for (std::size_t open; (open = target.find('{')) != std::string::npos;)
      target.replace(open, target.find('}', open) - open + 1, "T");
    for (const auto& token : tokens) {
      if (target == "/v1/events/stream" && !token.empty() && token != "rubbish") continue;  // does not end
      for (const auto* body : {"", "{}", "[", R"({"truck_ids": ["T"]})"}) {
        client::http_request request;
        request.method = operation.substr(0, blank);
        request.target = target;
        request.body = body;
        seen.insert(api{s.base(), token}.send(request).status);  // the watch looks at the rest
      }
    }
  }
  for (const unsigned status : {200U, 400U, 401U, 403U, 404U, 413U, 422U, 426U}) EXPECT_TRUE(seen.contains(status)) << status;
}

TEST(PublishedContract, HoldsWhereNoOperationIs) {
  server s;
  auto admin = s.as();
  EXPECT_EQ(admin.get("/nowhere").status, 404U);
  for (const auto* method : {"PATCH", "OPTIONS", "HEAD"}) {
    client::http_request request;
    request.method = method;
    request.target = "/v1/positions/query";
    const auto status = admin.send(request).status;
    EXPECT_EQ(status, std::string_view{method} == "OPTIONS" ? 204U : 405U) << method;
  }
}

TEST(PublishedContract, TheTypeOfAProblemLeadsToThePageOfItsCode) {
  server s;
  auto admin = s.as();
  const auto refused = admin.post("/v1/positions", json{{"positions", json::array()}});
  ASSERT_EQ(refused.status, 422U);
  const auto page = admin.get(refused.body.at("type").get<std::string>(), {{"Accept", "application/json"}});
  ASSERT_EQ(page.status, 200U);
  EXPECT_EQ(page.body.at("code"), refused.body.at("code"));
  EXPECT_EQ(page.body.at("title"), refused.body.at("title"));
  EXPECT_EQ(page.body.at("status"), refused.body.at("status"));
}

}  // namespace
}  // namespace haulcast::support
