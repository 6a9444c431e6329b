// The life of a geofence, told to the real binary.
#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <thread>

#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

const std::string fences = "/v1/geofences";
const std::string depot = fences + "/depot";

json circle(std::string_view id, double radius = 500) {
  return {{"geofence_id", id},
          {"type", "circle"},
          {"center", {{"latitude", 47.3769}, {"longitude", 8.5417}}},
          {"radius_meters", radius}};
}

/// A ring of so many corners around Zurich.
json many_corners(int corners) {
  json ring = json::array();
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * std::numbers::pi * i / corners;
    ring.push_back({8.5417 + 0.05 * std::cos(angle), 47.3769 + 0.04 * std::sin(angle)});
  }
  ring.push_back(ring.front());
  return {{"type", "polygon"}, {"coordinates", {ring}}};
}

json_answer post(api& who, const json& body, client::http_headers headers = {}) {
  return who.post(fences, body, std::move(headers));
}
std::vector<std::string> fences_of(api& who, const std::string& query = "") {
  return listed(who, fences + query, "geofence_id");
}
std::string pointer_of(const json_answer& answer) { return answer.body.at("errors").at(0).at("pointer"); }

using names = std::vector<std::string>;

TEST(Geofences, OneIsCreatedSeenChangedAndDeleted) {
  server s;
  auto admin = s.as();
  json said = circle("depot");
  said["name"] = "Zürich Hof";
  said["alert_on"] = "exit";
  said["tags"] = {"yard"};
  json shown = said;
  shown["alert_on"] = {"exit"};
  shown["active"] = true;
  shown["rules"] = {{"restricted", false}, {"hysteresis_meters", 20}};

  expect_problem(admin.get(depot), 404, "not_found");
  const auto created = post(admin, said);
  ASSERT_EQ(created.status, 201u) << created.raw.body;
  EXPECT_EQ(created.raw.header("location"), depot);
  EXPECT_EQ(created.body, shown);
  const auto read = admin.get(depot);
  EXPECT_EQ(read.body, shown);
  EXPECT_EQ(tag_of(read), tag_of(created));
  EXPECT_EQ(admin.get(depot, {{"If-None-Match", tag_of(read)}}).status, 304u);
  EXPECT_EQ(admin.get(fences).body, (json{{"items", {shown}}, {"next_cursor", nullptr}}));

  expect_problem(post(admin, said), 409, "geofence_exists");
  EXPECT_EQ(admin.put(depot, shown).status, 200u) << "what GET shows can be PUT";
  EXPECT_EQ(tag_of(admin.get(depot)), tag_of(created)) << "and changes nothing";
  shown["radius_meters"] = 600;
  const auto changed = admin.put(depot, shown, {{"If-Match", tag_of(created)}});
  EXPECT_EQ(changed.status, 200u);
  EXPECT_EQ(changed.body, shown);
  expect_problem(admin.put(depot, said, {{"If-Match", tag_of(created)}}), 412, "precondition_failed");
  expect_problem(admin.put(depot, said, {{"If-None-Match", "*"}}), 412, "precondition_failed");
  expect_problem(admin.remove(depot, {{"If-Match", tag_of(created)}}), 412, "precondition_failed");
  EXPECT_EQ(admin.put(fences + "/new", circle("new")).status, 201u);
  expect_problem(admin.put(fences + "/new", circle("other")), 422, "field_invalid");

  EXPECT_EQ(admin.remove(depot, {{"If-Match", tag_of(changed)}}).status, 204u);
  expect_problem(admin.get(depot), 404, "not_found");
  expect_problem(admin.remove(depot), 404, "not_found");
  EXPECT_EQ(fences_of(admin), names{"new"});
}

TEST(Geofences, WithoutAnIdOneIsChosenAndUnderAKeyTheSameAgain) {
  server s;
  auto admin = s.as();
  json said = circle("x");
  said.erase("geofence_id");
  const auto one = post(admin, said);
  const auto two = post(admin, said);
  ASSERT_EQ(one.status, 201u) << one.raw.body;
  EXPECT_NE(one.body.at("geofence_id"), two.body.at("geofence_id"));
  EXPECT_EQ(admin.get(std::string{one.raw.header("location").value()}).body, one.body);

  const client::http_headers key{{"Idempotency-Key", "k-1"}};
  const auto first = post(admin, said, key);
  const auto again = post(admin, said, key);
  ASSERT_EQ(again.status, 201u) << again.raw.body;
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.raw.header("location"), first.raw.header("location"));
  EXPECT_EQ(again.raw.header("idempotency-replayed"), "true");
  expect_problem(post(admin, circle("y"), key), 422, "idempotency_key_reused");
  EXPECT_EQ(fences_of(admin).size(), 3u);
}

TEST(Geofences, AMerchantHasItsOwnAndSeesNoOthers) {
  server s;
  auto admin = s.as();
  api merchant{s.base(), token_of("merchant")};  // M-1
  ASSERT_EQ(post(admin, circle("operators")).status, 201u);
  json given = circle("given");
  given["merchant_id"] = "M-1";
  ASSERT_EQ(post(admin, given).status, 201u);

  const auto made = post(merchant, circle("ours"));
  ASSERT_EQ(made.status, 201u) << made.raw.body;
  EXPECT_EQ(made.body.at("merchant_id"), "M-1");
  EXPECT_EQ(fences_of(merchant), (names{"given", "ours"}));
  EXPECT_EQ(fences_of(admin), (names{"given", "operators", "ours"}));
  expect_problem(merchant.get(fences + "/operators"), 404, "not_found");
  expect_problem(merchant.remove(fences + "/operators"), 404, "not_found");
  expect_problem(merchant.put(fences + "/operators", circle("operators")), 409, "geofence_exists");
  json claimed = circle("claimed");
  claimed["merchant_id"] = "M-2";
  const auto refused = post(merchant, claimed);
  expect_problem(refused, 422, "field_invalid");
  EXPECT_EQ(pointer_of(refused), "/merchant_id");
  EXPECT_EQ(merchant.remove(fences + "/given").status, 204u);
  EXPECT_EQ(admin.get(fences + "/operators").status, 200u);
  for (const std::string role : {"driver", "customer"}) {
    api who{s.base(), token_of(role)};
    expect_problem(who.get(fences), 403, "role_not_allowed");
    expect_problem(post(who, circle("z")), 403, "role_not_allowed");
  }
}

TEST(Geofences, ListsArePagedFilteredAndGeoJson) {
  server s;
  auto admin = s.as();
  for (int i = 0; i < 25; ++i) {
    json said = circle(fmt::format("fence-{:02}", i));
    if (i % 5 == 0) said["tags"] = {"fifth", "all"};
    ASSERT_EQ(post(admin, said).status, 201u);
  }
  names all;
  std::string cursor;
  for (int pages = 1;; ++pages) {
    const auto page = admin.get(fences + "?limit=10" + (cursor.empty() ? "" : "&cursor=" + cursor)).body;
    for (const auto& item : page.at("items")) all.push_back(item.at("geofence_id"));
    if (page.at("next_cursor").is_null()) {
      EXPECT_EQ(pages, 3);
      break;
    }
    cursor = page.at("next_cursor");
    if (pages == 1) {
      EXPECT_EQ(admin.remove(fences + "/" + cursor).status, 204u) << "one goes while they are read";
    }
  }
  EXPECT_EQ(all.size(), 25u);
  EXPECT_TRUE(std::ranges::is_sorted(all));
  EXPECT_EQ(fences_of(admin, "?tag=fifth").size(), 5u);
  EXPECT_EQ(fences_of(admin, "?tag=none"), names{});
  EXPECT_EQ(admin.get(fences + "?tag=fifth&limit=5").body.at("next_cursor"), "fence-20");

  const auto geo = admin.get(fences + "?tag=fifth&limit=1", {{"Accept", "application/geo+json"}});
  EXPECT_EQ(geo.raw.header("content-type"), "application/geo+json");
  EXPECT_EQ(geo.body.at("type"), "FeatureCollection");
  const auto& feature = geo.body.at("features").at(0);
  EXPECT_EQ(feature.at("geometry"), (json{{"type", "Point"}, {"coordinates", {8.5417, 47.3769}}}));
  EXPECT_EQ(feature.at("properties").at("radius_meters"), 500);
  expect_problem(admin.get(fences, {{"Accept", "text/csv"}}), 406, "not_acceptable");
  for (const auto* wrong : {"?limit=0", "?limit=1001", "?limit=x", "?cursor=a%20b", "?tag=", "?color=red"}) {
    expect_problem(admin.get(fences + wrong), 422, "parameter_invalid");
  }
}

TEST(Geofences, MalformedOnesAreRefusedWithAPointer) {
  server s;
  auto admin = s.as();
  const auto refused = [&](const json& body, std::string_view code, std::string_view pointer) {
    const auto answer = post(admin, body);
    expect_problem(answer, 422, code);
    EXPECT_EQ(pointer_of(answer), pointer) << body;
  };
  refused(circle("x", 0.5), "field_invalid", "/radius_meters");
  refused({{"type", "polygon"}, {"coordinates", {{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}}, "field_invalid", "/coordinates/0/3");
  refused({{"type", "polygon"}, {"coordinates", {{{0, 0}, {1, 0}, {0, 0}}}}}, "field_invalid", "/coordinates/0");
  refused({{"type", "corridor"}, {"path", {{0, 0}, {1, 91}}}, {"width_meters", 20}}, "field_invalid", "/path/1/1");
  refused({{"type", "circle"}}, "member_missing", "/center");
  refused(json::object(), "member_missing", "/type");
  refused(many_corners(10'000), "geofence_too_complex", "/coordinates");
  json crossing = many_corners(5'000);
  std::swap(crossing["coordinates"][0][1'000], crossing["coordinates"][0][3'000]);
  const auto answer = post(admin, crossing);
  expect_problem(answer, 422, "field_invalid");
  EXPECT_TRUE(pointer_of(answer).starts_with("/coordinates/0/")) << pointer_of(answer);
  EXPECT_EQ(fences_of(admin), names{});
}

TEST(Geofences, ALargeOneIsReadAsideAndAnswersAsAnyOther) {
  server s;
  auto admin = s.as();
  const auto large = many_corners(9'999);
  const auto created = admin.put(depot, large, {{"Idempotency-Key", "k"}});
  ASSERT_EQ(created.status, 201u) << created.raw.body.substr(0, 300);
  EXPECT_EQ(created.body.at("coordinates"), large.at("coordinates"));
  EXPECT_EQ(admin.get(depot).body.at("coordinates"), large.at("coordinates"));
  const auto again = admin.put(depot, large, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.status, 201u);
  EXPECT_EQ(again.raw.header("idempotency-replayed"), "true");
  expect_problem(admin.put(depot, many_corners(9'000), {{"Idempotency-Key", "k"}}), 422, "idempotency_key_reused");
  expect_problem(admin.put(depot, many_corners(9'000), {{"If-Match", "\"1\""}}), 412, "precondition_failed");
  s.kill();
  s.start();
  auto after = s.as();
  EXPECT_EQ(after.get(depot).body, created.body);
  EXPECT_EQ(tag_of(after.get(depot)), tag_of(created));
}

TEST(Geofences, WhatWasAnsweredSurvivesKill9AndVerifies) {
  server s({.environment = {{"HAULCAST_ENGINE__MAX_GEOFENCES", "21"}}});
  auto admin = s.as();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(post(admin, circle("f" + std::to_string(i))).status, 201u);
  ASSERT_EQ(admin.remove(fences + "/f4").status, 204u);
  const auto changed = admin.put(fences + "/f5", circle("f5", 700));
  const auto last = admin.put(fences + "/last", circle("last"));
  ASSERT_EQ(admin.put(fences + "/f4", circle("f4")).status, 201u);
  expect_problem(post(admin, circle("too many")), 422, "field_invalid");
  expect_problem(post(admin, circle("too-many")), 409, "too_many_geofences");
  const auto before = fences_of(admin);
  s.kill();
  s.start();
  auto again = s.as();
  EXPECT_EQ(fences_of(again), before);
  EXPECT_EQ(again.get(fences + "/last").body, last.body);
  EXPECT_EQ(tag_of(again.get(fences + "/f5")), tag_of(changed));
  EXPECT_EQ(metric(again.get("/metrics").raw.body, "haulcast_geofences"), 21);
  ASSERT_EQ(s.stop().code, 0);
  for (const names& how : {names{"verify"}, names{"verify", "--from-start"}}) {
    child_options check;
    check.program = HAULCAST_BINARY;
    check.arguments = how;
    check.environment = {{"HAULCAST_DATA_DIR", s.data_dir().string()}};
    child_process verify{check};
    EXPECT_EQ(verify.wait(std::chrono::seconds{60}).value().code, 0);
  }
}

// ---- what trucks do at them

/// So many metres north of Zurich, exact to half a metre.
json at(std::string_view truck, std::int64_t ms, double metres, double speed_kmh = 36) {
  return {{"truck_id", truck},   {"timestamp", rfc3339(ms)}, {"latitude", 47.3769 + metres / 111'195.08},
          {"longitude", 8.5417}, {"speed_kmh", speed_kmh},   {"accuracy_m", 0.5}};
}

json next_event(client::ws_client& from) { return next_frame(from, "event").at("event"); }

TEST(Geofences, WhoFollowsATruckIsToldWhereItEntersDwellsAndLeaves) {
  server s;
  auto admin = s.as();
  json yard = circle("yard", 500);
  yard["name"] = "Zürich Hof";
  yard["alert_on"] = {"enter", "exit", "dwell"};
  yard["dwell_seconds"] = 60;
  yard["rules"] = {{"restricted", true}, {"speed_limit_kmh", 30}};
  ASSERT_EQ(post(admin, yard).status, 201u);
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"trucks", {"TRK-1"}}, {"events", {"geofence.*", "zone.*", "speed.*"}}});

  const auto begin = now_ms() - 600'000;
  must_post(admin, {at("TRK-1", begin, 1000), at("TRK-1", begin + 60'000, 400), at("TRK-1", begin + 61'000, 390, 30)});
  const auto entered = next_event(ws);
  EXPECT_EQ(entered.at("type"), "geofence.entered");
  EXPECT_EQ(entered.at("subject"), "truck/TRK-1");
  EXPECT_EQ(entered.at("data").at("geofence_id"), "yard");
  EXPECT_EQ(entered.at("data").at("geofence_name"), "Zürich Hof");
  EXPECT_EQ(entered.at("data").at("interpolated"), true);
  EXPECT_EQ(entered.at("data").at("position").at("timestamp"), entered.at("time"));
  const std::string time = entered.at("time");
  EXPECT_GT(time, rfc3339(begin + 49'500));
  EXPECT_LT(time, rfc3339(begin + 50'500)) << "half a kilometre of six hundred metres a minute";
  const auto violated = next_event(ws);
  EXPECT_EQ(violated.at("type"), "zone.violated");
  EXPECT_EQ(violated.at("time"), time);
  const auto fast = next_event(ws);
  EXPECT_EQ(fast.at("type"), "speed.violated");
  EXPECT_EQ(fast.at("data").at("speed_limit_kmh"), 30);
  EXPECT_EQ(next_event(ws).at("type"), "speed.normalised");

  EXPECT_EQ(admin.get(fences + "/yard/trucks").body,
            (json{{"items", {{{"truck_id", "TRK-1"}, {"entered_at", time}}}}, {"next_cursor", nullptr}}));
  const auto dwelled = next_event(ws);  // it has been silent since, and a minute after it entered is long past
  EXPECT_EQ(dwelled.at("type"), "geofence.dwelled");
  EXPECT_GT(dwelled.at("time"), rfc3339(begin + 109'500));
  EXPECT_LT(dwelled.at("time"), rfc3339(begin + 110'500));

  must_post(admin, {at("TRK-1", begin + 120'000, 390), at("TRK-1", begin + 180'000, 1000)});
  std::vector<std::string> types;
  while (types.empty() || types.back() != "geofence.exited") types.push_back(next_event(ws).at("type"));
  EXPECT_EQ(types, (names{"speed.violated", "speed.normalised", "geofence.exited"}));
  EXPECT_EQ(admin.get(fences + "/yard/trucks").body.at("items"), json::array());
}

TEST(Geofences, WhenOneIsDeletedThoseInItAreToldToHaveLeftAndWhy) {
  server s;
  auto admin = s.as();
  ASSERT_EQ(post(admin, circle("yard", 500)).status, 201u);
  const auto begin = now_ms() - 60'000;
  must_post(admin, {at("TRK-1", begin, 0), at("TRK-2", begin, 10), at("TRK-3", begin, 2'000)});
  EXPECT_EQ(admin.get(fences + "/yard/trucks?limit=1").body.at("next_cursor"), "TRK-1");
  EXPECT_EQ(admin.get(fences + "/yard/trucks?limit=1&cursor=TRK-1").body.at("items").at(0).at("truck_id"), "TRK-2");
  expect_problem(admin.get(fences + "/yard/trucks?tag=x"), 422, "parameter_invalid");
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}, {"events", {"geofence.exited"}}});
  ASSERT_EQ(admin.remove(fences + "/yard").status, 204u);
  expect_problem(admin.get(fences + "/yard/trucks"), 404, "not_found");
  names left;
  for (int i = 0; i < 2; ++i) {
    const auto exited = next_event(ws);
    EXPECT_EQ(exited.at("data").at("reason"), "deleted");
    left.push_back(exited.at("data").at("truck_id"));
  }
  EXPECT_EQ(left, (names{"TRK-1", "TRK-2"}));
}

TEST(Geofences, VisitsSurviveKill9AndEventsAreDerivedTheSameAgain) {
  server s({.environment = {{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}});
  auto admin = s.as();
  json yard = circle("yard", 500);
  yard["alert_on"] = {"enter", "exit", "dwell"};
  yard["dwell_seconds"] = 100;
  ASSERT_EQ(post(admin, yard).status, 201u);
  const auto begin = now_ms() - 90'000;
  must_post(admin, {at("TRK-1", begin, 1000), at("TRK-1", begin + 60'000, 0)});
  const auto inside = admin.get(fences + "/yard/trucks").body;
  ASSERT_EQ(inside.at("items").size(), 1u);
  s.kill();
  s.start();
  auto again = s.as();
  EXPECT_EQ(again.get(fences + "/yard/trucks").body, inside);
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"all", true}, {"events", {"geofence.*"}}, {"since", "0"}});
  EXPECT_EQ(next_event(ws).at("type"), "geofence.entered");
  must_post(again, {at("TRK-1", begin + 80'000, 1000)});
  const auto exited = next_event(ws);
  EXPECT_EQ(exited.at("type"), "geofence.exited");
  EXPECT_EQ(exited.at("data").at("interpolated"), true);
  ASSERT_EQ(s.stop().code, 0);
  for (const names& how : {names{"verify"}, names{"verify", "--from-start"}}) {
    child_options check;
    check.program = HAULCAST_BINARY;
    check.arguments = how;
    check.environment = {{"HAULCAST_DATA_DIR", s.data_dir().string()}};
    child_process verify{check};
    EXPECT_EQ(verify.wait(std::chrono::seconds{60}).value().code, 0);
  }
}

}  // namespace
}  // namespace haulcast::support
