// Batches as drivers' apps send them: what each position and each batch is told.
#include <future>

#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

json rejected_codes(const json& answer) {
  json codes = json::array();
  for (const auto& r : answer.at("rejected")) codes.push_back({r.at("index"), r.at("code")});
  return codes;
}

TEST(Ingest, TellsTheVerdictOfEachPosition) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  auto wrong = driving("TRK-1", begin, 4);
  wrong["latitude"] = 90.5;
  const auto told = must_post(admin, {driving("TRK-1", begin, 1), driving("TRK-1", begin, 3), driving("TRK-1", begin, 1),
                                      driving("TRK-1", begin, 2), wrong, driving("TRK-2", begin, 1)});
  EXPECT_EQ(told.at("accepted"), 4);
  EXPECT_EQ(told.at("duplicates"), 1);
  EXPECT_EQ(told.at("late"), 1);
  ASSERT_EQ(rejected_codes(told), json::parse(R"([[4,"latitude_out_of_range"]])"));
  EXPECT_FALSE(told.at("rejected")[0].at("detail").get<std::string>().empty());
  EXPECT_EQ(told.size(), 4u) << "accepted, duplicates, late, rejected and nothing else";
}

// {t}: a timestamp that is right. Each of them has one fault more than a good position.
struct fault {
  const char* position;
  const char* code;
};
constexpr fault faults[] = {
    {R"(5)", "position_not_an_object"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"latitude":1,"longitude":2})", "duplicate_key"},
    {R"({"timestamp":{t},"latitude":1,"longitude":2})", "truck_id_missing"},
    {R"({"truck_id":null,"timestamp":{t},"latitude":1,"longitude":2})", "truck_id_missing"},
    {R"({"truck_id":"","timestamp":{t},"latitude":1,"longitude":2})", "truck_id_invalid"},
    {R"({"truck_id":"A B","timestamp":{t},"latitude":1,"longitude":2})", "truck_id_invalid"},
    {R"({"truck_id":"A\u0000","timestamp":{t},"latitude":1,"longitude":2})", "truck_id_invalid"},
    {R"({"truck_id":7,"timestamp":{t},"latitude":1,"longitude":2})", "field_type_invalid"},
    {R"({"truck_id":"A","latitude":1,"longitude":2})", "timestamp_missing"},
    {R"({"truck_id":"A","timestamp":"yesterday","latitude":1,"longitude":2})", "timestamp_invalid"},
    {R"({"truck_id":"A","timestamp":"2026-11-20T10:30:60Z","latitude":1,"longitude":2})", "timestamp_invalid"},
    {R"({"truck_id":"A","timestamp":"","latitude":1,"longitude":2})", "timestamp_invalid"},
    {R"({"truck_id":"A","timestamp":true,"latitude":1,"longitude":2})", "field_type_invalid"},
    {R"({"truck_id":"A","timestamp":"2999-01-01T00:00:00Z","latitude":1,"longitude":2})", "timestamp_in_future"},
    {R"({"truck_id":"A","timestamp":"2001-01-01T00:00:00Z","latitude":1,"longitude":2})", "timestamp_too_old"},
    {R"({"truck_id":"A","timestamp":{t},"longitude":2})", "latitude_missing"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":null,"longitude":2})", "latitude_missing"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1})", "longitude_missing"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":-90.01,"longitude":2})", "latitude_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":180.01})", "longitude_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":"1","longitude":2})", "field_type_invalid"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"speed_kmh":400.1})", "speed_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"speed_kmh":-2})", "speed_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"heading":361})", "heading_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"accuracy_m":1000001})", "accuracy_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"altitude_m":-1001})", "altitude_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"odometer_km":-1})", "odometer_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"fuel_level_pct":101})", "fuel_level_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"battery_pct":100.5})", "battery_out_of_range"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"trip_id":"a/b"})", "trip_id_invalid"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"driver_id":""})", "driver_id_invalid"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"engine_status":"a\nb"})", "engine_status_invalid"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"engine_status":9})", "field_type_invalid"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"attributes":{"a":{"b":1}}})", "attributes_invalid"},
    {R"({"truck_id":"A","timestamp":{t},"latitude":1,"longitude":2,"attributes":[]})", "field_type_invalid"},
    // Several faults: the first in the order structure, truck_id, timestamp, latitude, longitude, others.
    {R"({"speed_kmh":999,"longitude":999,"latitude":999,"timestamp":"x","truck_id":"A B"})", "truck_id_invalid"},
    {R"({"speed_kmh":999,"longitude":999,"latitude":999,"timestamp":"x","truck_id":"A"})", "timestamp_invalid"},
    {R"({"speed_kmh":999,"longitude":999,"latitude":999,"timestamp":{t},"truck_id":"A"})", "latitude_out_of_range"},
    {R"({"speed_kmh":999,"longitude":999,"latitude":9,"timestamp":{t},"truck_id":"A"})", "longitude_out_of_range"},
};

TEST(Ingest, EveryFaultOfAPositionHasItsCodeAndTheStatusIs200EvenIfAllAreRejected) {
  server s;
  auto admin = s.as();
  std::string body = R"({"positions":[)";
  json expected = json::array();
  for (std::size_t i = 0; i < std::size(faults); ++i) {
    std::string one = faults[i].position;
    if (const auto at = one.find("{t}"); at != std::string::npos) one.replace(at, 3, std::to_string(now_ms()));
    body += (i == 0 ? "" : ",") + one;
    expected.push_back({i, faults[i].code});
  }
  const auto answer = admin.post_text("/v1/positions", body + "]}");
  ASSERT_EQ(answer.status, 200u) << answer.raw.body;
  EXPECT_EQ(answer.body.at("accepted"), 0);
  EXPECT_EQ(rejected_codes(answer.body), expected);
  expect_problem(admin.get("/v1/trucks/A/position"), 404, "not_found");
}

struct bad_batch {
  std::string body;
  unsigned status;
  const char* code;
};

TEST(Ingest, EveryFaultOfABatchHasItsStatusAndCode) {
  server s({.environment = {{"HAULCAST_INGEST__MAX_BODY_BYTES", "100 KiB"}}});
  auto admin = s.as();
  std::string deep(17, '[');
  const std::string five = R"({"truck_id":"A","timestamp":5,"latitude":1,"longitude":2})";
  std::string too_many = five;
  for (int i = 1; i < 1001; ++i) too_many += ',' + five;
  const bad_batch all[] = {
      {"", 400, "malformed_json"},
      {R"({"positions":[)", 400, "malformed_json"},
      {R"({"positions":[]} x)", 400, "malformed_json"},
      {R"({"positions":[{"speed_kmh":1e999}]})", 400, "malformed_json"},
      {R"({"positions":)" + deep + std::string(17, ']') + '}', 400, "malformed_json"},
      {"{\"positions\":[\"\xff\"]}", 400, "malformed_json"},
      {R"([])", 422, "field_type_invalid"},
      {R"({})", 422, "positions_missing"},
      {R"({"positions":null})", 422, "positions_missing"},
      {R"({"positions":{}})", 422, "field_type_invalid"},
      {R"({"positions":[]})", 422, "batch_empty"},
      {R"({"positions":[)" + too_many + "]}", 413, "batch_too_large"},
      {R"({"positions":[)" + std::string(100 * 1024, ' ') + "]}", 413, "body_too_large"},
      {R"({"positions":[5],"positions":[5]})", 422, "duplicate_key"},
      {R"({"positions":[5],"truck_id":"A","truck_id":"A"})", 422, "duplicate_key"},
      {R"({"positions":[5],"position":[]})", 422, "unknown_member"},
      {R"({"positions":[5],"truck_id":"A B"})", 422, "field_invalid"},
  };
  for (const auto& b : all) {
    SCOPED_TRACE(b.body.substr(0, 60));
    const auto answer = admin.post_text("/v1/positions", b.body);
    expect_problem(answer, b.status, b.code);
  }
  const auto unknown = admin.post_text("/v1/positions", R"({"positions":[5],"position":[]})");
  ASSERT_TRUE(unknown.body.contains("errors")) << unknown.raw.body;
  EXPECT_EQ(unknown.body["errors"][0]["pointer"], "/position");
  EXPECT_EQ(unknown.body["errors"][0]["code"], "unknown_member");
}

TEST(Ingest, TakesGzipAndHoldsTheLimitAfterDecompressionToo) {
  server s;
  auto admin = s.as();
  client::http_request r;
  r.method = "POST";
  r.target = "/v1/positions";
  r.gzip = true;
  r.body = batch({driving("TRK-1", now_ms() - 5000, 1)}).dump();
  EXPECT_EQ(admin.send(r).body.value("accepted", 0), 1);

  r.body = R"({"positions":[)" + std::string(4 << 20, ' ') + "]}";
  expect_problem(admin.send(r), 413, "body_too_large");

  r.gzip = false;
  r.headers = {{"Content-Encoding", "gzip"}};
  r.body = R"({"positions":[]})";
  expect_problem(admin.send(r), 400, "body_not_decodable");
  r.headers = {{"Content-Encoding", "br"}};
  expect_problem(admin.send(r), 415, "unsupported_media_type");
}

TEST(Ingest, NoContentTypeCountsAsJsonAndAnotherIs415) {
  server s;
  auto admin = s.as();
  client::http_request r;
  r.method = "POST";
  r.target = "/v1/positions";
  r.body = batch({driving("TRK-1", now_ms() - 5000, 1)}).dump();
  r.content_type = "";
  EXPECT_EQ(admin.send(r).status, 200u);
  r.content_type = "application/json; charset=utf-8";
  EXPECT_EQ(admin.send(r).status, 200u);
  r.content_type = "text/csv";
  expect_problem(admin.send(r), 415, "unsupported_media_type");
}

TEST(Ingest, DuplicatesAndLatePositionsAreToldAcrossARestart) {
  server s;
  const auto begin = now_ms() - 60'000;
  const std::vector<json> first{driving("TRK-1", begin, 1), driving("TRK-1", begin, 5), driving("TRK-2", begin, 1)};
  {
    auto admin = s.as();
    EXPECT_EQ(must_post(admin, first).at("accepted"), 3);
  }
  s.restart();
  auto admin = s.as();
  const auto again = must_post(admin, first);
  EXPECT_EQ(again.at("duplicates"), 3);
  EXPECT_EQ(again.at("accepted"), 0);
  const auto late = must_post(admin, {driving("TRK-1", begin, 3)});
  EXPECT_EQ(late.at("accepted"), 1);
  EXPECT_EQ(late.at("late"), 1);
  // The first one stands, whatever the second says.
  auto elsewhere = driving("TRK-1", begin, 5);
  elsewhere["latitude"] = 47.0;
  EXPECT_EQ(must_post(admin, {elsewhere}).at("duplicates"), 1);
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("latitude"), driving("TRK-1", begin, 5).at("latitude"));
}

TEST(Ingest, SuspectPositionsAreAcceptedAndMoveNothing) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  must_post(admin, {driving("TRK-1", begin, 1)});
  auto island = driving("TRK-1", begin, 2);
  island["latitude"] = island["longitude"] = 0;
  auto inexact = driving("TRK-1", begin, 3);
  inexact["accuracy_m"] = 1000.5;
  auto jump = driving("TRK-1", begin, 4);
  jump["latitude"] = 52.5;
  const auto told = must_post(admin, {island, inexact, jump});
  EXPECT_EQ(told.at("accepted"), 3);
  EXPECT_EQ(told.at("late"), 0);
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("timestamp"), rfc3339(begin + 1000));
  auto exact_enough = driving("TRK-1", begin, 5);
  exact_enough["accuracy_m"] = 1000;
  must_post(admin, {exact_enough});
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("timestamp"), rfc3339(begin + 5000));
}

TEST(Ingest, ABatchOfForeignTrucksIs403AndOneForeignTruckAmongOthersIsRejected) {
  server s;
  auto admin = s.as();
  auto driver = s.as("driver", {"TRK-1", "TRK-3"});
  const auto begin = now_ms() - 60'000;
  expect_problem(driver.post("/v1/positions", batch({driving("TRK-2", begin, 1)})), 403, "truck_not_yours");
  expect_problem(admin.get("/v1/trucks/TRK-2"), 404, "not_found");

  const auto told = must_post(driver, {driving("TRK-1", begin, 1), driving("TRK-2", begin, 1), driving("TRK-3", begin, 1)});
  EXPECT_EQ(told.at("accepted"), 2);
  EXPECT_EQ(rejected_codes(told), json::parse(R"([[1,"truck_not_yours"]])"));
  expect_problem(admin.get("/v1/trucks/TRK-2"), 404, "not_found");
  auto nobody = s.as("driver");
  expect_problem(nobody.post("/v1/positions", batch({driving("TRK-1", begin, 2)})), 403, "truck_not_yours");
}

TEST(Ingest, ATruckIdOfTheBatchStandsForPositionsThatHaveNone) {
  server s;
  auto driver = s.as("driver", {"TRK-1"});
  auto one = driving("x", now_ms() - 60'000, 1);
  one.erase("truck_id");
  const auto answer = driver.post("/v1/positions", {{"positions", json::array({one})}, {"truck_id", "TRK-1"}});
  EXPECT_EQ(answer.body.value("accepted", 0), 1) << answer.raw.body;
}

TEST(Ingest, OnlyDriversAndAdminsWithATokenThatHoldsMayPost) {
  server s;
  const auto body = batch({driving("TRK-1", now_ms() - 5000, 1)});
  const auto with = [&](std::string token) { return api{s.base(), std::move(token)}.post("/v1/positions", body); };
  expect_problem(with(token_of("customer")), 403, "role_not_allowed");
  expect_problem(with(token_of("merchant")), 403, "role_not_allowed");
  expect_problem(with(""), 401, "token_missing");
  expect_problem(with("nonsense"), 401, "token_invalid");
  expect_problem(with(sign_token({.role = "admin"}, "another secret, long enough to be one")), 401, "token_invalid");
  token_claims old{.role = "admin"};
  old.expires_in = -31s;
  expect_problem(with(sign_token(old, server::secret())), 401, "token_expired");
  old.expires_in = -20s;  // within the leeway
  EXPECT_EQ(with(sign_token(old, server::secret())).status, 200u);
  const std::string claims = R"({"sub":"x","role":"admin","exp":)" + std::to_string(now_ms() / 1000 + 60);
  expect_problem(with(sign_payload(R"({"alg":"none"})", claims + "}", server::secret())), 401, "token_invalid");
  expect_problem(with(sign_payload(R"({"alg":"HS256"})", claims + R"(,"role":"admin"})", server::secret())), 401,
                 "token_invalid");
  api lower_case{s.base(), ""};
  EXPECT_EQ(lower_case.post("/v1/positions", body, {{"Authorization", "bEARER " + s.token()}}).status, 200u);
}

TEST(Ingest, TheSameBatchOnTwoConnectionsAtOnceIsStoredOnce) {
  server s;
  const auto begin = now_ms() - 3'600'000;
  const auto token = s.token();
  for (int round = 0; round < 20; ++round) {
    std::vector<json> positions;
    for (int i = 0; i < 50; ++i) positions.push_back(driving("TRK-1", begin, round * 50 + i));
    const auto post = [&] {
      api own{s.base(), token};
      return own.post("/v1/positions", batch(positions)).body;
    };
    auto other = std::async(std::launch::async, post);
    const json one = post();
    const json two = other.get();
    ASSERT_EQ(one.at("accepted").get<int>() + two.at("accepted").get<int>(), 50);
    ASSERT_EQ(one.at("duplicates").get<int>() + two.at("duplicates").get<int>(), 50);
    ASSERT_EQ(one.at("accepted").get<int>() % 50, 0) << "a batch is applied in one go";
  }
}

TEST(Ingest, WhatWasAcknowledgedIsReadAtOnceFromAnyConnection) {
  server s{{.environment = {{"HAULCAST_LIMITS__TRUCK_REQUESTS_PER_S", "0"}}}};
  auto driver = s.as("driver", {"TRK-1"});
  auto admin = s.as();
  const auto begin = now_ms() - 200'000;
  for (int i = 1; i <= 100; ++i) {
    must_post(driver, {driving("TRK-1", begin, i)});
    ASSERT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("timestamp"), rfc3339(begin + i * 1000));
  }
}

}  // namespace
}  // namespace haulcast::support
