#include "haulcast/client/kml.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace haulcast::client {
namespace {

using nlohmann::json;

constexpr const char* point = "<Point><coordinates>8.5,47.3,408</coordinates></Point>";
constexpr const char* line = "<LineString><coordinates>8.5,47.3\n 8.6,47.4</coordinates></LineString>";

std::string placemark(std::string_view inside, std::string_view attributes = "") {
  return "<Placemark" + std::string{attributes} + ">" + std::string{inside} + "</Placemark>";
}
std::string data(std::string_view name, std::string_view value) {
  return "<Data name=\"" + std::string{name} + "\"><value>" + std::string{value} + "</value></Data>";
}
std::string kml(std::string_view inside) { return "<kml><Document>" + std::string{inside} + "</Document></kml>"; }

json features(std::string_view text, const kml_defaults& defaults = {}) {
  const auto read = read_kml(text, defaults);
  if (!read) {
    ADD_FAILURE() << read.error().what;
    return json::array();
  }
  const auto made = json::parse(read->geo_json);
  EXPECT_EQ(made.at("type"), "FeatureCollection");
  EXPECT_EQ(made.at("features").size(), read->count);
  return made.at("features");
}
std::string refusal(std::string_view text) {
  const auto read = read_kml(text);
  return read ? "taken" : read.error().what;
}

TEST(Kml, APlacemarkBecomesAFeatureOfItsShape) {
  const auto all = features(kml(
      "<Folder>" + placemark(std::string{"<name>Depot</name>"} + point, " id=\"d\"") + "</Folder>" +
      placemark(line, " id=\"l\"") +
      placemark(
          "<Polygon><innerBoundaryIs><LinearRing><coordinates>2,2 3,2 3,3 2,2</coordinates></LinearRing></innerBoundaryIs>"
          "<outerBoundaryIs><LinearRing><coordinates>1,1 9,1 9,9 1,1</coordinates></LinearRing></outerBoundaryIs></Polygon>",
          " id=\"p\"")));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0], json::parse(R"({"type":"Feature","id":"d","geometry":{"type":"Point","coordinates":[8.5,47.3]},)"
                                R"("properties":{"name":"Depot"}})"));
  EXPECT_EQ(all[1].at("geometry"), json::parse(R"({"type":"LineString","coordinates":[[8.5,47.3],[8.6,47.4]]})"));
  EXPECT_EQ(all[2].at("geometry"),
            json::parse(R"({"type":"Polygon","coordinates":[[[1,1],[9,1],[9,9],[1,1]],[[2,2],[3,2],[3,3],[2,2]]]})"))
      << "the outer ring comes first";
}

TEST(Kml, ItsDataBecomePropertiesInTheWordsOfTheApi) {
  const std::string all = data("geofence_id", "warehouse-001") + data("name", "Main &amp; co") +
                          data("radius_meters", " 150 ") + data("alert_on", "enter,dwell") + data("dwell_seconds", "300") +
                          data("tags", "yard, 7") + data("active", "false") + data("merchant_id", "17") +
                          data("restricted", "true") + data("speed_limit_kmh", "30.5") + data("trucks", "T-1,T-2") +
                          data("hysteresis_meters", "0");
  const auto made =
      features(kml(placemark("<name>not this</name><ExtendedData>" + all + "</ExtendedData>" + point, " id=\"nor-this\"")));
  EXPECT_EQ(made[0].at("id"), "warehouse-001");
  EXPECT_EQ(
      made[0].at("properties"),
      json::parse(R"({"name":"Main & co","radius_meters":150,"alert_on":["enter","dwell"],"dwell_seconds":300,)"
                  R"("tags":["yard","7"],"active":false,"merchant_id":"17","rules":{"restricted":true,"speed_limit_kmh":30.5,)"
                  R"("trucks":["T-1","T-2"],"hysteresis_meters":0}})"));
  const auto simple = features(kml(placemark(
      R"(<ExtendedData><SchemaData schemaUrl="#x"><SimpleData name="radius_meters">many</SimpleData></SchemaData></ExtendedData>)" +
      std::string{point})));
  EXPECT_EQ(simple[0].at("properties").at("radius_meters"), "many") << "the server says that this is no number";
}

TEST(Kml, WhatNoGeofenceHasIsLeftOutAndCounted) {
  const auto read =
      read_kml(kml(placemark("<ExtendedData>" + data("colour", "red") + "</ExtendedData>" + point) +
                   placemark("<ExtendedData>" + data("colour", "blue") + data("radius", "5") + "</ExtendedData>" + point) +
                   placemark("<ExtendedData>" + data("colour", "blue") + "</ExtendedData>")));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->skipped, (decltype(read->skipped){{"colour", 2}, {"radius", 1}})) << "not of one without a shape";
}

TEST(Kml, RadiusAndWidthMayBeGivenForAllThatHaveNone) {
  const auto made =
      features(kml(placemark(point) + placemark("<ExtendedData>" + data("radius_meters", "9") + "</ExtendedData>" + point) +
                   placemark(line)),
               {"150", "40"});
  EXPECT_EQ(made[0].at("properties"), json::parse(R"({"radius_meters":150})"));
  EXPECT_EQ(made[1].at("properties"), json::parse(R"({"radius_meters":9})"));
  EXPECT_EQ(made[2].at("properties"), json::parse(R"({"width_meters":40})"));
}

TEST(Kml, EachHasAnIdThatIsTheSameTheNextTime) {
  const std::string text =
      kml(placemark(std::string{"<name>Zürich / Hof 3 </name>"} + point) + placemark(std::string{"<name>Yard</name>"} + point) +
          placemark(std::string{"<name>Yard</name>"} + point) + placemark(point) +
          placemark("<name>Two</name><MultiGeometry>" + std::string{point} + line + "</MultiGeometry>"));
  const auto made = features(text);
  std::vector<std::string> ids;
  for (const auto& each : made) ids.push_back(each.at("id"));
  EXPECT_EQ(ids, (std::vector<std::string>{"Z-rich-Hof-3", "Yard", "Yard-2", "placemark-4", "Two", "Two-2"}));
  EXPECT_EQ(features(text), made);
}

TEST(Kml, PrefixesAreNoMatter) {
  const auto made = features(
      R"(<k:kml xmlns:k="http://www.opengis.net/kml/2.2"><k:Placemark id="a"><k:Point><k:coordinates>1,2</k:coordinates></k:Point></k:Placemark></k:kml>)");
  EXPECT_EQ(made[0].at("geometry").at("coordinates"), json::parse("[1,2]"));
}

TEST(Kml, WhatIsWrongIsToldWithItsLine) {
  EXPECT_EQ(refusal("<kml>\n<Document>"), "line 2: no element found");
  EXPECT_EQ(refusal("<kml>\n</Document>"), "line 2: mismatched tag");
  EXPECT_EQ(refusal("<gpx/>"), "no <kml> element");
  EXPECT_TRUE(refusal("").starts_with("line 1: "));
  EXPECT_TRUE(
      refusal("\n" + kml(placemark("<Point><coordinates>8.5;47.3</coordinates></Point>"))).starts_with("line 2: coordinates"));
  EXPECT_NE(refusal(kml(placemark("<Point><coordinates>8.5,</coordinates></Point>"))), "taken");
  EXPECT_EQ(refusal(kml(placemark("<Point><coordinates>8.5,47. 3,408</coordinates></Point>"))),
            "line 1: a Point has one place, without blanks in it");
  EXPECT_NE(refusal(kml(placemark("<Point><coordinates>nan,47</coordinates></Point>"))), "taken");
  EXPECT_EQ(refusal(kml(placemark(placemark(point)))), "line 1: a Placemark in another one");
}

TEST(Kml, NothingIsExpandedOrFetched) {
  EXPECT_EQ(refusal("<!DOCTYPE kml [<!ENTITY a \"b\">]><kml>&a;</kml>"), "line 1: a document type is not taken");
  EXPECT_EQ(refusal("<!DOCTYPE kml SYSTEM \"file:///etc/passwd\"><kml/>"), "line 1: a document type is not taken");
  EXPECT_EQ(refusal("<kml>&other;</kml>"), "line 1: undefined entity");
}

TEST(Kml, IsBounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_EQ(refusal("<kml>" + deep), "line 1: elements are nested too deeply");
  EXPECT_EQ(refusal(kml(placemark("<name>" + std::string(2 << 20, 'x') + "</name>"))), "line 1: an element has too much text");
}

TEST(Kml, IsToldFromJsonByHowItBegins) {
  EXPECT_TRUE(looks_like_xml("\xef\xbb\xbf\n <?xml"));
  EXPECT_FALSE(looks_like_xml("{\"a\":\"<\"}"));
  EXPECT_FALSE(looks_like_xml(""));
}

}  // namespace
}  // namespace haulcast::client
