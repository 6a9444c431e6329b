// History as files that other programs open; read back by the reader of `haulcast replay`, which knows nothing of the writer.
#include <regex>

#include "haulcast/client/track_file.hpp"
#include "integration/either_store.hpp"
#include "integration/past.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr const char* target = "/v1/trucks/TRK-1/history";

/// Ten positions, odd ones with odd texts; the fourth cannot be true.
std::int64_t ten_positions(api& admin) {
  const auto begin = now_ms() - hour_ms;
  std::vector<json> positions;
  for (int i = 0; i < 10; ++i) {
    positions.push_back(driving("TRK-1", begin, i));
    if (i % 2 == 1) positions.back()["engine_status"] = "a,\"b\" <&>\xEF\xBF\xBF";
    if (i % 2 == 1) positions.back()["attributes"] = {{"note", "x, \"y\""}, {"c", -1.5}};
    if (i == 3) positions.back()["longitude"] = -120;
    if (i == 5) positions.back()["altitude_m"] = 408.5;
  }
  must_post(admin, positions);
  return begin;
}

json_answer as(api& admin, const std::string& where, const char* type) { return admin.get(where, {{"Accept", type}}); }

/// Follows Link to the end; the text of every page.
std::vector<std::string> linked_pages(api& admin, const std::string& first, const char* type) {
  static const std::regex form{"<([^>]+)>; rel=\"next\""};
  std::vector<std::string> pages;
  for (std::string next = first; !next.empty();) {
    const auto answer = as(admin, next, type);
    EXPECT_EQ(answer.status, 200U) << answer.raw.body;
    EXPECT_EQ(answer.raw.header("content-type"), type);
    pages.push_back(answer.raw.body);
    const std::string link{answer.raw.header("link").value_or("")};
    std::smatch found;
    next = std::regex_match(link, found, form) ? found[1].str() : "";
    if (pages.size() > 100) return pages;
  }
  return pages;
}

class HistoryFormats : public EitherStore {};
TOLD_OF_EITHER_STORE(HistoryFormats);

TEST_P(HistoryFormats, CsvIsReadBackAsWhatWasSentPageByPage) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = ten_positions(admin);
  const auto pages = linked_pages(admin, std::string{target} + "?limit=4&from=" + rfc3339(begin + 1000), "text/csv");
  ASSERT_EQ(pages.size(), 3U);
  std::int64_t step = 1;
  for (const auto& page : pages) {
    EXPECT_TRUE(
        page.starts_with("truck_id,timestamp,latitude,longitude,speed_kmh,heading,altitude_m,accuracy_m,odometer_km,"
                         "fuel_level_pct,battery_pct,engine_status,trip_id,driver_id,attributes,received_at,late,"
                         "suspect\r\n"));
    const auto read = client::parse_track(page, "page.csv", {});
    ASSERT_TRUE(read) << read.error().what;
    for (const auto& row : read->rows) {
      EXPECT_EQ(row.at_ms, begin + step * 1000);
      const auto members = json::parse("{" + row.members + "}");
      EXPECT_EQ(members.at("latitude"), 47.3769 + static_cast<double>(step) * 1e-4);
      EXPECT_EQ(members.at("longitude"), step == 3 ? -120 : 8.5417);
      EXPECT_EQ(members.value("engine_status", ""), step % 2 == 1 ? "a,\"b\" <&>\xEF\xBF\xBF" : "");
      ++step;
    }
  }
  EXPECT_EQ(step, 10);
  EXPECT_NE(pages[0].find(",implausible_speed\r\n"), std::string::npos);
  EXPECT_NE(pages[0].find(R"("{""c"":-1.5,""note"":""x, \""y\""""}")"), std::string::npos) << pages[0];
}

TEST_P(HistoryFormats, GpxIsReadBackAsWhatWasSentPageByPage) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = ten_positions(admin);
  const auto pages = linked_pages(admin, std::string{target} + "?limit=7", "application/gpx+xml");
  ASSERT_EQ(pages.size(), 2U);
  std::int64_t step = 0;
  for (const auto& page : pages) {
    const auto read = client::parse_track(page, "page.gpx", {.truck_id = "TRK-1"});
    ASSERT_TRUE(read) << read.error().what;
    for (const auto& row : read->rows) {
      EXPECT_EQ(row.at_ms, begin + step * 1000);
      EXPECT_EQ(json::parse("{" + row.members + "}").at("latitude"), 47.3769 + static_cast<double>(step) * 1e-4);
      ++step;
    }
  }
  EXPECT_EQ(step, 10);
  EXPECT_NE(pages[0].find("<haulcast:suspect>implausible_speed</haulcast:suspect>"), std::string::npos);
  EXPECT_NE(pages[0].find("<haulcast:engine_status>a,\"b\" &lt;&amp;&gt;\xEF\xBF\xBD</haulcast:engine_status>"),
            std::string::npos);
  EXPECT_NE(pages[0].find("<ele>408.5</ele>"), std::string::npos);
}

TEST_P(HistoryFormats, GeoJsonIsALineWithItsTimes) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = ten_positions(admin);
  const auto answer = as(admin, std::string{target} + "?limit=6", "application/geo+json");
  ASSERT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.raw.header("content-type"), "application/geo+json");
  const auto feature = json::parse(answer.raw.body);
  EXPECT_EQ(feature.at("type"), "Feature");
  EXPECT_EQ(feature.at("geometry").at("type"), "LineString");
  const auto& line = feature.at("geometry").at("coordinates");
  ASSERT_EQ(line.size(), 6U);
  EXPECT_EQ(line[0], (json{8.5417, 47.3769}));
  EXPECT_EQ(line[5].at(2), 408.5);
  EXPECT_EQ(feature.at("properties").at("times").size(), 6U);
  EXPECT_EQ(feature.at("properties").at("times")[5], rfc3339(begin + 5000));
  EXPECT_EQ(feature.at("properties").at("suspect"), (json{{{"index", 3}, {"reason", "implausible_speed"}}}));
  const std::string cursor = feature.at("next_cursor");
  const auto rest = json::parse(as(admin, std::string{target} + "?limit=6&cursor=" + cursor, "application/geo+json").raw.body);
  EXPECT_EQ(rest.at("geometry").at("coordinates").size(), 4U);
  EXPECT_TRUE(rest.at("next_cursor").is_null());
}

TEST_P(HistoryFormats, ATrackOfOneOrNoPositionIsValidInEveryFormat) {
  server s{kept()};
  auto admin = s.as();
  const auto begin = ten_positions(admin);
  const auto one = std::string{target} + "?to=" + rfc3339(begin);
  const auto none = std::string{target} + "?to=" + rfc3339(begin - 1);
  EXPECT_EQ(json::parse(as(admin, one, "application/geo+json").raw.body).at("geometry").at("type"), "Point");
  EXPECT_TRUE(json::parse(as(admin, none, "application/geo+json").raw.body).at("geometry").is_null());
  EXPECT_EQ(must_get(admin, none).at("items"), json::array());
  const auto lines = as(admin, none, "text/csv").raw.body;
  EXPECT_EQ(std::ranges::count(lines, '\n'), 1);
  EXPECT_EQ(client::parse_track(as(admin, one, "application/gpx+xml").raw.body, "one.gpx", {.truck_id = "T"})->rows.size(), 1U);
  EXPECT_NE(as(admin, none, "application/gpx+xml").raw.body.find("</gpx>"), std::string::npos);
}

TEST_P(HistoryFormats, WhatIsPreferredDecides) {
  server s{kept()};
  auto admin = s.as();
  ten_positions(admin);
  const auto type = [&](const char* accept) {
    return std::string{as(admin, target, accept).raw.header("content-type").value_or("")};
  };
  EXPECT_EQ(type("*/*"), "application/json");
  EXPECT_EQ(type("text/csv;q=0.5, application/gpx+xml"), "application/gpx+xml");
  EXPECT_EQ(type("text/*"), "text/csv");
}

}  // namespace
}  // namespace haulcast::support
