// import-geofences against a server that answers as it is told.
#include "haulcast/client/import_geofences.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "client/fake_server.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::client {
namespace {

constexpr std::string_view two =
    R"({"type":"FeatureCollection","features":[)"
    R"({"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[8.5,47.3]},"properties":{"radius_meters":50}},)"
    R"({"type":"Feature","id":"b","geometry":{"type":"Point","coordinates":[8.5,47.3]},"properties":{"name":"Main Yard","radius_meters":50}}]})";
constexpr const char* kml =
    R"(<kml><Placemark id="k"><name>K</name><Point><coordinates>8.5,47.3</coordinates></Point></Placemark></kml>)";

struct outcome {
  int code = 0;
  std::string out, err;
};

class ImportGeofences : public ::testing::Test {
 protected:
  ImportGeofences() {
    options_.url = server_.url();
    options_.token = "T";
    options_.give_up_after = milliseconds{1};
  }
  ~ImportGeofences() override { std::filesystem::remove(path_); }

  outcome import(std::string_view text) {
    std::ofstream{path_, std::ios::binary | std::ios::trunc} << text;
    options_.file = path_.string();
    return run();
  }
  outcome run() {
    std::ostringstream out, err;
    const int code = import_geofences(options_, out, err);
    return {code, out.str(), err.str()};
  }
  static fake_answer counts() {
    return {200, R"({"created":1,"updated":2,"unchanged":3})", {{"Content-Type", "application/json"}}};
  }
  static fake_answer problem(unsigned status, std::string body) {
    return {status, std::move(body), {{"Content-Type", "application/problem+json"}}};
  }

  fake_server server_;
  import_options options_;
  std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("haulcast-import-" + std::to_string(::getpid()));
};

TEST_F(ImportGeofences, SendsTheFileAndSaysWhatCameOfIt) {
  server_.answer_next(counts());
  const auto came = import(two);
  EXPECT_EQ(came.code, 0) << came.err;
  EXPECT_EQ(came.out, "1 created, 2 updated, 3 unchanged\n");
  EXPECT_EQ(came.err, "");
  const auto asked = server_.requests().at(0);
  EXPECT_EQ(asked.method + " " + asked.target, "POST /v1/geofences:import");
  EXPECT_EQ(asked.body, two);
  EXPECT_EQ(asked.headers.at("content-type"), "application/geo+json");
  EXPECT_EQ(asked.headers.at("authorization"), "Bearer T");
}

TEST_F(ImportGeofences, TakesKmlAndWhatIsPackedAndSendsPackedIfAsked) {
  options_.radius_m = 120;
  options_.gzip = true;
  options_.json = true;
  server_.answer_next(counts());
  const auto came = import(wire::gzip(kml));
  EXPECT_EQ(came.code, 0) << came.err;
  EXPECT_EQ(came.out, "{\"created\":1,\"unchanged\":3,\"updated\":2}\n");
  const auto asked = server_.requests().at(0);
  EXPECT_EQ(asked.headers.at("content-encoding"), "gzip");
  EXPECT_NE(asked.body.find(R"("properties":{"name":"K","radius_meters":120})"), std::string::npos) << asked.body;
}

TEST_F(ImportGeofences, ARefusedFeatureIsNamedWithItsPlace) {
  server_.answer_next(
      problem(422, R"({"title":"No","status":422,"code":"field_invalid","detail":"From 1.","errors":[)"
                   R"({"pointer":"/features/1/properties/radius_meters","code":"field_invalid","detail":"From 1."}]})"));
  const auto came = import(two);
  EXPECT_EQ(came.code, 1);
  EXPECT_EQ(came.out, "");
  EXPECT_EQ(came.err, "feature 1 (Main Yard): /features/1/properties/radius_meters: From 1.\nnothing was imported\n");
}

TEST_F(ImportGeofences, OneWithoutANameIsNamedByItsId) {
  server_.answer_next(problem(
      409,
      R"({"title":"T","status":409,"code":"geofence_exists","errors":[{"pointer":"/features/0/id","detail":"It is there."}]})"));
  EXPECT_EQ(import(two).err, "feature 0 (a): /features/0/id: It is there.\nnothing was imported\n");
  server_.answer_next(
      problem(403, R"({"title":"The role may not","status":403,"code":"role_not_allowed","detail":"The role may not."})"));
  EXPECT_EQ(import(two).err, "The role may not.\nnothing was imported\n");
}

TEST_F(ImportGeofences, WhatMayBeMendedByTryingAgainIsTriedAgain) {
  options_.give_up_after = milliseconds{20'000};
  server_.answer_next({503, R"({"title":"Busy","status":503,"code":"import_under_way"})", {{"Retry-After", "1"}}});
  std::ofstream{path_, std::ios::binary} << two;
  options_.file = path_.string();
  std::ostringstream out, err;
  // The second answer is there before the pause of a second is over.
  server_.answer_next(counts());
  EXPECT_EQ(import_geofences(options_, out, err), 0);
  EXPECT_EQ(err.str(), "Busy; trying again\n");
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(ImportGeofences, ADryRunChecksTheFileAndSendsNothing) {
  options_.dry_run = true;
  options_.token.clear();
  EXPECT_EQ(import(two).out, "2 geofences are valid\n");
  std::string wrong{two};
  wrong.replace(wrong.rfind("50"), 2, "0 ");
  const auto came = import(wrong);
  EXPECT_EQ(came.code, 1);
  EXPECT_TRUE(came.err.starts_with("feature 1 (Main Yard): /features/1/properties/radius_meters: ")) << came.err;
  EXPECT_EQ(import(kml).code, 1) << "it has no radius";
  options_.radius_m = 5;
  EXPECT_EQ(import(kml).out, "1 geofence is valid\n");
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(ImportGeofences, WhatCannotBeReadIsWrongUsage) {
  options_.file = "/nowhere/at/all.geojson";
  EXPECT_EQ(run().code, 2);
  EXPECT_EQ(import("<gpx/>").code, 2);
  EXPECT_NE(import("PK\x03\x04...").err.find("unpack it"), std::string::npos);
  options_.token.clear();
  EXPECT_EQ(import(two).code, 2);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(ImportGeofences, OnATerminalABarShowsHowFarItIs) {
  options_.terminal = true;
  server_.answer_next(counts());
  const auto came = import(two);
  EXPECT_NE(came.err.find("100 %"), std::string::npos) << came.err;
  EXPECT_TRUE(came.err.ends_with("\r\x1b[K")) << "and it is gone in the end";
}

}  // namespace
}  // namespace haulcast::client
