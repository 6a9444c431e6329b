#include "haulcast/wire/geofence_collection.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "haulcast/wire/geofence.hpp"

namespace haulcast::wire {
namespace {

using engine::geofence;

std::string feature(std::string_view id, std::string_view geometry, std::string_view properties) {
  return fmt::format(R"({{"type":"Feature","id":"{}","geometry":{},"properties":{}}})", id, geometry, properties);
}
std::string point(std::string_view id, std::string_view properties = R"({"radius_meters":500})") {
  return feature(id, R"({"type":"Point","coordinates":[8.5417,47.3769]})", properties);
}
std::string polygon(std::string_view coordinates) {
  return feature("p", fmt::format(R"({{"type":"Polygon","coordinates":{}}})", coordinates), "{}");
}
std::string line(std::string_view coordinates, std::string_view properties = R"({"width_meters":200})") {
  return feature("l", fmt::format(R"({{"type":"LineString","coordinates":{}}})", coordinates), properties);
}
std::string collection(std::string_view features) {
  return fmt::format(R"({{"type":"FeatureCollection","features":[{}]}})", features);
}

struct outcome {
  std::vector<geofence> read;
  std::string refused;  // "code pointer"
};
outcome read(std::string_view text, std::size_t piece = 10, collection_limits limits = {}) {
  outcome came;
  geofence_collection_reader reader{limits, [&](geofence&& g) -> std::optional<body_failure> {
                                      came.read.push_back(std::move(g));
                                      return std::nullopt;
                                    }};
  bool well = true;
  for (; well && !text.empty(); text.remove_prefix(std::min(piece, text.size()))) well = reader.feed(text.substr(0, piece));
  if (well && reader.finish()) return came;
  EXPECT_FALSE(reader.failure().detail.empty());
  came.refused = std::string{reader.failure().code} + " " + reader.failure().pointer;
  EXPECT_FALSE(reader.feed("{}") || reader.finish()) << "a refusal is for good";
  return came;
}

TEST(GeofenceFeature, PointPolygonAndLineStringBecomeCirclePolygonAndCorridor) {
  const auto came = read(collection(point("c") + "," + polygon("[[[8.54,47.37],[8.55,47.37],[8.55,47.38],[8.54,47.37]]]") +
                                    "," + line("[[8.54,47.37],[8.31,47.05]]")));
  EXPECT_EQ(came.refused, "");
  ASSERT_EQ(came.read.size(), 3U);
  EXPECT_EQ(came.read[0].shape, geo::shape(geo::circle{{47.3769, 8.5417}, 500}));
  EXPECT_EQ(came.read[1].shape, geo::shape(geo::polygon{{{{47.37, 8.54}, {47.37, 8.55}, {47.38, 8.55}, {47.37, 8.54}}}}));
  EXPECT_EQ(came.read[2].shape, geo::shape(geo::corridor{{{47.37, 8.54}, {47.05, 8.31}}, 200}));
}

TEST(GeofenceFeature, AsItIsListedItIsReadAgain) {
  constexpr std::string_view rest =
      R"("name":"Zürich \"Hof\"","alert_on":["dwell","exit"],"dwell_seconds":300,"tags":["b","a"],"active":false,"merchant_id":"M-1",)"
      R"("rules":{"restricted":true,"speed_limit_kmh":30.5,"trucks":["TRK-2","TRK-1"],"hysteresis_meters":0.25})";
  for (
      const char* shape :
      {R"("type":"circle","center":{"latitude":-89.99999,"longitude":179.123456789},"radius_meters":1000000)",
       R"("type":"polygon","coordinates":[[[170,10],[-170,10],[-170,20],[170,20],[170,10]],[[175,14],[176,14],[176,15],[175,14]]])",
       R"("type":"corridor","path":[[8.54,47.37,400],[8.31,47.05]],"width_meters":1)"}) {
    const auto said = parse_geofence(fmt::format(R"({{"geofence_id":"g.1",{},{}}})", shape, rest));
    ASSERT_TRUE(said) << shape;
    std::string shown;
    append_geofence_feature(shown, *said);
    const auto came = read(fmt::format(R"({{"type":"FeatureCollection","features":[{}],"next_cursor":"g.1"}})", shown));
    EXPECT_EQ(came.refused, "") << shown;
    ASSERT_EQ(came.read.size(), 1U);
    EXPECT_TRUE(same(came.read[0], *said)) << shown;
  }
}

TEST(GeofenceFeature, TheIdIsItsOwnOrThatOfTheProperties) {
  const auto id_of = [](std::string_view id, std::string_view property) {
    const auto came = read(collection(fmt::format(
        R"({{"type":"Feature",{}"geometry":{{"type":"Point","coordinates":[1,2]}},"properties":{{{}"radius_meters":5}}}})", id,
        property)));
    return came.read.empty() ? came.refused : came.read[0].id;
  };
  EXPECT_EQ(id_of(R"("id":"a",)", ""), "a");
  EXPECT_EQ(id_of("", R"("geofence_id":"b",)"), "b");
  EXPECT_EQ(id_of(R"("id":"a",)", R"("geofence_id":"a",)"), "a");
  EXPECT_EQ(id_of(R"("id":17,)", ""), "17");
  EXPECT_EQ(id_of(R"("id":"a",)", R"("geofence_id":"b",)"), "field_invalid /features/0/properties/geofence_id");
  EXPECT_EQ(id_of("", ""), "member_missing /features/0/id");
  EXPECT_EQ(id_of(R"("id":"a b",)", ""), "field_invalid /features/0/id");
  EXPECT_EQ(id_of(R"("id":-1,)", ""), "field_type_invalid /features/0/id");
  EXPECT_EQ(id_of(R"("id":1.5,)", ""), "field_type_invalid /features/0/id");
}

TEST(GeofenceFeature, WhatIsWrongIsPointedAt) {
  const std::string good = "[[8.54,47.37],[8.55,47.37],[8.55,47.38],[8.54,47.37]]";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"17", "field_type_invalid /features/1"},
      {"[]", "field_type_invalid /features/1"},
      {"{}", "member_missing /features/1/type"},
      {R"({"type":"Feature","id":"x"})", "member_missing /features/1/geometry"},
      {R"({"type":"Feature","id":"x","geometry":null,"properties":{}})", "member_missing /features/1/geometry"},
      {R"({"type":"Feature","id":"x","geometry":[1,2]})", "field_type_invalid /features/1/geometry"},
      {R"({"type":"Thing","id":"x","geometry":{}})", "field_invalid /features/1/type"},
      {R"({"type":"Feature","typo":1})", "unknown_member /features/1/typo"},
      {R"({"type":"Feature","type":"Feature"})", "duplicate_key /features/1/type"},
      {R"({"type":"Feature",)", "malformed_json "},
      {R"({"type":"Feature","id":"x","geometry":{"type":"Point","coordinates":[1,2]},"properties":tru})",
       "malformed_json /features/1"},
      {feature("x", "{}", "{}"), "member_missing /features/1/geometry/type"},
      {feature("x", R"({"type":"MultiPolygon","coordinates":[]})", "{}"), "field_invalid /features/1/geometry/type"},
      {feature("x", R"({"type":"Point"})", "{}"), "member_missing /features/1/geometry/coordinates"},
      {feature("x", R"({"type":"Point","coordinates":[1]})", "{}"), "field_type_invalid /features/1/geometry/coordinates"},
      {feature("x", R"({"type":"Point","coordinates":[1,91]})", R"({"radius_meters":5})"),
       "field_invalid /features/1/geometry/coordinates/1"},
      {feature("x", R"({"type":"Point","coordinates":[181,2]})", R"({"radius_meters":5})"),
       "field_invalid /features/1/geometry/coordinates/0"},
      {point("x", "{}"), "member_missing /features/1/properties/radius_meters"},
      {point("x", "null"), "member_missing /features/1/properties/radius_meters"},
      {point("x", "[]"), "field_type_invalid /features/1/properties"},
      {point("x", R"({"radius_meters":0.5})"), "field_invalid /features/1/properties/radius_meters"},
      {point("x", R"({"radius_meters":"5"})"), "field_type_invalid /features/1/properties/radius_meters"},
      {point("x", R"({"radius_meters":5,"width_meters":5})"), "field_invalid /features/1/properties/width_meters"},
      {point("x", R"({"radius_meters":5,"type":"polygon"})"), "field_invalid /features/1/properties/type"},
      {point("x", R"({"radius_meters":5,"centre":1})"), "unknown_member /features/1/properties/centre"},
      {point("x", R"({"radius_meters":5,"center":{"latitude":1,"longitude":2}})"),
       "unknown_member /features/1/properties/center"},
      {point("x", R"({"radius_meters":5,"alert_on":["enter","left"]})"), "field_invalid /features/1/properties/alert_on/1"},
      {point("x", R"({"radius_meters":5,"rules":{"hysteresis_meters":-1}})"),
       "field_invalid /features/1/properties/rules/hysteresis_meters"},
      {line("[[8,47],[9,47]]", "{}"), "member_missing /features/1/properties/width_meters"},
      {line("[[8,47]]"), "field_invalid /features/1/geometry/coordinates"},
      {line("[[8,47],[8,47]]"), "field_invalid /features/1/geometry/coordinates/1"},
      {line("[[8,47],[9,91]]"), "field_invalid /features/1/geometry/coordinates/1/1"},
      {line("[[8,47],[9]]"), "field_type_invalid /features/1/geometry/coordinates/1"},
      {polygon("[]"), "field_invalid /features/1/geometry/coordinates"},
      {polygon("7"), "field_type_invalid /features/1/geometry/coordinates"},
      {polygon("[[[8,47],[9,47],[8,47]]]"), "field_invalid /features/1/geometry/coordinates/0"},
      {polygon("[[[8,47],[9,47],[9,48],[8,48]]]"), "field_invalid /features/1/geometry/coordinates/0/3"},
      {polygon("[[[8,47],[9,48],[9,47],[8,48],[8,47]]]"), "field_invalid /features/1/geometry/coordinates/0/"},
      {polygon("[" + good + ",[[20,20],[21,20],[21,21],[20,20]]]"), "field_invalid /features/1/geometry/coordinates/1/0"},
      {point("first"), "duplicate_id /features/1/id"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto came = read(collection(point("first") + "," + text));
    EXPECT_TRUE(came.refused.starts_with(wanted)) << text << ": " << came.refused;
  }
}

TEST(GeofenceCollection, BesideItsFeaturesItMayHaveWhatOtherToolsWrite) {
  const auto told = [](std::string_view beside) {
    const auto came = read(fmt::format(R"({{{}"features":[{}]}})", beside, point("a")));
    return came.refused.empty() ? std::to_string(came.read.size()) : came.refused;
  };
  EXPECT_EQ(told(R"("type":"FeatureCollection",)"), "1");
  EXPECT_EQ(told(R"("type":"FeatureCollection","name":"sites","bbox":[1,2,3,4],)"), "1");
  EXPECT_EQ(told(R"("type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},)"),
            "1");
  EXPECT_EQ(told(R"("type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:3857"}},)"),
            "field_invalid /crs");
  EXPECT_EQ(told(R"("type":"Feature",)"), "field_invalid /type");
  EXPECT_EQ(told(""), "member_missing /type");
  EXPECT_EQ(told(R"("type":"FeatureCollection","feature":[],)"), "unknown_member /feature");
  EXPECT_EQ(told(R"("type":"FeatureCollection","type":"FeatureCollection",)"), "duplicate_key /type");
}

TEST(GeofenceCollection, WhatIsNoneIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "malformed_json "},
      {"{", "malformed_json "},
      {"[]", "field_type_invalid "},
      {"{}", "member_missing /type"},
      {R"({"type":"FeatureCollection"})", "member_missing /features"},
      {R"({"type":"FeatureCollection","features":{}})", "field_type_invalid /features"},
      {R"({"type":"FeatureCollection","features":null})", "member_missing /features"},
      {R"({"type":"FeatureCollection","features":[])", "malformed_json "},
      {R"({"type":"FeatureCollection","features":[]}})", "malformed_json "},
      {R"({"type":"FeatureCollection","features":[],"features":[]})", "duplicate_key /features"},
      {collection(point("a")) + "x", "malformed_json "},
      {collection(point("a") + " " + point("b")), "malformed_json "},
      {collection(point("a") + ","), "malformed_json "},
      {collection("\xff"), "malformed_json /features/0"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(read(text).refused, wanted) << text;
}

TEST(GeofenceCollection, HasItsBounds) {
  const std::string two = collection(point("a") + "," + point("b"));
  EXPECT_EQ(read(two, 10, {.features_max = 2}).read.size(), 2U);
  EXPECT_EQ(read(two, 10, {.features_max = 1}).refused, "too_many_geofences /features/1");
  EXPECT_EQ(read(two, 10, {.feature_bytes_max = 20}).refused, "body_too_large /features/0");
}

TEST(GeofenceCollection, WhoeverTakesOneMayRefuseIt) {
  geofence_collection_reader reader{{},
                                    [](geofence&&) { return body_failure{"field_invalid", "/properties/merchant_id", "No."}; }};
  EXPECT_FALSE(reader.feed(collection(point("a"))));
  EXPECT_EQ(reader.failure().pointer, "/features/0/properties/merchant_id");
}

}  // namespace
}  // namespace haulcast::wire
