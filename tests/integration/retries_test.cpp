// Requests that are sent again under an Idempotency-Key, told to the real binary.
#include "integration/story.hpp"
#include "support/token.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

const std::string truck = "/v1/trucks/TRK-1";
const std::string key = R"("8e03978e-40d5-43dd-bc93-6894a57f9324")";

json_answer ask(api& who, std::string method, std::string_view under, const std::string& body,
                client::http_headers headers = {}, bool gzip = false) {
  client::http_request request;
  request.method = std::move(method);
  request.target = truck;
  request.body = body;
  request.headers = std::move(headers);
  request.gzip = gzip;
  if (!under.empty()) request.headers.emplace_back("Idempotency-Key", under);
  return who.send(request);
}
json_answer put(api& who, std::string_view under, const json& body, client::http_headers headers = {}, bool gzip = false) {
  return ask(who, "PUT", under, body.dump(), std::move(headers), gzip);
}
json_answer remove(api& who, std::string_view under, client::http_headers headers = {}) {
  return ask(who, "DELETE", under, "", std::move(headers));
}

void expect_first(const json_answer& answer) { EXPECT_FALSE(answer.raw.header("idempotency-replayed")); }
void expect_again(const json_answer& answer, const json_answer& first) {
  EXPECT_EQ(answer.raw.header("idempotency-replayed"), "true");
  EXPECT_EQ(answer.status, first.status);
  EXPECT_EQ(answer.raw.body, first.raw.body);
  EXPECT_EQ(answer.raw.header("etag"), first.raw.header("etag"));
  EXPECT_EQ(answer.raw.header("location"), first.raw.header("location"));
}

TEST(RegistryRetries, APutThatIsSentAgainIsAnsweredAsTheFirstTimeAndChangesNothing) {
  server s;
  auto admin = s.as();
  const json one = {{"name", "One"}};
  const auto first = put(admin, key, one, {{"If-None-Match", "*"}});
  ASSERT_EQ(first.status, 201U) << first.raw.body;
  EXPECT_EQ(first.raw.header("location"), truck);
  expect_first(first);
  expect_again(put(admin, key, one, {{"If-None-Match", "*"}}), first);
  expect_again(put(admin, key, one), first);

  const auto second = put(admin, "another", json{{"name", "Two"}}, {{"If-Match", tag_of(first)}});
  ASSERT_EQ(second.status, 200U);
  expect_again(put(admin, "another", json{{"name", "Two"}}, {{"If-Match", tag_of(first)}}), second);
  expect_again(put(admin, key, one), first);
  EXPECT_EQ(admin.get(truck).body.at("name"), "Two") << "what was written since stays";
  expect_problem(put(admin, "third", json{{"name", "Three"}}, {{"If-Match", tag_of(first)}}), 412, "precondition_failed");

  const auto page = admin.get("/metrics").raw.body;
  EXPECT_EQ(metric(page, "haulcast_commands_again_total"), 4);
  EXPECT_EQ(metric(page, R"(haulcast_commands_total{status="created"})"), 1);
  EXPECT_EQ(metric(page, "haulcast_idempotency_keys"), 2);
  EXPECT_EQ(metric(page, "haulcast_idempotency_keys_displaced_total"), 0);
}

TEST(RegistryRetries, ADeleteThatIsSentAgainIsStill204) {
  server s;
  auto admin = s.as();
  const auto created = put(admin, "", json{{"name", "One"}});
  const auto gone = remove(admin, key, {{"If-Match", tag_of(created)}});
  ASSERT_EQ(gone.status, 204U);
  expect_first(gone);
  expect_again(remove(admin, key, {{"If-Match", tag_of(created)}}), gone);
  expect_problem(remove(admin, ""), 404, "not_found");
  ASSERT_EQ(put(admin, "", json{{"name", "Two"}}).status, 201U);
  expect_again(remove(admin, key), gone);
  EXPECT_EQ(admin.get(truck).body.at("name"), "Two");
}

TEST(RegistryRetries, AnotherRequestUnderTheSameKeyIsRefused) {
  server s;
  auto admin = s.as();
  ASSERT_EQ(put(admin, key, json{{"name", "One"}}).status, 201U);
  expect_problem(put(admin, key, json{{"name", "Two"}}), 422, "idempotency_key_reused");
  expect_problem(remove(admin, key), 422, "idempotency_key_reused");
  expect_problem(ask(admin, "PUT", key, R"({"name": "One"})"), 422, "idempotency_key_reused");
  EXPECT_EQ(admin.get(truck).body.at("name"), "One");
  EXPECT_EQ(put(admin, key.substr(1, key.size() - 2), json{{"name", "Two"}}).status, 200U)
      << "without quotes it is another key";
}

TEST(RegistryRetries, AnothersKeyIsFree) {
  server s;
  auto admin = s.as();
  ASSERT_EQ(put(admin, key, json{{"name", "One"}}).status, 201U);
  api other{s.base(), sign_token({.subject = "somebody-else"}, server::secret())};
  const auto second = put(other, key, json{{"name", "Two"}});
  EXPECT_EQ(second.status, 200U) << second.raw.body;
  expect_first(second);
}

TEST(RegistryRetries, ACompressedBodyCountsAsWhatIsInIt) {
  server s;
  auto admin = s.as();
  const json one = {{"name", std::string(100, 'x')}};
  const auto first = put(admin, key, one, {}, true);
  ASSERT_EQ(first.status, 201U) << first.raw.body;
  expect_again(put(admin, key, one), first);
  expect_again(put(admin, key, one, {}, true), first);
}

TEST(RegistryRetries, KeysSurviveKill9AndARestart) {
  server s;
  auto admin = s.as();
  const auto first = put(admin, key, json{{"name", "One"}});
  ASSERT_EQ(first.status, 201U);
  s.kill();
  s.start();
  auto again = s.as();
  expect_again(put(again, key, json{{"name", "One"}}), first);
  expect_problem(put(again, key, json{{"name", "Two"}}), 422, "idempotency_key_reused");
  const auto gone = remove(again, "gone");
  ASSERT_EQ(gone.status, 204U);
  s.restart();
  auto later = s.as();
  expect_again(remove(later, "gone"), gone);
  EXPECT_EQ(put(later, key, json{{"name", "One"}}).status, 201U) << "though it is not there any more";
  expect_problem(later.get(truck), 404, "not_found");
  ASSERT_EQ(s.stop().code, 0);
  child_options check;
  check.program = HAULCAST_BINARY;
  check.arguments = {"verify"};
  check.environment = {{"HAULCAST_DATA_DIR", s.data_dir().string()}};
  child_process verify{check};
  EXPECT_EQ(verify.wait(std::chrono::seconds{60}).value().code, 0);
}

TEST(RegistryRetries, WhatChangedNothingIsDecidedAnew) {
  server s;
  auto admin = s.as();
  expect_problem(remove(admin, "early"), 404, "not_found");
  expect_problem(put(admin, "if", json{{"name", "One"}}, {{"If-Match", "*"}}), 412, "precondition_failed");
  ASSERT_EQ(put(admin, "if", json{{"name", "One"}}).status, 201U) << "a refusal is not remembered";
  EXPECT_EQ(remove(admin, "early").status, 204U);
}

TEST(RegistryRetries, AKeyThatIsNoneIsRefusedAndNothingIsDone) {
  server s;
  auto admin = s.as();
  expect_problem(put(admin, std::string(256, 'x'), json{{"name", "One"}}), 422, "field_invalid");
  expect_problem(put(admin, "Z\xC3\xBCrich", json{{"name", "One"}}), 422, "field_invalid");
  expect_problem(put(admin, "a", json{{"name", "One"}}, {{"Idempotency-Key", "b"}}), 422, "field_invalid");
  expect_problem(remove(admin, "a\tb"), 422, "field_invalid");
  expect_problem(admin.get(truck), 404, "not_found");
  EXPECT_EQ(put(admin, std::string(255, 'x'), json{{"name", "One"}}).status, 201U);
}

}  // namespace
}  // namespace haulcast::support
