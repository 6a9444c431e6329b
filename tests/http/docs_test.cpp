#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "haulcast/engine/batch.hpp"
#include "haulcast/http/contract.hpp"
#include "haulcast/http/error_texts.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/wire/gzip.hpp"
#include "haulcast/wire/live.hpp"
#include "http/harness.hpp"

namespace haulcast::http::test {
namespace {

using nlohmann::json;

router docs_routes() {
  router r;
  add_docs_routes(r);
  return r;
}

class Docs : public testing::Test {
 protected:
  answer ask(std::string_view target, std::string_view fields = {}) { return peer_.ask(get(target, fields)); }

  running_server server_{running_server::quick(), docs_routes()};
  peer peer_{server_.port()};
};

std::string sha256_base64(std::string_view text) {
  unsigned char digest[32];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  unsigned char encoded[48];
  const int size = EVP_EncodeBlock(encoded, digest, sizeof digest);
  return {reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size)};
}

std::set<std::string> all_codes() {
  std::set<std::string> all;
  for (const auto& p : problems) all.emplace(p.name);
  for (std::size_t i = 0; i < engine::reject_codes; ++i) all.emplace(to_string(static_cast<engine::reject_code>(i)));
  all.insert(wire::live_error_codes.begin(), wire::live_error_codes.end());
  return all;
}

TEST_F(Docs, TheDocumentsAreServedToEverybody) {
  const auto openapi = ask("/openapi.json");
  EXPECT_EQ(openapi.status, 200);
  EXPECT_EQ(openapi.header("content-type"), "application/json");
  EXPECT_EQ(openapi.body, contract::openapi);
  const auto asyncapi = ask("/asyncapi.json");
  EXPECT_EQ(asyncapi.status, 200);
  EXPECT_EQ(asyncapi.body, contract::asyncapi);
}

TEST_F(Docs, EveryOperationAndEveryFrameAndEveryCodeStandsOnThePage) {
  const auto page = ask("/docs");
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  const json openapi = json::parse(contract::openapi);
  for (const auto& [path, item] : openapi.at("paths").items()) {
    EXPECT_NE(page.body.find("<code>" + path + "</code></h3>"), std::string::npos) << path;
  }
  const json asyncapi = json::parse(contract::asyncapi);
  for (const auto& [name, message] : asyncapi.at("components").at("messages").items()) {
    EXPECT_NE(page.body.find("id=\"frame-" + name + "\""), std::string::npos) << name;
  }
  for (const auto& code : all_codes()) {
    EXPECT_NE(page.body.find("<th><a href=\"/docs/errors/" + code + "\">"), std::string::npos) << code;
  }
  EXPECT_NE(page.body.find("href=\"/openapi.json\""), std::string::npos);
  EXPECT_NE(page.body.find("href=\"/asyncapi.json\""), std::string::npos);
}

TEST_F(Docs, ThePageRefersToNothingThatIsNotThere) {
  const auto page = ask("/docs").body;
  const std::regex link{"href=\"([^\"]*)\""};
  std::size_t links = 0;
  for (std::sregex_iterator at{page.begin(), page.end(), link}, end; at != end; ++at, ++links) {
    const std::string to = (*at)[1];
    if (to.starts_with('#'))
      EXPECT_NE(page.find("id=\"" + to.substr(1) + "\""), std::string::npos) << to;
    else
      EXPECT_EQ(ask(to).status, 200) << to;
  }
  EXPECT_GT(links, 100U);
}

TEST_F(Docs, PagesHoldNoScriptAndLoadNothing) {
  for (const auto* target : {"/docs", "/docs/errors/not_found"}) {
    const auto page = ask(target);
    const auto policy = page.header("content-security-policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none';")) << policy;
    EXPECT_NE(policy.find("'sha256-" + sha256_base64(contract::style) + "'"), std::string::npos) << policy;
    EXPECT_NE(page.body.find("<style>" + std::string{contract::style} + "</style>"), std::string::npos);
    for (const auto* none : {"<script", "=\"http://", "src=", "style=\"", "onclick"}) {
      EXPECT_EQ(page.body.find(none), std::string::npos) << target << ' ' << none;
    }
    EXPECT_NE(page.body.find("name=\"viewport\""), std::string::npos);
    EXPECT_NE(page.body.find("color-scheme: light dark"), std::string::npos);
  }
}

TEST_F(Docs, EveryCodeHasAPageThatSaysWhatItMeansAndWhatToDo) {
  for (const auto& code : all_codes()) {
    const auto page = ask("/docs/errors/" + code);
    ASSERT_EQ(page.status, 200) << code;
    EXPECT_NE(page.body.find("<code>" + code + "</code>"), std::string::npos) << code;
    EXPECT_NE(page.body.find("<h2>What it means</h2>"), std::string::npos) << code;
    EXPECT_NE(page.body.find("<h2>What to do</h2>"), std::string::npos) << code;
  }
}

TEST(ErrorTexts, AreForCodesThatAreToldAndStandOnce) {
  const auto told = all_codes();
  std::set<std::string_view> seen;
  for (const auto& each : error_texts) {
    EXPECT_TRUE(told.contains(std::string{each.name})) << each.name << " is nobody's code";
    EXPECT_TRUE(seen.insert(each.name).second) << each.name << " stands twice";
  }
  EXPECT_EQ(seen.size(), told.size());
}

TEST_F(Docs, AProgramGetsAnErrorPageAsJson) {
  const auto page = ask("/docs/errors/truck_not_yours", "Accept: application/json\r\n");
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "application/json");
  EXPECT_EQ(page.header("vary"), "Accept, Accept-Encoding");
  const auto told = json::parse(page.body);
  EXPECT_EQ(told.at("code"), "truck_not_yours");
  EXPECT_EQ(told.at("status"), 403);
  EXPECT_EQ(told.at("told_by"), (json{"problem", "rejected"}));
  EXPECT_EQ(told.at("title"), "The token does not cover this truck");
  const auto frame = json::parse(ask("/docs/errors/resume_expired", "Accept: application/json\r\n").body);
  EXPECT_EQ(frame.at("told_by"), json{"frame"});
  EXPECT_FALSE(frame.contains("status"));
}

TEST_F(Docs, WhatIsNoCodeIsNotFoundAndAnImageIsNotOffered) {
  EXPECT_EQ(ask("/docs/errors/no_such_code").status, 404);
  EXPECT_EQ(ask("/docs/errors/%3Cscript%3E").status, 404);
  EXPECT_EQ(ask("/docs/errors/").status, 404);
  EXPECT_EQ(ask("/docs/errors/not_found", "Accept: image/png\r\n").status, 406);
}

TEST_F(Docs, WhoHasACopyIsToldSoInFewBytes) {
  for (const auto* target : {"/openapi.json", "/docs", "/docs/errors/not_found"}) {
    const auto first = ask(target);
    const auto tag = first.header("etag");
    EXPECT_EQ(first.header("cache-control"), "public, max-age=300");
    for (const auto& known : {tag, "W/" + tag, "\"other\", " + tag, std::string{"*"}}) {
      const auto again = peer_.ask(get(target, "If-None-Match: " + known + "\r\n"), true);
      EXPECT_EQ(again.status, 304) << target << ' ' << known;
      EXPECT_EQ(again.header("etag"), tag);
    }
    EXPECT_EQ(ask(target, "If-None-Match: \"other\"\r\n").status, 200);
  }
}

TEST_F(Docs, GzipGoesOutToWhoTakesItUnderATagOfItsOwn) {
  for (const auto* target : {"/openapi.json", "/asyncapi.json", "/docs", "/docs/errors/not_found"}) {
    const auto plain = ask(target);
    const auto packed = ask(target, "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(packed.header("content-encoding"), "gzip");
    EXPECT_EQ(plain.header("content-encoding"), "");
    EXPECT_NE(plain.header("etag"), packed.header("etag"));
    EXPECT_EQ(plain.head.find("Vary"), plain.head.rfind("Vary")) << "two of them";
    EXPECT_LT(packed.body.size(), plain.body.size());
    const auto unpacked = wire::gunzip(packed.body, 1 << 20);
    ASSERT_TRUE(unpacked);
    EXPECT_EQ(*unpacked, plain.body);
  }
}

TEST_F(Docs, HeadSaysTheSameWithoutTheText) {
  const auto head = peer_.ask("HEAD /docs HTTP/1.1\r\nHost: h\r\n\r\n", true);
  const auto whole = ask("/docs");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), std::to_string(whole.body.size()));
  EXPECT_EQ(head.header("etag"), whole.header("etag"));
}

}  // namespace
}  // namespace haulcast::http::test
