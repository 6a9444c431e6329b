#include "haulcast/client/track_file.hpp"

#include <gtest/gtest.h>

#include "haulcast/client/gz_file.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::client {
namespace {

track parsed(std::string text, std::string_view name, const track_options& options = {}) {
  auto t = parse_track(std::move(text), name, options);
  EXPECT_TRUE(t) << (t ? "" : t.error().what);
  return t ? std::move(*t) : track{};
}

std::string fault(std::string text, std::string_view name, const track_options& options = {}) {
  const auto t = parse_track(std::move(text), name, options);
  return t ? "no fault" : t.error().what;
}

TEST(TrackFile, ReadsRelativeTracesByTheNamesOfTheirColumns) {
  const track t = parsed(
      "trace,elapsed_ms,latitude,longitude,activity\n0,0,37.5,126.9,Driving\n1,5,37.6,127,OnFoot\n0,5007,37.7,126.8,Driving\n",
      "x.csv");
  EXPECT_TRUE(t.relative);
  EXPECT_EQ(t.trucks, (std::vector<std::string>{"0", "1"}));
  ASSERT_EQ(t.rows.size(), 3u);
  EXPECT_EQ(t.rows[2].at_ms, 5007);
  EXPECT_EQ(t.rows[2].truck, 0u);
  EXPECT_EQ(t.rows[2].members, R"("latitude":37.7,"longitude":126.8)");
}

TEST(TrackFile, ReadsAbsoluteTimesWithZonesAndAsNumbers) {
  const track t = parsed("id,time,lat,lng,speed_kmh\nA,2026-11-20T06:00:00+01:00,1,2,\nA,1795150799999,1,2,30.5\n", "x.CSV");
  EXPECT_FALSE(t.relative);
  ASSERT_EQ(t.rows.size(), 2u);
  EXPECT_EQ(t.rows[0].at_ms, 1'795'150'799'999);
  EXPECT_EQ(t.rows[0].members, R"("latitude":1,"longitude":2,"speed_kmh":30.5)");
  EXPECT_EQ(t.rows[1].at_ms, 1'795'150'800'000);
  EXPECT_EQ(t.rows[1].members, R"("latitude":1,"longitude":2)");
}

TEST(TrackFile, OrdersRowsByTimeAndKeepsTheOrderOfEqualOnes) {
  const track t = parsed("id,elapsed_ms,lat,lon\nB,10,1,1\nA,5,2,2\nB,5,3,3\n", "x.csv");
  EXPECT_EQ(t.rows[0].members, R"("latitude":2,"longitude":2)");
  EXPECT_EQ(t.rows[1].members, R"("latitude":3,"longitude":3)");
  EXPECT_EQ(t.rows[2].members, R"("latitude":1,"longitude":1)");
}

TEST(TrackFile, MapsColumns) {
  track_options options;
  options.columns = parse_column_map("truck_id=unit,timestamp=when,latitude=y,longitude=x").value();
  const track t = parsed("x,y,unit,when,id\n2,1,U,7,ignored\n", "x.csv", options);
  EXPECT_EQ(t.trucks.at(0), "U");
  EXPECT_EQ(t.rows.at(0).members, R"("latitude":1,"longitude":2)");
}

TEST(TrackFile, AColumnMapIsStrict) {
  EXPECT_FALSE(parse_column_map("latitude"));
  EXPECT_FALSE(parse_column_map("latitude="));
  EXPECT_FALSE(parse_column_map("lattitude=y"));
  EXPECT_FALSE(parse_column_map("latitude=y,latitude=z"));
  EXPECT_TRUE(parse_column_map("").value().empty());
}

TEST(TrackFile, ReadsQuotesMarksAndLineEnds) {
  const track t = parsed(
      "\xef\xbb\xbf\"truck_id\",elapsed_ms,lat,lon,engine_status\r\n\"a,\"\"b\",1,2,3,\"on\nfire\"\r\nc,2,3,4,", "x.csv");
  EXPECT_EQ(t.trucks, (std::vector<std::string>{"a,\"b", "c"}));
  EXPECT_EQ(t.rows.at(0).members, R"("latitude":2,"longitude":3,"engine_status":"on\nfire")");
  EXPECT_EQ(t.rows.at(1).members, R"("latitude":3,"longitude":4)");
}

TEST(TrackFile, WhatIsNoNumberIsLeftToTheServer) {
  const track t = parsed("id,elapsed_ms,lat,lon\nA,0,north,nan\nA,1,91,\n", "x.csv");
  EXPECT_EQ(t.rows.at(0).members, R"("latitude":"north","longitude":"nan")");
  EXPECT_EQ(t.rows.at(1).members, R"("latitude":91)");
}

TEST(TrackFile, FaultsNameTheLine) {
  EXPECT_EQ(fault("", "x.csv"), "x.csv:1: no header line");
  EXPECT_EQ(fault("id,time,lat\n", "x.csv"), "x.csv:1: no column for longitude: name it with --columns");
  EXPECT_EQ(fault("id,lat,lon\n", "x.csv"), "x.csv:1: no column for timestamp or elapsed_ms: name it with --columns");
  EXPECT_EQ(fault("time,lat,lon\n", "x.csv"), "x.csv:1: no column for truck_id: name it with --columns, or give --truck");
  EXPECT_EQ(fault("id,time,lat,lon\nA,1,2,3\nA,soon,2,3\n", "x.csv"), "x.csv:3: 'soon' is not a time");
  EXPECT_EQ(fault("id,time,lat,lon\nA,1,2\n", "x.csv"), "x.csv:2: 3 fields where the header has 4");
  EXPECT_EQ(fault("id,time,lat,lon\n\"A,1,2\n\n", "x.csv"), "x.csv:2: a quoted field does not end where it should");
  EXPECT_NE(fault("", "x.txt"), "no fault");
  track_options options;
  options.columns = {{"latitude", "nowhere"}};
  EXPECT_EQ(fault("id,time,lat,lon\n", "x.csv", options), "x.csv:1: there is no column 'nowhere'");
}

TEST(TrackFile, ATruckMayBeGivenFromOutside) {
  track_options options;
  options.truck_id = "MINE";
  EXPECT_EQ(parsed("time,lat,lon\n1,2,3\n", "x.csv", options).trucks.at(0), "MINE");
  EXPECT_EQ(parsed(R"({"timestamp":1})", "x.ndjson", options).trucks.at(0), "MINE");
}

TEST(TrackFile, ReadsNdjsonAndKeepsEveryMember) {
  const track t = parsed(
      "{\"truck_id\":\"A\",\"timestamp\":\"2026-11-20T05:00:00Z\",\"latitude\":1.25,\"attributes\":{\"k\":[1]}}\n\n"
      "{\"truck_id\":\"B\",\"timestamp\":5,\"longitude\":null}\r\n",
      "x.jsonl");
  ASSERT_EQ(t.rows.size(), 2u);
  EXPECT_EQ(t.rows[0].members, R"("longitude":null)");
  EXPECT_EQ(t.rows[1].members, R"("attributes":{"k":[1]},"latitude":1.25)");
  EXPECT_EQ(t.rows[1].at_ms, 1'795'150'800'000);
}

TEST(TrackFile, NdjsonFaultsNameTheLine) {
  EXPECT_EQ(fault("{\"truck_id\":\"A\",\"timestamp\":1}\nnope\n", "x.ndjson"), "x.ndjson:2: not a JSON object");
  EXPECT_EQ(fault("{\"timestamp\":1}", "x.ndjson"), "x.ndjson:1: no truck_id");
  EXPECT_EQ(fault("{\"truck_id\":\"A\"}", "x.ndjson"), "x.ndjson:1: no timestamp, or not a time");
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(fault(deep, "x.ndjson"), "x.ndjson:1: not a JSON object");
}

constexpr const char* gpx = R"(<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><metadata><time>2020-01-01T00:00:00Z</time></metadata>
<trk><name>TRK-9</name><trkseg>
 <trkpt lat="47.1" lon="8.5"><ele>400.5</ele><time>2026-11-20T05:00:01Z</time><speed>10</speed></trkpt>
 <!-- <trkpt lat="0" lon="0"/> -->
 <trkpt lat="47.2" lon="8.6"><time>2026-11-20T05:00:00Z</time></trkpt>
</trkseg></trk>
<trk><name>Sunday &amp; rain</name><trkseg><trkpt lat="1" lon="2"><time>2026-11-20T05:00:02Z</time></trkpt></trkseg></trk></gpx>)";

TEST(TrackFile, ReadsGpx) {
  const track t = parsed(gpx, "/some/where/my walk.gpx");
  EXPECT_EQ(t.trucks, (std::vector<std::string>{"TRK-9", "my-walk-2"}));
  ASSERT_EQ(t.rows.size(), 3u);
  EXPECT_EQ(t.rows[0].members, R"("latitude":47.2,"longitude":8.6)");
  EXPECT_EQ(t.rows[1].members, R"("latitude":47.1,"longitude":8.5,"altitude_m":400.5,"speed_kmh":36)");
}

TEST(TrackFile, GpxFaults) {
  EXPECT_NE(fault("<gpx><trk>", "x.gpx"), "no fault");
  EXPECT_EQ(fault("<html/>", "x.gpx"), "x.gpx: no <gpx> element");
  EXPECT_EQ(fault(R"(<gpx><trk><trkseg><trkpt lat="1" lon="2"/></trkseg></trk></gpx>)", "x.gpx"),
            "x.gpx: track point 1 has no lat, lon or <time>");
}

TEST(TrackFile, UnpacksGzipWithSeveralMembers) {
  const std::string packed = wire::gzip("id,elapsed_ms,lat,lon\nA,0,1,2\n") + wire::gzip("A,1,1,2\n");
  EXPECT_EQ(parsed(packed, "x.csv.gz").rows.size(), 2u);
  EXPECT_EQ(parsed(packed, "-", {track_format::csv, {}, {}}).rows.size(), 2u);
  EXPECT_EQ(fault(packed.substr(0, packed.size() - 3), "x.csv.gz"), "x.csv.gz: gzip: cut short");
  EXPECT_EQ(fault(packed + "junk", "x.csv.gz"), "x.csv.gz: gzip: damaged");
}

TEST(TrackFile, UnpackingIsBounded) {
  const std::string packed = wire::gzip(std::string(1000, 'x'));
  EXPECT_EQ(gunzip_file(packed, 1000).value().size(), 1000u);
  EXPECT_FALSE(gunzip_file(packed, 999));
}

TEST(TrackFile, EndsWhereItIsAsked) {
  track t = parsed("id,elapsed_ms,lat,lon\nA,0,1,2\nA,2000,1,2\n", "x.csv");
  end_track_at(t, from_epoch_ms(10'000));
  EXPECT_FALSE(t.relative);
  EXPECT_EQ(t.rows[0].at_ms, 8000);
  EXPECT_EQ(t.rows[1].at_ms, 10'000);
}

}  // namespace
}  // namespace haulcast::client
