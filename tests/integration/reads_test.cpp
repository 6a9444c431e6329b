// What may be read of the live state, and by whom.
#include <set>

#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

json at(std::string_view truck, double latitude, double longitude) {
  return {{"truck_id", truck}, {"timestamp", now_ms()}, {"latitude", latitude}, {"longitude", longitude}};
}

std::set<std::string> trucks_in(const json& list) {
  std::set<std::string> ids;
  for (const auto& item : list.at("items")) ids.insert(item.at("truck_id"));
  return ids;
}

std::set<std::string> listed(api& who, const std::string& query) {
  const auto answer = who.get("/v1/trucks" + query);
  EXPECT_EQ(answer.status, 200u) << answer.raw.body;
  return answer.status == 200 ? trucks_in(answer.body) : std::set<std::string>{};
}

TEST(Reads, PagingListsEveryTruckOnce) {
  server s;
  auto admin = s.as();
  std::vector<json> all;
  for (int i = 0; i < 25; ++i) all.push_back(driving("TRK-" + std::to_string(i), now_ms() - 10'000, 1));
  must_post(admin, all);
  std::set<std::string> seen;
  std::string cursor;
  std::size_t items = 0;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = admin.get("/v1/trucks?limit=7" + (cursor.empty() ? "" : "&cursor=" + cursor)).body;
    EXPECT_EQ(page.size(), 2u);
    EXPECT_LE(page.at("items").size(), 7u);
    items += page.at("items").size();
    seen.merge(trucks_in(page));
    if (page.at("next_cursor").is_null()) break;
    cursor = page.at("next_cursor");
  }
  EXPECT_EQ(items, 25u);
  EXPECT_EQ(seen.size(), 25u);
  EXPECT_EQ(listed(admin, "").size(), 25u);
  EXPECT_EQ(listed(admin, "?limit=1000").size(), 25u);
  for (const char* wrong : {"?limit=0", "?limit=1001", "?limit=x", "?cursor=x", "?bbox=1,2,3", "?bbox=0,50,1,40",
                            "?bbox=0,0,0,91", "?status=parked", "?colour=red", "?limit=1&limit=2"}) {
    SCOPED_TRACE(wrong);
    const auto answer = admin.get("/v1/trucks" + std::string{wrong});
    EXPECT_EQ(answer.status, 422u);
    EXPECT_EQ(answer.raw.header("content-type"), "application/problem+json");
  }
}

TEST(Reads, ABoxListsWhatIsInItAlsoAcrossTheAntimeridian) {
  server s;
  auto admin = s.as();
  must_post(admin, {at("ZURICH", 47.37, 8.54), at("BERN", 46.95, 7.45), at("FIJI-EAST", -17.7, 179.9),
                    at("FIJI-WEST", -17.7, -179.9), at("NOWHERE", 0, 0)});
  using names = std::set<std::string>;
  EXPECT_EQ(listed(admin, "?bbox=8,47,9,48"), (names{"ZURICH"}));
  EXPECT_EQ(listed(admin, "?bbox=7.45,46.95,8.54,47.37"), (names{"BERN", "ZURICH"}));
  EXPECT_EQ(listed(admin, "?bbox=179,-18,-179,-17"), (names{"FIJI-EAST", "FIJI-WEST"}));
  EXPECT_EQ(listed(admin, "?bbox=-1,-1,1,1"), names{}) << "exact (0,0) is suspect: no position";
  EXPECT_EQ(listed(admin, "").count("NOWHERE"), 1u);
}

TEST(Reads, StatusIsMovingStoppedOrOffline) {
  server s({.environment = {{"HAULCAST_ENGINE__OFFLINE_AFTER_S", "2"}}});
  auto admin = s.as();
  const auto begin = now_ms() - 200'000;
  auto rest = driving("STOPPED", begin, 1);
  auto still = driving("STOPPED", begin, 1);
  still["timestamp"] = rfc3339(begin + 1000 + 120'000);
  rest["speed_kmh"] = still["speed_kmh"] = 0;
  must_post(admin, {driving("MOVING", begin, 1), rest, still});
  EXPECT_EQ(listed(admin, "?status=moving"), (std::set<std::string>{"MOVING"}));
  EXPECT_EQ(listed(admin, "?status=stopped"), (std::set<std::string>{"STOPPED"}));
  EXPECT_EQ(admin.get("/v1/trucks/STOPPED").body.at("status"), "stopped");
  ASSERT_TRUE(eventually([&] { return listed(admin, "?status=offline").size() == 2; }));
  EXPECT_TRUE(listed(admin, "?status=moving").empty());
  EXPECT_EQ(admin.get("/v1/trucks/MOVING").body.at("status"), "offline");
}

TEST(Reads, APositionHasEveryMemberItCameWithFlatWithItsAge) {
  server s;
  auto admin = s.as();
  const auto when = now_ms() - 5000;
  const json sent = {{"truck_id", "TRK-1"},
                     {"timestamp", when},
                     {"latitude", 47.3769123},
                     {"longitude", -8.5417},
                     {"speed_kmh", 45.5},
                     {"heading", 360},
                     {"altitude_m", -12.5},
                     {"accuracy_m", 5},
                     {"odometer_km", 120345.6},
                     {"fuel_level_pct", 75},
                     {"battery_pct", 80},
                     {"engine_status", "läuft \"gut\""},
                     {"trip_id", "T-1"},
                     {"driver_id", "D-7"},
                     {"attributes", {{"reefer_c", -18.5}, {"door", false}, {"note", "ü"}, {"none", nullptr}}},
                     {"unheard_of", 1}};
  must_post(admin, {sent});
  auto expected = sent;
  expected.erase("unheard_of");
  expected["timestamp"] = rfc3339(when);

  auto flat = admin.get("/v1/trucks/TRK-1/position").body;
  const std::int64_t age = flat.at("age_ms");
  EXPECT_GE(age, 5000);
  EXPECT_LT(age, 30'000);
  EXPECT_EQ(flat.at("received_at").get<std::string>().size(), 24u);
  auto queried = admin.post("/v1/positions/query", {{"truck_ids", {"TRK-1"}}}).body.at("positions").at(0);
  EXPECT_TRUE(queried.contains("age_ms") && queried.contains("received_at"));
  for (auto* one : {&flat, &queried}) {
    one->erase("age_ms");
    one->erase("received_at");
    EXPECT_EQ(*one, expected);
  }
  const auto truck = admin.get("/v1/trucks/TRK-1").body;
  EXPECT_EQ(truck, (json{{"truck_id", "TRK-1"}, {"status", "moving"}, {"position", expected}, {"trip_id", "T-1"}}));
  EXPECT_EQ(admin.get("/v1/trucks").body.at("items").at(0), truck);
}

TEST(Reads, UnknownIsNotZero) {
  server s;
  auto admin = s.as();
  const json sent = {{"truck_id", "TRK-1"}, {"timestamp", now_ms()}, {"latitude", 47},       {"longitude", 8},
                     {"speed_kmh", -1},     {"heading", -1},         {"accuracy_m", -1},     {"battery_pct", -1},
                     {"altitude_m", -1},    {"trip_id", nullptr},    {"attributes", nullptr}};
  must_post(admin, {sent});
  const auto position = admin.get("/v1/trucks/TRK-1").body.at("position");
  EXPECT_EQ(position.size(), 5u) << position;
  EXPECT_EQ(position.at("altitude_m"), -1);
}

TEST(Reads, TimesAreToldInUtcWithMillisecondsWhateverZoneTheyCameIn) {
  server s;
  auto admin = s.as();
  auto one = driving("TRK-1", now_ms() - 7'200'000, 0);
  const std::string utc = rfc3339(now_ms() - 3'600'000);
  one["timestamp"] = utc.substr(0, 10) + ' ' + utc.substr(11, 12) + "987z";  // a blank, small z, further digits cut
  must_post(admin, {one});
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("timestamp"), utc);
}

TEST(Reads, WhatIsNotThereIs404) {
  server s;
  auto admin = s.as();
  auto island = driving("TRK-1", now_ms(), 0);
  island["latitude"] = island["longitude"] = 0;
  must_post(admin, {island});
  expect_problem(admin.get("/v1/trucks/TRK-1/position"), 404, "no_position");
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1").status, 200u);
  expect_problem(admin.get("/v1/trucks/TRK-2"), 404, "not_found");
  expect_problem(admin.get("/v1/trucks/TRK-2/position"), 404, "not_found");
  expect_problem(admin.get("/v1/nothing"), 404, "not_found");
  expect_problem(admin.post("/v1/trucks", json::object()), 405, "method_not_allowed");
  EXPECT_EQ(admin.post("/v1/trucks", json::object()).raw.header("allow"), "GET, HEAD, OPTIONS");
}

TEST(Reads, AQueryNamesWhatIsMissing) {
  server s;
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1), driving("TRK-2", now_ms() - 5000, 1)});
  const auto answer = admin.post("/v1/positions/query", {{"truck_ids", {"TRK-2", "TRK-9", "TRK-1"}}});
  ASSERT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body.at("positions").size(), 2u);
  EXPECT_EQ(answer.body.at("positions")[0].at("truck_id"), "TRK-2");
  EXPECT_EQ(answer.body.at("missing"), json::array({"TRK-9"}));
  EXPECT_EQ(answer.body.size(), 2u);
  auto driver = s.as("driver", {"TRK-1"});
  const auto own = driver.post("/v1/positions/query", {{"truck_ids", {"TRK-2", "TRK-1"}}}).body;
  EXPECT_EQ(own.at("positions").size(), 1u);
  EXPECT_EQ(own.at("missing"), json::array({"TRK-2"}));

  json many = json::array();
  for (int i = 0; i < 101; ++i) many.push_back("T" + std::to_string(i));
  EXPECT_EQ(admin.post("/v1/positions/query", {{"truck_ids", many}}).status, 422u);
  many.erase(0);
  EXPECT_EQ(admin.post("/v1/positions/query", {{"truck_ids", many}}).body.at("missing").size(), 100u);
  expect_problem(admin.post("/v1/positions/query", {{"truck_ids", {"TRK-1"}}, {"x", 1}}), 422, "unknown_member");
  expect_problem(admin.post("/v1/positions/query", json::object()), 422, "member_missing");
  expect_problem(admin.post_text("/v1/positions/query", "{"), 400, "malformed_json");
}

TEST(Reads, DriversSeeTheirTrucksCustomersNone) {
  server s;
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1), driving("TRK-2", now_ms() - 5000, 1)});
  auto driver = s.as("driver", {"TRK-2", "TRK-7"});
  EXPECT_EQ(listed(driver, ""), (std::set<std::string>{"TRK-2"}));
  EXPECT_EQ(driver.get("/v1/trucks/TRK-2/position").status, 200u);
  expect_problem(driver.get("/v1/trucks/TRK-1/position"), 404, "not_found");
  expect_problem(driver.get("/v1/trucks/TRK-1"), 404, "not_found");
  for (const char* role : {"customer", "merchant"}) {
    api other{s.base(), token_of(role)};
    EXPECT_TRUE(listed(other, "").empty());
    expect_problem(other.get("/v1/trucks/TRK-1/position"), 404, "not_found");
    EXPECT_EQ(other.post("/v1/positions/query", {{"truck_ids", {"TRK-1"}}}).body.at("missing").size(), 1u);
  }
  api nobody{s.base(), ""};
  for (const char* target : {"/v1/trucks", "/v1/trucks/TRK-1", "/v1/trucks/TRK-1/position", "/v1/events/stream"}) {
    expect_problem(nobody.get(target), 401, "token_missing");
  }
}

TEST(Reads, LatePositionsMoveNothing) {
  server s;
  auto admin = s.as();
  const auto begin = now_ms() - 60'000;
  must_post(admin, {driving("TRK-1", begin, 9)});
  must_post(admin, {driving("TRK-1", begin, 3)});
  EXPECT_EQ(admin.get("/v1/trucks/TRK-1/position").body.at("timestamp"), rfc3339(begin + 9000));
}

TEST(Reads, AnswersAreCompressedForWhoAcceptsIt) {
  server s;
  auto admin = s.as();
  std::vector<json> all;
  for (int i = 0; i < 50; ++i) all.push_back(driving("TRK-" + std::to_string(i), now_ms() - 10'000, 1));
  must_post(admin, all);
  client::http_client compressed{s.base(), [&] {
                                   client::http_options o;
                                   o.token = s.token();
                                   o.accept_gzip = true;
                                   return o;
                                 }()};
  const auto answer = compressed.get("/v1/trucks");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header("content-encoding"), "gzip");
  EXPECT_EQ(json::parse(answer->body).at("items").size(), 50u);
  EXPECT_FALSE(admin.get("/v1/trucks").raw.header("content-encoding"));
}

TEST(Reads, ATraceparentComesBack) {
  server s;
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto admin = s.as();
  const auto answer = admin.get("/v1/trucks", {{"traceparent", trace}});
  EXPECT_TRUE(answer.raw.header("traceparent").value_or("").starts_with(trace.substr(0, 35)));
}

}  // namespace
}  // namespace haulcast::support
