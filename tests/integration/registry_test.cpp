// The life of a registration, told to the real binary.
#include <thread>

#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

const std::string truck = "/v1/trucks/TRK-1";

std::vector<std::string> trucks_of(api& who) { return listed(who, "/v1/trucks", "truck_id"); }

using names = std::vector<std::string>;

TEST(Registry, ATruckIsRegisteredSeenChangedRemovedAndComesBack) {
  server s;
  auto admin = s.as();
  const json said = {{"name", "Zürich Express"}, {"plate", "ZH 123456"},
                     {"max_speed_kmh", 80},      {"length_m", 16.5},
                     {"width_m", 2.55},          {"height_m", 4},
                     {"weight_kg", 40'000},      {"attributes", {{"axles", 5}, {"reefer", true}}}};
  json shown = said;
  shown["truck_id"] = "TRK-1";
  shown["status"] = "offline";

  expect_problem(admin.get(truck), 404, "not_found");
  const auto created = admin.put(truck, said);
  ASSERT_EQ(created.status, 201u) << created.raw.body;
  EXPECT_EQ(created.raw.header("location"), truck);
  EXPECT_EQ(created.body, shown);
  const auto read = admin.get(truck);
  EXPECT_EQ(read.body, shown);
  EXPECT_EQ(tag_of(read), tag_of(created));
  EXPECT_EQ(admin.get("/v1/trucks?status=offline").body.at("items"), json::array({shown}));
  expect_problem(admin.get(truck + "/position"), 404, "no_position");

  const auto position = driving("TRK-1", now_ms() - 60'000, 1);
  must_post(admin, {position});
  shown["status"] = "moving";
  shown["position"] = position;
  EXPECT_EQ(admin.get(truck).body, shown);

  const auto again = admin.put(truck, said);
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(again.body, shown);
  EXPECT_FALSE(again.raw.header("location"));
  const auto changed = admin.put(truck, json{{"name", "Bern"}, {"truck_id", "TRK-1"}});
  EXPECT_EQ(changed.status, 200u);
  EXPECT_EQ(changed.body, (json{{"truck_id", "TRK-1"}, {"status", "moving"}, {"name", "Bern"}, {"position", position}}));

  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"trucks", {"TRK-1"}}});
  next_positions(ws, 1);
  const auto gone = admin.remove(truck);
  EXPECT_EQ(gone.status, 204u);
  EXPECT_TRUE(gone.raw.body.empty());
  EXPECT_EQ(next_frame(ws, "event").at("event").at("type"), "truck.offline");
  expect_problem(admin.get(truck), 404, "not_found");
  expect_problem(admin.get(truck + "/position"), 404, "not_found");
  expect_problem(admin.remove(truck), 404, "not_found");
  EXPECT_EQ(trucks_of(admin), names{});
  EXPECT_EQ(admin.post("/v1/positions/query", {{"truck_ids", {"TRK-1"}}}).body.at("missing"), json::array({"TRK-1"}));

  EXPECT_EQ(must_post(admin, {position}).at("duplicates"), 1) << "what it drove is known still";
  expect_problem(admin.get(truck), 404, "not_found");
  const auto next = driving("TRK-1", now_ms() - 60'000, 30);
  EXPECT_EQ(must_post(admin, {next}).at("accepted"), 1);
  EXPECT_EQ(admin.get(truck).body, (json{{"truck_id", "TRK-1"}, {"status", "moving"}, {"position", next}}));
  EXPECT_EQ(next_positions(ws, 1).at(0).at("timestamp"), next.at("timestamp"));
}

TEST(Registry, TagsTellWhatHasChangedAndGuardWhatWasNotSeen) {
  server s;
  auto one = s.as();
  auto two = s.as();
  const auto created = one.put(truck, json{{"name", "One"}}, {{"If-None-Match", "*"}});
  EXPECT_EQ(created.status, 201u);
  expect_problem(two.put(truck, json{{"name", "Two"}}, {{"If-None-Match", "*"}}), 412, "precondition_failed");

  const auto seen = tag_of(one.get(truck));
  EXPECT_EQ(tag_of(two.get(truck)), seen);
  const auto second = two.put(truck, json{{"name", "Two"}}, {{"If-Match", seen}});
  EXPECT_EQ(second.status, 200u);
  EXPECT_NE(tag_of(second), seen);
  expect_problem(one.put(truck, json{{"name", "Three"}}, {{"If-Match", seen}}), 412, "precondition_failed");
  expect_problem(one.remove(truck, {{"If-Match", seen}}), 412, "precondition_failed");
  EXPECT_EQ(one.get(truck).body.at("name"), "Two");
  EXPECT_EQ(one.put(truck, json{{"name", "Three"}}, {{"If-Match", "\"x\", " + tag_of(second)}}).status, 200u);
  expect_problem(one.put(truck, json{{"name", "Four"}}, {{"If-Match", "W/" + tag_of(one.get(truck))}}), 412,
                 "precondition_failed");
  expect_problem(one.put(truck, json{{"name", "Four"}}, {{"If-Match", "no tag"}}), 412, "precondition_failed");

  const auto before = tag_of(one.get(truck));
  const auto known = one.get(truck, {{"If-None-Match", before}});
  EXPECT_EQ(known.status, 304u);
  EXPECT_TRUE(known.raw.body.empty());
  EXPECT_EQ(tag_of(known), before);
  must_post(one, {driving("TRK-1", now_ms() - 60'000, 1)});
  const auto driven = one.get(truck, {{"If-None-Match", before}});
  EXPECT_EQ(driven.status, 200u) << "a newer position is never hidden";
  EXPECT_EQ(two.put(truck, json{{"name", "Five"}}, {{"If-Match", before}}).status, 200u)
      << "a truck that drives does not make its registration stale";
  EXPECT_EQ(one.get(truck, {{"If-None-Match", "\"x\", W/" + tag_of(one.get(truck))}}).status, 304u);
  EXPECT_EQ(two.remove(truck, {{"If-Match", tag_of(two.get(truck))}}).status, 204u);
  expect_problem(one.put(truck, json{{"name", "Six"}}, {{"If-Match", "*"}}), 412, "precondition_failed");
  expect_problem(one.remove(truck, {{"If-Match", "*"}}), 404, "not_found");
}

// Each reads, and writes only what nobody else wrote meanwhile: none of their additions is lost.
TEST(Registry, TwoClientsThatWriteAtOnceLoseNothing) {
  server s;
  auto setup = s.as();
  ASSERT_EQ(setup.put(truck, json{{"weight_kg", 1}}).status, 201u);
  constexpr int additions = 40;
  const auto add = [&s] {
    auto who = s.as();
    for (int done = 0; done < additions;) {
      const auto read = who.get(truck);
      const auto written = who.put(truck, json{{"weight_kg", read.body.at("weight_kg").get<int>() + 1}},
                                   {{"If-Match", std::string{read.raw.header("etag").value_or("")}}});
      if (written.status == 200) {
        ++done;
      } else {
        EXPECT_EQ(written.status, 412u) << written.raw.body;
      }
    }
  };
  std::thread other{add};
  add();
  other.join();
  EXPECT_EQ(setup.get(truck).body.at("weight_kg"), 1 + 2 * additions);
}

TEST(Registry, BodiesAreStrict) {
  server s;
  auto admin = s.as();
  const auto pointer = [](const json_answer& a) { return a.body.at("errors").at(0).at("pointer").get<std::string>(); };
  const auto unknown = admin.put(truck, json{{"nam", "x"}});
  expect_problem(unknown, 422, "unknown_member");
  EXPECT_EQ(pointer(unknown), "/nam");
  EXPECT_NE(unknown.body.value("detail", "").find("Did you mean \"name\"?"), std::string::npos);
  expect_problem(admin.put_text(truck, R"({"name":"a","name":"b"})"), 422, "duplicate_key");
  expect_problem(admin.put(truck, json{{"name", 7}}), 422, "field_type_invalid");
  const auto range = admin.put(truck, json{{"max_speed_kmh", 1000}});
  expect_problem(range, 422, "field_invalid");
  EXPECT_EQ(pointer(range), "/max_speed_kmh");
  expect_problem(admin.put(truck, json{{"truck_id", "TRK-2"}}), 422, "field_invalid");
  expect_problem(admin.put(truck, json::array()), 422, "field_type_invalid");
  expect_problem(admin.put_text(truck, "{"), 400, "malformed_json");
  expect_problem(admin.put_text(truck, ""), 400, "malformed_json");
  expect_problem(admin.put(truck, json{{"name", std::string(20'000, 'x')}}), 413, "body_too_large");
  expect_problem(admin.put("/v1/trucks/a%20b", json::object()), 422, "field_invalid");
  expect_problem(admin.put("/v1/trucks/" + std::string(129, 'x'), json::object()), 422, "field_invalid");
  expect_problem(admin.remove("/v1/trucks/a%20b"), 404, "not_found");
  EXPECT_EQ(trucks_of(admin), names{});
  EXPECT_EQ(admin.put(truck, json::object()).status, 201u);
}

TEST(Registry, OnlyAdminsWriteAndOthersSeeWhatTheySaw) {
  server s;
  auto admin = s.as();
  admin.put(truck, json{{"name", "One"}});
  for (const std::string role : {"driver", "customer", "merchant"}) {
    api who{s.base(), token_of(role)};
    expect_problem(who.put(truck, json{{"name", "x"}}), 403, "role_not_allowed");
    expect_problem(who.remove(truck), 403, "role_not_allowed");
    expect_problem(who.get(truck), 404, "not_found");
  }
  auto driver = s.as("driver", {"TRK-1"});
  expect_problem(driver.put(truck, json{{"name", "x"}}), 403, "role_not_allowed");
  EXPECT_EQ(driver.get(truck).body.at("name"), "One");
  api nobody{s.base(), ""};
  expect_problem(nobody.put(truck, json::object()), 401, "token_missing");
}

TEST(Registry, WhatWasAnsweredSurvivesKill9AndIsTheSameAfterARestart) {
  server s;
  auto admin = s.as();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(admin.put("/v1/trucks/TRK-" + std::to_string(i), json{{"name", std::to_string(i)}}).status, 201u);
  }
  must_post(admin, {driving("TRK-3", now_ms() - 60'000, 1)});
  ASSERT_EQ(admin.remove("/v1/trucks/TRK-4").status, 204u);
  const auto before = admin.get(truck);
  const auto last = admin.put("/v1/trucks/LAST", json{{"plate", "ZH 1"}});
  s.kill();
  s.start();
  auto again = s.as();
  EXPECT_EQ(again.get("/v1/trucks/LAST").body, last.body);
  EXPECT_EQ(tag_of(again.get("/v1/trucks/LAST")), tag_of(last));
  EXPECT_EQ(again.get(truck).body, before.body);
  EXPECT_EQ(tag_of(again.get(truck)), tag_of(before));
  EXPECT_EQ(again.get("/v1/trucks/TRK-3").body.at("name"), "3");
  expect_problem(again.get("/v1/trucks/TRK-4"), 404, "not_found");
  EXPECT_EQ(trucks_of(again).size(), 20u);
  EXPECT_EQ(again.put(truck, json{{"name", "x"}}, {{"If-Match", tag_of(before)}}).status, 200u);
  ASSERT_EQ(s.stop().code, 0);
  for (const std::vector<std::string>& how : {std::vector<std::string>{"verify"}, {"verify", "--from-start"}}) {
    child_options check;
    check.program = HAULCAST_BINARY;
    check.arguments = how;
    check.environment = {{"HAULCAST_DATA_DIR", s.data_dir().string()}};
    child_process verify{check};
    EXPECT_EQ(verify.wait(std::chrono::seconds{60}).value().code, 0);
  }
}

TEST(Registry, WhereTrucksMustBeRegisteredOthersAreRejectedWithAReason) {
  server s({.environment = {{"HAULCAST_INGEST__REGISTER_UNKNOWN_TRUCKS", "false"}, {"HAULCAST_ENGINE__MAX_TRUCKS", "2"}}});
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  admin.put(truck, json::object());
  auto wrong = driving("OTHER", begin, 1);
  wrong["latitude"] = 91;
  const auto answer =
      must_post(admin, {driving("TRK-1", begin, 1), driving("OTHER", begin, 1), wrong, driving("TRK-1", begin, 2)});
  EXPECT_EQ(answer.at("accepted"), 2);
  ASSERT_EQ(answer.at("rejected").size(), 2u);
  for (const auto& each : answer.at("rejected")) EXPECT_EQ(each.at("code"), "truck_unknown") << answer;
  expect_problem(admin.get("/v1/trucks/OTHER"), 404, "not_found");

  ASSERT_EQ(admin.put("/v1/trucks/OTHER", json::object()).status, 201u);
  EXPECT_EQ(must_post(admin, {driving("OTHER", begin, 1)}).at("accepted"), 1);
  expect_problem(admin.put("/v1/trucks/THIRD", json::object()), 409, "too_many_trucks");
  ASSERT_EQ(admin.remove("/v1/trucks/OTHER").status, 204u);
  EXPECT_EQ(must_post(admin, {driving("OTHER", begin, 2)}).at("rejected").at(0).at("code"), "truck_unknown");
  s.restart();
  auto again = s.as();
  EXPECT_EQ(must_post(again, {driving("OTHER", begin, 2)}).at("rejected").at(0).at("code"), "truck_unknown");
  EXPECT_EQ(must_post(again, {driving("TRK-1", begin, 2)}).at("duplicates"), 1);
  EXPECT_EQ(metric(again.get("/metrics").raw.body, R"(haulcast_positions_rejected_total{code="truck_unknown"})"), 1);
}

TEST(Registry, ASubscriberOfARegisteredTruckWaitsForItsFirstPosition) {
  server s;
  auto admin = s.as();
  admin.put(truck, json{{"name", "One"}});
  auto ws = s.ws("driver", {"TRK-1"});
  ASSERT_FALSE(ws.connect());
  EXPECT_EQ(subscribe(ws, {{"trucks", {"TRK-1"}}}).at("trucks"), json::array({"TRK-1"}));
  const auto position = driving("TRK-1", now_ms() - 60'000, 1);
  must_post(admin, {position});
  EXPECT_EQ(next_positions(ws, 1).at(0), position);
}

}  // namespace
}  // namespace haulcast::support
