// Imports of geofences, told to the real binary: whole or not at all, beside everything else, across kill -9.
#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <thread>

#include "haulcast/wire/gzip.hpp"
#include "integration/raw_connection.hpp"
#include "integration/story.hpp"
#include "support/child_process.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAULCAST_SLOWED 1
#endif
#endif

namespace haulcast::support {
namespace {

using nlohmann::json;
using names = std::vector<std::string>;

const std::string import_target = "/v1/geofences:import";

#ifdef HAULCAST_SLOWED
constexpr int very_many = 5'000;
#else
constexpr int very_many = 100'000;
#endif

/// A site of its own for each number: most of them circles, some triangles, some corridors.
std::string feature(int i, double size = 1) {
  const double latitude = 46 + 0.01 * (i / 1'000), longitude = 7 + 0.005 * (i % 1'000);
  const std::string head = fmt::format(R"({{"type":"Feature","id":"site-{:06}","geometry":)", i);
  const std::string name = fmt::format(R"("name":"Site {}")", i);
  if (i % 20 < 14)
    return head + fmt::format(R"({{"type":"Point","coordinates":[{:.4f},{:.4f}]}},"properties":{{"radius_meters":{},{}}}}})",
                              longitude, latitude, 200 * size, name);
  const double d = 0.002 * size;
  if (i % 20 < 19)
    return head +
           fmt::format(
               R"({{"type":"Polygon","coordinates":[[[{0:.4f},{1:.4f}],[{2:.4f},{1:.4f}],[{2:.4f},{3:.4f}],[{0:.4f},{1:.4f}]]]}},)"
               R"("properties":{{{4}}}}})",
               longitude, latitude, longitude + d, latitude + d, name);
  return head +
         fmt::format(
             R"({{"type":"LineString","coordinates":[[{:.4f},{:.4f}],[{:.4f},{:.4f}]]}},"properties":{{"width_meters":50,{}}}}})",
             longitude, latitude, longitude + d, latitude + d, name);
}
std::string sites(int count, double size = 1) {
  std::string text = R"({"type":"FeatureCollection","features":[)";
  for (int i = 0; i < count; ++i) text += (i > 0 ? "," : "") + feature(i, size);
  return text + "]}";
}

json_answer import(api& who, std::string body, client::http_headers headers = {}) {
  client::http_request request;
  request.method = "POST";
  request.target = import_target;
  request.content_type = "application/geo+json";
  request.body = std::move(body);
  request.headers = std::move(headers);
  return who.send(request);
}
json counts(int created, int updated, int unchanged) {
  return {{"created", created}, {"updated", updated}, {"unchanged", unchanged}};
}
double number(api& from, std::string_view sample) { return metric(from.get("/metrics").raw.body, sample).value_or(-1); }
std::string pointer_of(const json_answer& answer) { return answer.body.at("errors").at(0).at("pointer"); }

/// All pages of the listing in one collection.
std::string listing(api& who) {
  json all = json::array();
  std::string cursor;
  do {
    const auto page = who.get("/v1/geofences?limit=1000" + cursor, {{"Accept", "application/geo+json"}}).body;
    all.insert(all.end(), page.at("features").begin(), page.at("features").end());
    cursor = page.at("next_cursor").is_null() ? "" : "&cursor=" + page.at("next_cursor").get<std::string>();
  } while (!cursor.empty());
  return json{{"type", "FeatureCollection"}, {"features", std::move(all)}, {"next_cursor", nullptr}}.dump();
}

void expect_verified(const server& s) {
  for (const names& how : {names{"verify"}, names{"verify", "--from-start"}}) {
    child_options check;
    check.program = HAULCAST_BINARY;
    check.arguments = how;
    check.environment = {{"HAULCAST_DATA_DIR", s.data_dir().string()}};
    child_process verify{check};
    EXPECT_EQ(verify.wait(std::chrono::minutes{5}).value().code, 0);
  }
}

TEST(GeofenceImport, CreatesUpdatesAndLeavesAlone) {
  server s;
  auto admin = s.as();
  EXPECT_EQ(import(admin, sites(200)).body, counts(200, 0, 0));
  EXPECT_EQ(number(admin, "haulcast_geofences"), 200);
  EXPECT_EQ(import(admin, sites(200)).body, counts(0, 0, 200));
  EXPECT_EQ(import(admin, sites(100, 2)).body, counts(0, 100, 0));
  EXPECT_EQ(import(admin, sites(210, 2)).body.at("created"), 10);
  const auto one = admin.get("/v1/geofences/site-000000");
  EXPECT_EQ(one.body.at("radius_meters"), 400);
  EXPECT_TRUE(one.raw.header("etag"));
  EXPECT_EQ(number(admin, R"(haulcast_geofence_imports_total{outcome="done"})"), 4);
}

TEST(GeofenceImport, WhatIsListedIsImportedUnchanged) {
  server s;
  auto admin = s.as();
  ASSERT_EQ(import(admin, sites(1'500)).status, 200U);
  ASSERT_EQ(
      admin
          .post("/v1/geofences", {{"geofence_id", "all-of-it"},
                                  {"type", "polygon"},
                                  {"coordinates", {{{170, 10}, {-170, 10}, {-170, 20}, {170, 20}, {170, 10}}}},
                                  {"name", "Zürich \"Hof\""},
                                  {"alert_on", {"dwell", "enter"}},
                                  {"dwell_seconds", 90},
                                  {"rules", {{"restricted", true}, {"trucks", {"T-2", "T-1"}}, {"hysteresis_meters", 0.5}}},
                                  {"active", false},
                                  {"tags", {"b", "a"}},
                                  {"merchant_id", "M-1"}})
          .status,
      201U);
  const std::string all = listing(admin);
  const auto before = number(admin, "haulcast_journal_last_offset");
  EXPECT_EQ(import(admin, all).body, counts(0, 0, 1'501));
  EXPECT_EQ(number(admin, "haulcast_journal_last_offset"), before);
  server other;
  auto there = other.as();
  EXPECT_EQ(import(there, all).body, counts(1'501, 0, 0));
  EXPECT_EQ(listing(there), all);
}

TEST(GeofenceImport, ComesInWhateverFormABodyHas) {
  server s;
  auto admin = s.as();
  client::http_request packed;
  packed.method = "POST";
  packed.target = import_target;
  packed.body = sites(300);
  packed.gzip = true;
  EXPECT_EQ(admin.send(packed).body, counts(300, 0, 0));

  const std::string text = sites(300);
  raw_connection raw{s.base()};
  raw.send("POST " + import_target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" +
           "Content-Type: application/geo+json\r\nAuthorization: Bearer " + s.token() + "\r\n\r\n");
  for (std::size_t at = 0; at < text.size(); at += 777) {
    const auto piece = text.substr(at, 777);
    raw.send(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
  }
  raw.send("0\r\n\r\n");
  const auto answer = raw.read_to_end(milliseconds{20'000}).value_or("");
  EXPECT_TRUE(answer.ends_with(R"({"created":0,"updated":0,"unchanged":300})")) << answer;

  std::string cut = wire::gzip(text);
  cut.resize(cut.size() - 10);
  expect_problem(import(admin, cut, {{"Content-Encoding", "gzip"}}), 400, "body_not_decodable");
  expect_problem(import(admin, text, {{"Content-Encoding", "gzip"}}), 400, "body_not_decodable");
  expect_problem(import(admin, ""), 400, "malformed_json");
  EXPECT_EQ(import(admin, text).status, 200U) << "the place of the one before is free";
}

TEST(GeofenceImport, OneBadFeatureRefusesAllOfItAndIsPointedAt) {
  server s;
  auto admin = s.as();
  const auto with = [](std::string_view last) {
    std::string text = sites(50);
    text.resize(text.size() - 2);
    return text + "," + std::string{last} + "]}";
  };
  const auto refused = [&](std::string_view last) {
    const auto answer = import(admin, with(last));
    return std::to_string(answer.status) + " " + answer.body.value("code", "") + " " +
           (answer.body.contains("errors") ? pointer_of(answer) : "");
  };
  const std::string at = R"("geometry":{"type":"Point","coordinates":[8,47]})";
  EXPECT_EQ(refused("{}"), "422 member_missing /features/50/type");
  EXPECT_EQ(refused(R"({"type":"Feature","id":"x",)" + at + "}"), "422 member_missing /features/50/properties/radius_meters");
  EXPECT_EQ(refused(R"({"type":"Feature","id":"x",)" + at + R"(,"properties":{"radius_meters":0}})"),
            "422 field_invalid /features/50/properties/radius_meters");
  EXPECT_EQ(refused(R"({"type":"Feature",)" + at + R"(,"properties":{"radius_meters":5}})"),
            "422 member_missing /features/50/id");
  EXPECT_EQ(refused(feature(7)), "422 duplicate_id /features/50/id");
  EXPECT_EQ(refused("tru"), "400 malformed_json /features/50");
  EXPECT_EQ(refused(feature(60) + "{}"), "400 malformed_json ");
  EXPECT_EQ(refused("\"" + std::string(2 << 20, 'x') + "\""), "413 body_too_large /features/50");
  EXPECT_EQ(number(admin, "haulcast_geofences"), 0);
  expect_problem(admin.send({.method = "POST", .target = import_target, .body = with("{}"), .content_type = "text/csv"}), 415,
                 "unsupported_media_type");
}

TEST(GeofenceImport, BelongsToWhoSendsItAndFitsIntoTheRoomThereIs) {
  server s({.environment = {{"HAULCAST_ENGINE__MAX_GEOFENCES", "60"}}});
  auto admin = s.as();
  api merchant{s.base(), token_of("merchant")};
  ASSERT_EQ(import(merchant, sites(20)).body, counts(20, 0, 0));
  EXPECT_EQ(admin.get("/v1/geofences/site-000003").body.at("merchant_id"), "M-1");
  ASSERT_EQ(admin.send({.method = "DELETE", .target = "/v1/geofences/site-000003"}).status, 204U);
  ASSERT_EQ(import(admin, sites(5)).body.at("created"), 1);
  const auto taken = import(merchant, sites(20));
  expect_problem(taken, 409, "geofence_exists");
  EXPECT_EQ(pointer_of(taken), "/features/0/id") << "the admin's import made them the operator's";
  const auto full = import(admin, sites(61));
  expect_problem(full, 409, "too_many_geofences");
  EXPECT_EQ(pointer_of(full), "/features/60");
  EXPECT_EQ(number(admin, "haulcast_geofences"), 20);
  EXPECT_EQ(import(admin, sites(60)).body.at("created"), 40);
}

TEST(GeofenceImport, UnderTheSameKeyItIsToldAsTheFirstTimeAlsoAfterARestart) {
  server s;
  auto admin = s.as();
  const client::http_headers key{{"Idempotency-Key", "sites of monday"}};
  ASSERT_EQ(import(admin, sites(100), key).body, counts(100, 0, 0));
  const auto again = import(admin, sites(100), key);
  EXPECT_EQ(again.body, counts(100, 0, 0));
  EXPECT_EQ(again.raw.header("idempotency-replayed"), "true");
  expect_problem(import(admin, sites(101), key), 422, "idempotency_key_reused");
  s.kill();
  s.start();
  auto later = s.as();
  EXPECT_EQ(import(later, sites(100), key).body, counts(100, 0, 0));
}

TEST(GeofenceImport, TrucksEnterWhatItBroughtAndLeaveWhatItMoved) {
  server s;
  auto admin = s.as();
  ASSERT_EQ(import(admin, sites(1)).status, 200U);
  auto ws = s.ws();
  ASSERT_FALSE(ws.connect());
  subscribe(ws, {{"trucks", {"TRK-1"}}, {"events", {"geofence.*"}}});
  must_post(admin, {{{"truck_id", "TRK-1"}, {"timestamp", rfc3339(now_ms())}, {"latitude", 46.0}, {"longitude", 7.0}}});
  EXPECT_EQ(next_frame(ws, "event").at("event").at("type"), "geofence.entered");
  std::string moved = sites(1);
  moved.replace(moved.find("46.0000"), 7, "48.0000");
  ASSERT_EQ(import(admin, moved).body, counts(0, 1, 0));
  const auto left = next_frame(ws, "event").at("event");
  EXPECT_EQ(left.at("type"), "geofence.exited");
  EXPECT_EQ(left.at("data").at("reason"), "changed");
}

TEST(GeofenceImport, VeryManyComeInWhilePositionsAreAcknowledged) {
  server s({.environment = {{"HAULCAST_LIMITS__TRUCK_REQUESTS_PER_S", "0"}}});
  std::atomic<bool> over = false;
  std::atomic<int> acknowledged = 0;
  std::thread driver{[&] {
    auto phone = s.as();
    const auto begin = now_ms() - 3'600'000;
    for (int step = 0; !over; ++step) {
      const auto told = phone.post("/v1/positions", batch({driving("TRK-1", begin, step)}));
      EXPECT_EQ(told.status, 200U);
      acknowledged += told.body.value("accepted", 0);
    }
  }};
  auto admin = s.as();
  client::http_options patient;
  patient.token = s.token();
  patient.answer_within = std::chrono::minutes{10};
  client::http_client slow{s.base(), patient};
  client::http_request request;
  request.method = "POST";
  request.target = import_target;
  request.body = sites(very_many);
  const auto answer = slow.send(request);
  over = true;
  driver.join();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 200U) << answer->body;
  EXPECT_EQ(json::parse(answer->body), counts(very_many, 0, 0));
  EXPECT_GT(acknowledged, 20);
  EXPECT_EQ(number(admin, R"(haulcast_positions_total{verdict="live"})"), acknowledged) << "none lost, none twice";
  EXPECT_EQ(number(admin, "haulcast_geofences"), very_many);
  const double longest = number(admin, R"(haulcast_geofence_import_longest_slice_seconds{clock="cpu"})");
  std::cout << very_many << " geofences: " << acknowledged << " positions acknowledged meanwhile; longest slice "
            << longest * 1e3 << " ms of CPU\n";
  EXPECT_GT(longest, 0);
  EXPECT_LT(longest, 0.1) << "a slice, not the whole";
  s.kill();
  s.start();
  auto later = s.as();
  EXPECT_EQ(number(later, "haulcast_geofences"), very_many);
  ASSERT_EQ(s.stop(std::chrono::minutes{1}).code, 0);
  expect_verified(s);
}

TEST(GeofenceImport, OneAtATimeAndNothingElseTouchesItsGeofences) {
  server s;
  auto admin = s.as();
  raw_connection raw{s.base()};
  const std::string text = sites(100);
  raw.send(
      fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\nContent-Type: application/geo+json\r\nAuthorization: "
                  "Bearer {}\r\n\r\n",
                  import_target, text.size(), s.token()));
  raw.send(text.substr(0, 1'000));
  ASSERT_TRUE(eventually([&] { return import(admin, text).status == 503; }));
  const auto busy = import(admin, text);
  expect_problem(busy, 503, "import_under_way");
  EXPECT_EQ(admin
                .send({.method = "PUT",
                       .target = "/v1/geofences/site-000001",
                       .body = R"({"type":"circle","center":{"latitude":1,"longitude":2},"radius_meters":5})"})
                .status,
            201U)
      << "what is only being read has no geofences yet";
  raw.send(text.substr(1'000));
  const auto answer = raw.read_until("}", milliseconds{20'000}).value_or("");
  EXPECT_NE(answer.find(R"({"created":99,"updated":1,"unchanged":0})"), std::string::npos) << answer;

  std::optional<raw_connection> gone{s.base()};
  gone->send(
      fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\nContent-Type: application/geo+json\r\nAuthorization: "
                  "Bearer {}\r\n\r\n{}",
                  import_target, text.size(), s.token(), text.substr(0, 5'000)));
  gone.reset();
  EXPECT_TRUE(eventually([&] { return import(admin, text).status == 200; })) << "whoever goes away frees the place";
}

// ---- kill -9

/// As sites(), with so many trucks each that they take a while to be written.
std::string heavy_sites(int count) {
  std::string trucks;
  for (int i = 0; i < 900; ++i) trucks += fmt::format("{}\"TRUCK-NUMBER-{:04}\"", i > 0 ? "," : "", i);
  std::string text = R"({"type":"FeatureCollection","features":[)";
  for (int i = 0; i < count; ++i) {
    std::string one = feature(i);
    one.resize(one.size() - 2);
    text += (i > 0 ? "," : "") + one + R"(,"rules":{"trucks":[)" + trucks + "]}}}";
  }
  return text + "]}";
}

std::uintmax_t journal_bytes(const server& s) {
  std::uintmax_t sum = 0;
  std::error_code gone;
  for (const auto& file : std::filesystem::directory_iterator{s.data_dir() / "journal", gone}) sum += file.file_size(gone);
  return sum;
}

/// Sends it and does not care.
std::thread importing(const server& s, std::string text, std::atomic<unsigned>& status) {
  return std::thread{[base = s.base(), token = s.token(), text = std::move(text), &status] {
    client::http_client client{base, {.token = token, .answer_within = std::chrono::minutes{5}}};
    client::http_request request;
    request.method = "POST";
    request.target = import_target;
    request.body = text;
    const auto answer = client.send(request);
    status = answer ? answer->status : 1;
  }};
}

// At moments that are spread over all of its journal, then over its coming into force.
TEST(GeofenceImport, KilledAtAnyMomentItIsThereWholeOrNotAtAll) {
  constexpr int count = 1'000;
  constexpr int kills = 12;
  const std::string text = heavy_sites(count);
  std::uintmax_t all_bytes = 0;
  {
    server s;
    auto admin = s.as();
    const auto before = journal_bytes(s);
    ASSERT_EQ(import(admin, text).status, 200U);
    all_bytes = journal_bytes(s) - before;
  }
  int whole = 0, nothing = 0;
  for (int kill = 0; kill < kills; ++kill) {
    server s;
    std::atomic<unsigned> status = 0;
    const auto before = journal_bytes(s);
    auto sender = importing(s, text, status);
    if (kill < kills / 2) {
      const auto bytes = before + all_bytes * static_cast<std::uintmax_t>(kill) / (kills / 2 - 1);
      while (status == 0 && journal_bytes(s) < bytes) std::this_thread::yield();  // a pause would be too long
    } else {
      auto watcher = s.as();
      const int slices = 1 + count / 16 * (kill - kills / 2) / kills;  // that are committed
      const auto enforced = R"(haulcast_commands_total{status="enforced"})";
      EXPECT_TRUE(eventually([&] { return status != 0 || number(watcher, enforced) >= slices; }, std::chrono::minutes{2}));
    }
    s.kill();
    sender.join();
    s.start();
    auto admin = s.as();
    ASSERT_TRUE(eventually([&] { return number(admin, "haulcast_geofence_import_under_way") == 0; }, std::chrono::minutes{2}));
    const double there = number(admin, "haulcast_geofences");
    EXPECT_TRUE(there == 0 || there == count) << there << " after kill " << kill;
    if (status == 200 || kill >= kills / 2)
      EXPECT_EQ(there, count) << "it was answered, or some of it was there, at kill " << kill;
    ++(there == 0 ? nothing : whole);
    EXPECT_EQ(import(admin, text).body, there == 0 ? counts(count, 0, 0) : counts(0, 0, count));
    ASSERT_EQ(s.stop(std::chrono::minutes{1}).code, 0);
    expect_verified(s);
  }
  std::cout << whole << " whole, " << nothing << " not at all\n";
  EXPECT_GT(whole, 0);
  EXPECT_GT(nothing, 0);
}

// ---- from the command line

TEST(GeofenceImport, TheCommandLineSendsKmlAndNamesWhatIsWrong) {
  server s;
  const auto file = s.data_dir() / "sites.kml";
  const auto run = [&](std::string_view coordinates, names more = {}) {
    std::ofstream{file}
        << R"(<kml><Document><Placemark id="depot"><name>Depot</name><ExtendedData><Data name="alert_on"><value>exit</value>)"
        << R"(</Data></ExtendedData><Point><coordinates>)" << coordinates
        << "</coordinates></Point></Placemark></Document></kml>";
    child_options how;
    how.program = HAULCAST_BINARY;
    how.arguments = {"import-geofences", file.string(), "--url", s.url(), "--radius", "150"};
    how.arguments.insert(how.arguments.end(), more.begin(), more.end());
    how.environment = {{"HAULCAST_TOKEN", s.token()}};
    how.environment["HAULCAST_CA"] = s.options().believed.ca_file;
    return run_to_end(how);
  };
  const auto wrong = run("8.5,147");
  EXPECT_EQ(wrong.exit.code, 1);
  EXPECT_TRUE(wrong.err.starts_with("feature 0 (Depot): /features/0/geometry/coordinates/1: ")) << wrong.err;
  const auto dry = run("8.5,47.3", {"--dry-run"});
  EXPECT_EQ(dry.out, "1 geofence is valid\n") << dry.err;
  const auto done = run("8.5,47.3");
  EXPECT_EQ(done.exit.code, 0) << done.err;
  EXPECT_EQ(done.out, "1 created, 0 updated, 0 unchanged\n");
  auto admin = s.as();
  const auto depot = admin.get("/v1/geofences/depot").body;
  EXPECT_EQ(depot.at("name"), "Depot");
  EXPECT_EQ(depot.at("radius_meters"), 150);
  EXPECT_EQ(depot.at("alert_on"), names{"exit"});
}

}  // namespace
}  // namespace haulcast::support
