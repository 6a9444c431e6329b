#include "haulcast/wire/geofence.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace haulcast::wire {
namespace {

using engine::geofence;

constexpr const char* circle = R"({"type":"circle","center":{"latitude":47.3769,"longitude":8.5417},"radius_meters":500})";
constexpr const char* polygon = R"({"type":"polygon","coordinates":[[[8.54,47.37],[8.55,47.37],[8.55,47.38],[8.54,47.37]]]})";
constexpr const char* corridor = R"({"type":"corridor","path":[[8.54,47.37],[8.31,47.05]],"width_meters":200})";

/// The body with one more member.
std::string with(std::string body, std::string_view member) {
  body.pop_back();
  return body + "," + std::string{member} + "}";
}
std::string circle_of(std::string_view radius) {
  return fmt::format(R"({{"type":"circle","center":{{"latitude":1,"longitude":2}},"radius_meters":{}}})", radius);
}
std::string polygon_of(std::string_view coordinates) {
  return fmt::format(R"({{"type":"polygon","coordinates":{}}})", coordinates);
}
std::string corridor_of(std::string_view path, std::string_view width = "200") {
  return fmt::format(R"({{"type":"corridor","path":{},"width_meters":{}}})", path, width);
}

geofence parsed(std::string_view body, std::string_view id = {}) {
  auto g = parse_geofence(body, id);
  if (!g) ADD_FAILURE() << body << ": " << g.error().detail << " at " << g.error().pointer;
  return g ? *std::move(g) : geofence{};
}
std::string written(const geofence& g) {
  std::string out;
  append_geofence(out, g);
  return out;
}
std::string as_feature(const geofence& g) {
  std::string out;
  append_geofence_feature(out, g);
  return out;
}
/// "code pointer"
std::string refusal(std::string_view body, std::string_view id = {}) {
  const auto g = parse_geofence(body, id);
  if (g) return "taken";
  EXPECT_FALSE(g.error().detail.empty());
  return std::string{g.error().code} + " " + g.error().pointer;
}

TEST(GeofenceBody, ACircleHasDefaultsForAllThatIsNotSaid) {
  const geofence g = parsed(with(circle, R"("geofence_id":"warehouse-001")"));
  EXPECT_EQ(g.id, "warehouse-001");
  EXPECT_EQ(std::get<geo::circle>(g.shape), (geo::circle{{47.3769, 8.5417}, 500}));
  EXPECT_EQ(g.alert_on, (engine::alerts{true, true, false}));
  EXPECT_FALSE(g.dwell);
  EXPECT_FALSE(g.restricted);
  EXPECT_TRUE(std::isnan(g.speed_limit_kmh));
  EXPECT_EQ(g.hysteresis_m, 20);
  EXPECT_TRUE(g.active);
  EXPECT_TRUE(g.trucks.empty() && g.tags.empty() && g.name.empty() && g.merchant_id.empty());
  EXPECT_EQ(written(g),
            R"({"geofence_id":"warehouse-001","type":"circle","center":{"latitude":47.3769,"longitude":8.5417},)"
            R"("radius_meters":500,"alert_on":["enter","exit"],"rules":{"restricted":false,"hysteresis_meters":20},)"
            R"("active":true})");
}

TEST(GeofenceBody, EverythingThatIsSaidIsKeptAndComesBack) {
  const std::string rest =
      R"("geofence_id":"g","name":"Zürich \"Hof\"","alert_on":["dwell","exit"],"dwell_seconds":300,)"
      R"("rules":{"restricted":true,"speed_limit_kmh":30.5,"trucks":["TRK-2","TRK-1","TRK-2"],"hysteresis_meters":0},)"
      R"("active":false,"tags":["b","a"],"merchant_id":"M-1")";
  for (const char* shape : {circle, polygon, corridor}) {
    const geofence g = parsed(with(shape, rest));
    EXPECT_EQ(g.name, "Zürich \"Hof\"");
    EXPECT_EQ(g.alert_on, (engine::alerts{false, true, true}));
    EXPECT_EQ(g.dwell, seconds{300});
    EXPECT_TRUE(g.restricted);
    EXPECT_EQ(g.speed_limit_kmh, 30.5);
    EXPECT_EQ(g.hysteresis_m, 0);
    EXPECT_EQ(g.trucks, (std::vector<std::string>{"TRK-1", "TRK-2"}));
    EXPECT_FALSE(g.active);
    EXPECT_EQ(g.tags, (std::vector<std::string>{"b", "a"}));
    EXPECT_EQ(g.merchant_id, "M-1");
    EXPECT_TRUE(same(parsed(written(g)), g)) << "what GET shows can be PUT: " << written(g);
  }
}

TEST(GeofenceBody, ShapesAreReadLongitudeFirstAndAltitudesDoNotCount) {
  const auto rings = std::get<geo::polygon>(parsed(polygon).shape).rings;
  ASSERT_EQ(rings.size(), 1u);
  EXPECT_EQ(rings[0], (geo::ring{{47.37, 8.54}, {47.37, 8.55}, {47.38, 8.55}, {47.37, 8.54}}));
  const auto path = std::get<geo::corridor>(parsed(corridor_of("[[8.54,47.37,408],[8.31,47.05]]")).shape);
  EXPECT_EQ(path, (geo::corridor{{{47.37, 8.54}, {47.05, 8.31}}, 200}));
}

TEST(GeofenceBody, WhatIsToldIsATextOrSeveral) {
  EXPECT_EQ(parsed(with(circle, R"("alert_on":"exit")")).alert_on, (engine::alerts{false, true, false}));
  EXPECT_EQ(parsed(with(circle, R"("alert_on":["enter"])")).alert_on, (engine::alerts{true, false, false}));
  const geofence dwells = parsed(with(circle, R"("alert_on":"dwell")"));
  EXPECT_EQ(dwells.dwell, geofence::default_dwell) << "where nothing is said";
}

TEST(GeofenceBody, NullMeansNotGiven) {
  const geofence g =
      parsed(with(circle, R"("name":null,"alert_on":null,"dwell_seconds":null,"rules":null,"active":null,)"
                          R"("tags":null,"merchant_id":null,"path":null,"width_meters":null,"coordinates":null)"));
  EXPECT_TRUE(same(g, parsed(circle)));
}

TEST(GeofenceBody, TheIdMayBeInThePath) {
  EXPECT_EQ(parsed(circle, "warehouse-001").id, "warehouse-001");
  EXPECT_EQ(parsed(with(circle, R"("geofence_id":"g")"), "g").id, "g");
  EXPECT_EQ(refusal(with(circle, R"("geofence_id":"other")"), "g"), "field_invalid /geofence_id");
  EXPECT_EQ(parsed(circle).id, "");
}

TEST(GeofenceBody, AFeatureHasTheShapeAsGeometryAndTheRestAsProperties) {
  EXPECT_EQ(as_feature(parsed(circle, "c")),
            R"({"type":"Feature","id":"c","geometry":{"type":"Point","coordinates":[8.5417,47.3769]},)"
            R"("properties":{"geofence_id":"c","radius_meters":500,"alert_on":["enter","exit"],)"
            R"("rules":{"restricted":false,"hysteresis_meters":20},"active":true}})");
  EXPECT_NE(as_feature(parsed(polygon, "p"))
                .find(R"("geometry":{"type":"Polygon","coordinates":[[[8.54,47.37],[8.55,47.37],[8.55,47.38],[8.54,47.37]]]})"),
            std::string::npos);
  const std::string line = as_feature(parsed(corridor, "l"));
  EXPECT_NE(line.find(R"("geometry":{"type":"LineString","coordinates":[[8.54,47.37],[8.31,47.05]]})"), std::string::npos);
  EXPECT_NE(line.find(R"("width_meters":200)"), std::string::npos);
}

struct malformed {
  std::string body;
  std::string expected;  // code and pointer
};

const malformed shapes[] = {
    // circles
    {circle_of("0"), "field_invalid /radius_meters"},
    {circle_of("0.999"), "field_invalid /radius_meters"},
    {circle_of("1000000.5"), "field_invalid /radius_meters"},
    {circle_of("-5"), "field_invalid /radius_meters"},
    {circle_of(R"("500")"), "field_type_invalid /radius_meters"},
    {circle_of("null"), "member_missing /radius_meters"},
    {R"({"type":"circle","radius_meters":5})", "member_missing /center"},
    {R"({"type":"circle","center":{"latitude":1},"radius_meters":5})", "member_missing /center/longitude"},
    {R"({"type":"circle","center":{"longitude":1},"radius_meters":5})", "member_missing /center/latitude"},
    {R"({"type":"circle","center":{"latitude":90.1,"longitude":1},"radius_meters":5})", "field_invalid /center/latitude"},
    {R"({"type":"circle","center":{"latitude":1,"longitude":-180.1},"radius_meters":5})", "field_invalid /center/longitude"},
    {R"({"type":"circle","center":{"latitude":"1","longitude":1},"radius_meters":5})", "field_type_invalid /center/latitude"},
    {R"({"type":"circle","center":{"lat":1,"longitude":1},"radius_meters":5})", "unknown_member /center/lat"},
    {R"({"type":"circle","center":{"latitude":1,"latitude":1,"longitude":1},"radius_meters":5})",
     "duplicate_key /center/latitude"},
    {R"({"type":"circle","center":[8.5,47.3],"radius_meters":5})", "field_type_invalid /center"},
    // polygons
    {polygon_of("[]"), "field_invalid /coordinates"},
    {polygon_of("7"), "field_type_invalid /coordinates"},
    {polygon_of("[[]]"), "field_invalid /coordinates/0"},
    {polygon_of("[7]"), "field_type_invalid /coordinates/0"},
    {polygon_of("[[0,1]]"), "field_type_invalid /coordinates/0/0"},
    {polygon_of("[[[0,0],[1,0],[0,0]]]"), "field_invalid /coordinates/0"},
    {polygon_of("[[[0,0],[1,0],[1,1],[0,1]]]"), "field_invalid /coordinates/0/3"},
    {polygon_of("[[[0,0],[1,1],[1,0],[0,1],[0,0]]]"), "field_invalid /coordinates/0/"},
    {polygon_of("[[[0,0],[1,0],[1,0],[1,1],[0,0]]]"), "field_invalid /coordinates/0/"},
    {polygon_of("[[[0,0],[181,0],[1,1],[0,0]]]"), "field_invalid /coordinates/0/1/0"},
    {polygon_of("[[[0,0],[1,0],[1,91],[0,0]]]"), "field_invalid /coordinates/0/2/1"},
    {polygon_of("[[[0,0],[1],[1,1],[0,0]]]"), "field_type_invalid /coordinates/0/1"},
    {polygon_of("[[[0,0],[1,2,3,4],[1,1],[0,0]]]"), "field_type_invalid /coordinates/0/1"},
    {polygon_of(R"([[[0,0],["1",0],[1,1],[0,0]]])"), "field_type_invalid /coordinates/0/1"},
    {polygon_of("[[[0,0],[1,null],[1,1],[0,0]]]"), "field_type_invalid /coordinates/0/1"},
    {polygon_of("[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[20,20],[21,20],[21,21],[20,20]]]"), "field_invalid /coordinates/1"},
    {polygon_of("[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[8,8],[12,8],[12,8.5],[8,8]]]"), "field_invalid /coordinates/1"},
    {polygon_of("[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[3,1],[3,3],[1,1]],[[2,1.5],[5,1.5],[5,3],[2,1.5]]]"),
     "field_invalid /coordinates/"},
    {polygon_of("[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[3,1],[3,3]]]"), "field_invalid /coordinates/1"},
    {R"({"type":"polygon"})", "member_missing /coordinates"},
    // corridors
    {corridor_of("[]"), "field_invalid /path"},
    {corridor_of("[[0,0]]"), "field_invalid /path"},
    {corridor_of("7"), "field_type_invalid /path"},
    {corridor_of("[[0,0],[0,0]]"), "field_invalid /path/"},
    {corridor_of("[[0,0],[180.5,0]]"), "field_invalid /path/1/0"},
    {corridor_of("[[0,-90.5],[1,0]]"), "field_invalid /path/0/1"},
    {corridor_of("[[0,0],[180,0]]"), "field_invalid /path/"},
    {corridor_of("[[0,0],[1,1]]", "0.5"), "field_invalid /width_meters"},
    {corridor_of("[[0,0],[1,1]]", "2000000"), "field_invalid /width_meters"},
    {R"({"type":"corridor","path":[[0,0],[1,1]]})", "member_missing /width_meters"},
    {R"({"type":"corridor","width_meters":5})", "member_missing /path"},
    // neither
    {R"({})", "member_missing /type"},
    {R"({"type":"box"})", "field_invalid /type"},
    {R"({"type":7})", "field_type_invalid /type"},
    {with(polygon, R"("radius_meters":5)"), "field_invalid /radius_meters"},
    {with(circle, R"("path":[[0,0],[1,1]])"), "field_invalid /path"},
};

TEST(GeofenceBody, EveryMalformedShapeIsRefusedWithAPointerToTheFault) {
  std::size_t seen = 0;
  for (const auto& [body, expected] : shapes) {
    const std::string told = refusal(body);
    if (expected.ends_with('/'))  // some vertex of it: which one, geo's own tests say
      EXPECT_TRUE(told.starts_with(expected) && told.size() > expected.size()) << body << ": " << told;
    else if (expected.starts_with("field_invalid /coordinates/1") && !expected.ends_with("/0"))
      EXPECT_TRUE(told.starts_with(expected)) << body << ": " << told;
    else
      EXPECT_EQ(told, expected) << body;
    ++seen;
  }
  EXPECT_GE(seen, 30u);
}

TEST(GeofenceBody, TooManyVerticesAreTooComplex) {
  const auto vertices = [](std::size_t count) {
    std::string all = "[";
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) all += ',';
      all += fmt::format("[{:.5f},{:.5f}]", 8 + 0.0001 * static_cast<double>(i), 47 + 0.00001 * static_cast<double>(i % 3));
    }
    return all + "]";
  };
  EXPECT_EQ(refusal(corridor_of(vertices(10'000))), "taken");
  EXPECT_EQ(refusal(corridor_of(vertices(10'001))), "geofence_too_complex /path");
  EXPECT_EQ(refusal(polygon_of("[" + vertices(10'001) + "]")), "geofence_too_complex /coordinates");
  EXPECT_EQ(refusal(polygon_of("[" + vertices(5'000) + "," + vertices(5'001) + "]")), "geofence_too_complex /coordinates");
}

TEST(GeofenceBody, EverythingElseIsStrictToo) {
  EXPECT_EQ(refusal(""), "malformed_json ");
  EXPECT_EQ(refusal("{"), "malformed_json ");
  EXPECT_EQ(refusal("[]"), "field_type_invalid ");
  EXPECT_EQ(refusal(with(circle, R"("nam":"x")")), "unknown_member /nam");
  EXPECT_EQ(refusal(with(circle, R"("type":"circle")")), "duplicate_key /type");
  EXPECT_EQ(refusal(with(circle, R"("geofence_id":"a b")")), "field_invalid /geofence_id");
  EXPECT_EQ(refusal(with(circle, R"("geofence_id":7)")), "field_type_invalid /geofence_id");
  EXPECT_EQ(refusal(with(circle, R"("name":"")")), "field_invalid /name");
  EXPECT_EQ(refusal(with(circle, "\"name\":\"" + std::string(257, 'x') + "\"")), "field_invalid /name");
  EXPECT_EQ(refusal(with(circle, R"("name":"a\u0000b")")), "field_invalid /name");
  EXPECT_EQ(refusal(with(circle, R"("alert_on":"leave")")), "field_invalid /alert_on");
  EXPECT_EQ(refusal(with(circle, R"("alert_on":[])")), "field_invalid /alert_on");
  EXPECT_EQ(refusal(with(circle, R"("alert_on":["enter","enter"])")), "field_invalid /alert_on/1");
  EXPECT_EQ(refusal(with(circle, R"("alert_on":["enter",7])")), "field_type_invalid /alert_on/1");
  EXPECT_EQ(refusal(with(circle, R"("alert_on":7)")), "field_type_invalid /alert_on");
  EXPECT_EQ(refusal(with(circle, R"("dwell_seconds":0)")), "field_invalid /dwell_seconds");
  EXPECT_EQ(refusal(with(circle, R"("dwell_seconds":2592001)")), "field_invalid /dwell_seconds");
  EXPECT_EQ(refusal(with(circle, R"("dwell_seconds":1.5)")), "field_type_invalid /dwell_seconds");
  EXPECT_EQ(refusal(with(circle, R"("rules":[])")), "field_type_invalid /rules");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"restrictd":true})")), "unknown_member /rules/restrictd");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"restricted":1})")), "field_type_invalid /rules/restricted");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"speed_limit_kmh":0})")), "field_invalid /rules/speed_limit_kmh");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"speed_limit_kmh":400.1})")), "field_invalid /rules/speed_limit_kmh");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"hysteresis_meters":-1})")), "field_invalid /rules/hysteresis_meters");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"hysteresis_meters":1000.5})")), "field_invalid /rules/hysteresis_meters");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"trucks":"TRK-1"})")), "field_type_invalid /rules/trucks");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"trucks":["TRK-1","a b"]})")), "field_invalid /rules/trucks/1");
  EXPECT_EQ(refusal(with(circle, R"("active":"yes")")), "field_type_invalid /active");
  EXPECT_EQ(refusal(with(circle, R"("tags":"a")")), "field_type_invalid /tags");
  EXPECT_EQ(refusal(with(circle, R"("tags":["a",""])")), "field_invalid /tags/1");
  EXPECT_EQ(refusal(with(circle, R"("merchant_id":"")")), "field_invalid /merchant_id");
}

TEST(GeofenceBody, ListsAreBounded) {
  const auto list = [](std::size_t count) {
    std::string all = "[";
    for (std::size_t i = 0; i < count; ++i) all += (i > 0 ? ",\"T" : "\"T") + std::to_string(i) + "\"";
    return all + "]";
  };
  EXPECT_EQ(refusal(with(circle, R"("tags":)" + list(16))), "taken");
  EXPECT_EQ(refusal(with(circle, R"("tags":)" + list(17))), "field_invalid /tags");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"trucks":)" + list(1000) + "}")), "taken");
  EXPECT_EQ(refusal(with(circle, R"("rules":{"trucks":)" + list(1001) + "}")), "field_invalid /rules/trucks");
}

}  // namespace
}  // namespace haulcast::wire
