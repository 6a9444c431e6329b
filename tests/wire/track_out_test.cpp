#include "haulcast/wire/track_out.hpp"

#include <gtest/gtest.h>

namespace haulcast::wire {
namespace {

using engine::judgement;
using engine::suspicion;
using engine::verdict;

constexpr utc_time heard = from_epoch_ms(1'795'000'001'000);

engine::position at(std::int64_t ms, double latitude = 47.5, double longitude = 8.25) {
  engine::position p;
  p.timestamp = from_epoch_ms(1'795'000'000'000 + ms);
  p.point = {latitude, longitude};
  return p;
}

std::string written(track_format format, const std::vector<std::pair<engine::position, judgement>>& positions,
                    const track_end& end = {}) {
  const auto to = make_track_writer(format, "TRK-1");
  for (const auto& [p, judged] : positions) to->add(p, judged, heard);
  return to->finish(end);
}

constexpr judgement live{verdict::live, suspicion::none}, late{verdict::late, suspicion::none},
    nowhere{verdict::suspect, suspicion::null_island};

TEST(TrackOut, JsonMarksLateAndSuspectOnesAndLeadsOn) {
  EXPECT_EQ(written(track_format::json, {{at(0), late}, {at(1), nowhere}},
                    {.next_cursor = "1795", .complete_until = from_epoch_ms(0)}),
            R"({"items":[{"truck_id":"TRK-1","timestamp":"2026-11-18T11:06:40.000Z","latitude":47.5,"longitude":8.25,)"
            R"("received_at":"2026-11-18T11:06:41.000Z","late":true},)"
            R"({"truck_id":"TRK-1","timestamp":"2026-11-18T11:06:40.001Z","latitude":47.5,"longitude":8.25,)"
            R"("received_at":"2026-11-18T11:06:41.000Z","suspect":"null_island"}],)"
            R"("next_cursor":"1795","complete_until":"1970-01-01T00:00:00.000Z"})");
  EXPECT_EQ(written(track_format::json, {}), R"({"items":[],"next_cursor":null})");
}

TEST(TrackOut, GeoJsonHasLongitudeFirstAndAltitudeWhereItIsKnown) {
  auto high = at(1);
  high.altitude_m = -2.5;
  EXPECT_EQ(written(track_format::geo_json, {{at(0), live}, {high, late}, {at(2), nowhere}}),
            R"({"type":"Feature","geometry":{"type":"LineString","coordinates":[[8.25,47.5],[8.25,47.5,-2.5],[8.25,47.5]]},)"
            R"("properties":{"truck_id":"TRK-1","times":["2026-11-18T11:06:40.000Z","2026-11-18T11:06:40.001Z",)"
            R"("2026-11-18T11:06:40.002Z"],"late":[1],"suspect":[{"index":2,"reason":"null_island"}]},"next_cursor":null})");
}

TEST(TrackOut, CsvQuotesWhatNeedsIt) {
  auto p = at(0);
  p.speed_kmh = 12.5;
  p.engine_status = "on, \"hot\"";
  p.attributes = "{\n}";
  const auto text = written(track_format::csv, {{p, late}});
  EXPECT_TRUE(
      text.ends_with("\r\nTRK-1,2026-11-18T11:06:40.000Z,47.5,8.25,12.5,,,,,,,\"on, \"\"hot\"\"\",,,\"{\n}\","
                     "2026-11-18T11:06:41.000Z,true,\r\n"))
      << text;
}

/// xsd:decimal has no exponent, and XML 1.0 no U+FFFE.
TEST(TrackOut, GpxIsWhatXmlTakes) {
  auto p = at(0, 1e-9, -1e-300);
  p.engine_status = "<a&b>\xEF\xBF\xBE\xEF\xBC\x81";
  const auto text = written(track_format::gpx, {{p, nowhere}});
  EXPECT_NE(text.find("<trkpt lat=\"0.000000001\" lon=\"-0.000000"), std::string::npos) << text;
  EXPECT_EQ(text.find("e-"), std::string::npos);
  EXPECT_NE(text.find(">&lt;a&amp;b&gt;\xEF\xBF\xBD\xEF\xBC\x81<"), std::string::npos) << text;
  EXPECT_NE(text.find("<haulcast:suspect>null_island</haulcast:suspect>"), std::string::npos);
}

}  // namespace
}  // namespace haulcast::wire
