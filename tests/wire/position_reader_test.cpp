// One element of a batch: what a position keeps of what was sent, and what it is refused for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "haulcast/wire/time.hpp"
#include "wire/batch_words.hpp"
#include "wire/json_oracle.hpp"

namespace haulcast::wire {
namespace {

using namespace words;
using engine::reject_code;
using std::chrono::days;
using std::chrono::hours;

// ---- what passes

TEST(PositionReader, APositionKeepsEverythingThatWasSent) {
  std::unique_ptr<engine::batch> batch;
  const auto p = accepted(
      R"({"truck_id": "TRK-001", "timestamp": "2026-11-20T10:30:00.000Z", "latitude": 47.3769, "longitude": 8.5417,
          "speed_kmh": 45.5, "heading": 180, "altitude_m": 408, "accuracy_m": 5, "odometer_km": 120345.6, "fuel_level_pct": 75,
          "battery_pct": 80, "engine_status": "running", "trip_id": "T-1", "driver_id": "D-7", "attributes": {"reefer_c": -18.5}})",
      batch);
  EXPECT_EQ(batch->received_at, now);
  EXPECT_EQ(batch->trucks, std::vector<std::string_view>{"TRK-001"});
  EXPECT_EQ(batch->positions.front().index, 0U);
  EXPECT_EQ(batch->positions.front().truck, 0U);
  EXPECT_EQ(p.timestamp, now - hours{1} - std::chrono::minutes{30});
  EXPECT_EQ(p.point, (geo::point{47.3769, 8.5417}));
  EXPECT_EQ(p.speed_kmh, 45.5);
  EXPECT_EQ(p.heading, 180);
  EXPECT_EQ(p.altitude_m, 408);
  EXPECT_EQ(p.accuracy_m, 5);
  EXPECT_EQ(p.odometer_km, 120345.6);
  EXPECT_EQ(p.fuel_level_pct, 75);
  EXPECT_EQ(p.battery_pct, 80);
  EXPECT_EQ(p.engine_status, "running");
  EXPECT_EQ(p.trip_id, "T-1");
  EXPECT_EQ(p.driver_id, "D-7");
  EXPECT_EQ(p.attributes, R"({"reefer_c": -18.5})");
}

TEST(PositionReader, WhatIsNotSaidIsUnknownAndNeverZero) {
  std::unique_ptr<engine::batch> batch;
  for (const char* members : {"", R"("speed_kmh":null,"heading":null,"altitude_m":null,"accuracy_m":null,"odometer_km":null,
                                     "fuel_level_pct":null,"battery_pct":null,"engine_status":null,"trip_id":null,
                                     "driver_id":null,"attributes":null)"}) {
    const auto p = accepted(with(members), batch);
    for (const double n :
         {p.speed_kmh, p.heading, p.altitude_m, p.accuracy_m, p.odometer_km, p.fuel_level_pct, p.battery_pct}) {
      EXPECT_TRUE(std::isnan(n));
    }
    EXPECT_TRUE(p.engine_status.empty() && p.trip_id.empty() && p.driver_id.empty() && p.attributes.empty());
  }
}

TEST(PositionReader, MinusOneIsUnknownWherePhonesSendItAndOnlyThere) {
  std::unique_ptr<engine::batch> batch;
  for (const char* minus_one : {"-1", "-1.0", "-1e0", "-10e-1"}) {
    const std::string n = minus_one;
    const auto p = accepted(
        with(R"("speed_kmh":)" + n + R"(,"heading":)" + n + R"(,"accuracy_m":)" + n + R"(,"battery_pct":)" + n), batch);
    EXPECT_TRUE(std::isnan(p.speed_kmh) && std::isnan(p.heading) && std::isnan(p.accuracy_m) && std::isnan(p.battery_pct));
    EXPECT_EQ(judged(with(R"("fuel_level_pct":)" + n)), "fuel_level_out_of_range");
    EXPECT_EQ(judged(with(R"("odometer_km":)" + n)), "odometer_out_of_range");
    EXPECT_EQ(accepted(with(R"("altitude_m":)" + n), batch).altitude_m, -1);
  }
  EXPECT_EQ(judged(with(R"("speed_kmh":-1.0000001)")), "speed_out_of_range");
  EXPECT_EQ(judged(with(R"("heading":-0.5)")), "heading_out_of_range");
}

TEST(PositionReader, ZeroStaysZero) {
  std::unique_ptr<engine::batch> batch;
  const auto p =
      accepted(with(R"("speed_kmh":0,"heading":0.0,"altitude_m":0,"accuracy_m":0e5,"odometer_km":0,"fuel_level_pct":0,
                                  "battery_pct":-0)"),
               batch);
  for (const double n : {p.speed_kmh, p.heading, p.altitude_m, p.accuracy_m, p.odometer_km, p.fuel_level_pct, p.battery_pct}) {
    EXPECT_EQ(n, 0);
  }
}

TEST(PositionReader, RangesIncludeTheirEnds) {
  struct range {
    const char* name;
    const char* code;
    std::vector<const char*> inside;
    std::vector<const char*> outside;
  };
  const std::vector<range> ranges{
      {"latitude", "latitude_out_of_range", {"-90", "90", "90.0"}, {"-90.00000000000002", "90.00000000000002", "1e308"}},
      {"longitude", "longitude_out_of_range", {"-180", "180", "18e1"}, {"-180.00000000000003", "180.00000000000003"}},
      {"speed_kmh", "speed_out_of_range", {"0", "400"}, {"-0.001", "400.0001", "1e30"}},
      {"heading", "heading_out_of_range", {"0", "360", "359.999"}, {"-0.001", "360.0001"}},
      {"accuracy_m", "accuracy_out_of_range", {"0", "1000000"}, {"-2", "1000000.1"}},
      {"altitude_m", "altitude_out_of_range", {"-1000", "20000"}, {"-1000.1", "20000.1"}},
      {"odometer_km", "odometer_out_of_range", {"0", "10000000"}, {"-0.1", "10000000.1"}},
      {"fuel_level_pct", "fuel_level_out_of_range", {"0", "100"}, {"-0.1", "100.1"}},
      {"battery_pct", "battery_out_of_range", {"0", "100"}, {"-0.1", "100.1", "12345678901234567890123"}},
  };
  for (const auto& r : ranges) {
    const auto element = [&](const char* value) {
      std::string members = R"("truck_id":"T","timestamp":"2026-11-20T12:00:00Z")";
      if (std::strcmp(r.name, "latitude") != 0) members += R"(,"latitude":0)";
      if (std::strcmp(r.name, "longitude") != 0) members += R"(,"longitude":0)";
      return "{" + members + ",\"" + r.name + "\":" + value + "}";
    };
    for (const char* value : r.inside) EXPECT_EQ(judged(element(value)), "ok") << r.name << ' ' << value;
    for (const char* value : r.outside) EXPECT_EQ(judged(element(value)), r.code) << r.name << ' ' << value;
  }
}

TEST(PositionReader, EveryNumberIsExactlyTheDoubleThatWasSent) {
  std::mt19937_64 random{5};
  std::unique_ptr<engine::batch> batch;
  for (int i = 0; i < 20'000; ++i) {
    char text[64];
    const double value = std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 60) - 90);
    static constexpr const char* formats[] = {"%.17g", "%.7f", "%.16e", "%.3f", "%.40f"};
    std::snprintf(text, sizeof text, formats[random() % 5], std::fmod(value, 90));
    EXPECT_EQ(accepted(with(std::string{R"("altitude_m":)"} + text), batch).altitude_m, std::strtod(text, nullptr)) << text;
  }
  for (const char* text : {"9007199254740993e-12", "0.1", "0.3", "4.35", "5e-324", "2.2250738585072011e-308", "1e-400",
                           "0e999999", "0.0e-99999", "1234567890123456789e-16", "12345678901234567890e-17", "1e-22", "1e-23",
                           "18446744073709551617e-18", "184467440737095516160e-19",
                           "0.00000000000000000000000000000000000000000000000000000001e56", "123.4e00000000000000000001"}) {
    EXPECT_EQ(accepted(with(std::string{R"("altitude_m":)"} + text), batch).altitude_m, std::strtod(text, nullptr)) << text;
  }
  EXPECT_TRUE(std::signbit(accepted(with(R"("altitude_m":-0.0)"), batch).altitude_m));
  EXPECT_TRUE(std::signbit(accepted(with(R"("altitude_m":-1e-999)"), batch).altitude_m));
}

TEST(PositionReader, MembersItDoesNotKnowAreIgnored) {
  EXPECT_EQ(judged(with(R"("seq":7,"ignition":true,"x":null,"y":[1,{"z":[]}],"":"","Latitude":"none")")), "ok");
}

TEST(PositionReader, NamesAndTextsMayBeWrittenWithEscapes) {
  std::unique_ptr<engine::batch> batch;
  const auto p = accepted(
      R"({"truck\u005fid":"\u0054RK-1","timestam\u0070":"2026\u002d11-20T12:00:00Z","latitude":1,"longitude":2,
          "engine_status":"\u00e9\uD83D\uDE9A\/\"","trip_id":"\u0054"})",
      batch);
  EXPECT_EQ(batch->trucks, std::vector<std::string_view>{"TRK-1"});
  EXPECT_EQ(p.timestamp, now);
  EXPECT_EQ(p.engine_status, "\xC3\xA9\xF0\x9F\x9A\x9A/\"");
  EXPECT_EQ(p.trip_id, "T");
}

TEST(PositionReader, MembersMayStandInAnyOrderAndInAnotherOneEachTime) {
  std::vector<std::string> members{R"("truck_id":"T")",  R"("timestamp" : 1795176000000)",
                                   R"("latitude":1)",    R"("longitude":2)",
                                   R"("speed_kmh":3)",   R"("heading":4)",
                                   R"("altitude_m":5)",  R"("accuracy_m":6)",
                                   R"("odometer_km":7)", R"("fuel_level_pct":8)",
                                   R"("battery_pct":9)", R"("engine_status":"on")",
                                   R"("trip_id":"A")",   R"("driver_id":"B")",
                                   R"("attributes":{})", R"("x":0)",
                                   R"("headin":0)",      R"("heading_":0)"};
  std::mt19937 random{3};
  std::string elements;
  for (int i = 0; i < 300; ++i) {
    if (i % 3 == 0) std::ranges::shuffle(members, random);
    elements += i ? ",{" : "{";
    for (std::size_t m = 0; m < members.size(); ++m) elements += (m ? "," : "") + members[m];
    elements += '}';
  }
  const auto parsed = parse(batch_of(elements));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->batch->positions.size(), 300U);
  for (const auto& p : parsed->batch->positions) ASSERT_TRUE(engine::same(p.where, parsed->batch->positions.front().where));
  EXPECT_EQ(parsed->batch->positions.front().where.battery_pct, 9);
}

TEST(PositionReader, BlanksMayStandBetweenAllTokens) {
  std::string spread;
  for (const char c :
       batch_of(R"({"truck_id":"T","timestamp":1795176000000,"latitude":1,"longitude":2,"attributes":{"a":[]}})")) {
    if (std::strchr("{}[]:,", c)) {
      spread += std::string{" \t\r\n"} + c + " \n\r\t";
    } else {
      spread += c;
    }
  }
  EXPECT_EQ(verdicts(spread), std::vector<std::string>{"attributes_invalid"});
  EXPECT_EQ(verdict(" \n" + batch_of(with("")) + "\r\t\n "), "ok");
}

// ---- timestamps

std::string timed(const std::string& value) {
  return judged(R"({"truck_id":"T","latitude":1,"longitude":2,"timestamp":)" + value + "}");
}

std::string written(utc_time t) {
  std::string out{'"'};
  append_time(out, t);
  return out + '"';
}

TEST(PositionReader, TimestampsAreJudgedAgainstWhenTheyWereReceived) {
  EXPECT_EQ(timed(written(now + seconds{300})), "ok");
  EXPECT_EQ(timed(written(now + seconds{300} + milliseconds{1})), "timestamp_in_future");
  EXPECT_EQ(timed(written(now - days{30})), "ok");
  EXPECT_EQ(timed(written(now - days{30} - milliseconds{1})), "timestamp_too_old");
  EXPECT_EQ(timed(std::to_string(to_epoch_ms(now + seconds{300}))), "ok");
  EXPECT_EQ(timed(std::to_string(to_epoch_ms(now + seconds{300}) + 1)), "timestamp_in_future");
  EXPECT_EQ(timed(std::to_string(to_epoch_ms(now - days{30}) - 1)), "timestamp_too_old");
}

TEST(PositionReader, WholeNumbersAreEpochMilliseconds) {
  const std::string ms = std::to_string(to_epoch_ms(now));
  EXPECT_EQ(timed(ms), "ok");
  EXPECT_EQ(timed(ms + ".0"), "ok");
  EXPECT_EQ(timed("1.795176e12"), "ok");
  EXPECT_EQ(timed(ms + ".5"), "field_type_invalid");
  EXPECT_EQ(timed("0"), "timestamp_too_old");
  EXPECT_EQ(timed("-1"), "timestamp_too_old");
  EXPECT_EQ(timed("253402300799999"), "timestamp_in_future");
  for (const char* outside : {"253402300800000", "1000000000000000000", "-1000000000000000000", "9223372036854775807",
                              "9223372036854775808", "-9223372036854775808", "99999999999999999999999999", "1e300", "-1e300"}) {
    EXPECT_EQ(timed(outside), "timestamp_invalid") << outside;
  }
}

TEST(PositionReader, ATimestampIsATextOrAWholeNumber) {
  EXPECT_EQ(timed("null"), "timestamp_missing");
  EXPECT_EQ(judged(R"({"truck_id":"T","latitude":1,"longitude":2})"), "timestamp_missing");
  for (const char* bad :
       {R"("")", R"("now")", R"("2026-11-20T12:00:60Z")", R"("2026-11-20T12:00:00Z\u0000")", R"("1795176000000")"}) {
    EXPECT_EQ(timed(bad), "timestamp_invalid") << bad;
  }
  for (const char* bad : {"true", "[]", "{}", "[1]", "0.5"}) EXPECT_EQ(timed(bad), "field_type_invalid") << bad;
}

// ---- other members

TEST(PositionReader, AMissingCoordinateIsToldAndSoIsAWrongType) {
  const std::string start = R"({"truck_id":"T","timestamp":"2026-11-20T12:00:00Z",)";
  EXPECT_EQ(judged(start + R"("longitude":2})"), "latitude_missing");
  EXPECT_EQ(judged(start + R"("longitude":2,"latitude":null})"), "latitude_missing");
  EXPECT_EQ(judged(start + R"("latitude":2})"), "longitude_missing");
  EXPECT_EQ(judged(start + R"("latitude":2,"longitude":null})"), "longitude_missing");
  for (const char* bad : {R"("47.3")", R"("")", "true", "[47]", "{}"}) {
    EXPECT_EQ(judged(start + R"("longitude":2,"latitude":)" + bad + "}"), "field_type_invalid") << bad;
  }
  for (const char* name :
       {"speed_kmh", "heading", "altitude_m", "accuracy_m", "odometer_km", "fuel_level_pct", "battery_pct"}) {
    for (const char* bad : {R"("1")", "true", "[]", "{}"}) {
      EXPECT_EQ(judged(with('"' + std::string{name} + "\":" + bad)), "field_type_invalid") << name;
    }
  }
}

TEST(PositionReader, TripAndDriverAreIds) {
  for (const std::string name : {"trip_id", "driver_id"}) {
    const auto of = [&](const std::string& value) { return judged(with('"' + name + "\":" + value)); };
    EXPECT_EQ(of('"' + std::string(128, 'x') + '"'), "ok");
    EXPECT_EQ(of('"' + std::string(129, 'x') + '"'), name + "_invalid");
    for (const char* bad : {R"("")", R"("a b")", R"("\u0000")", R"("é")"}) EXPECT_EQ(of(bad), name + "_invalid") << bad;
    for (const char* bad : {"1", "false", "[]", "{}"}) EXPECT_EQ(of(bad), "field_type_invalid") << bad;
  }
}

TEST(PositionReader, AnEngineStatusIsATextOfUpTo64BytesWithoutControlCharacters) {
  const auto of = [&](const std::string& value) { return judged(with(R"("engine_status":)" + value)); };
  EXPECT_EQ(of('"' + std::string(64, 'x') + '"'), "ok");
  EXPECT_EQ(of('"' + std::string(65, 'x') + '"'), "engine_status_invalid");
  EXPECT_EQ(of(R"("läuft, 90 °C")"), "ok");
  EXPECT_EQ(of("\"\xC2\xA0\""), "ok");  // U+00A0 is no control character
  for (const char* bad : {R"("")", R"("a\u0000b")", R"("\n")", R"("\u001f")", R"("\u007f")", "\"\x7F\"", "\"\xC2\x80\"",
                          "\"\xC2\x9F\"", R"("\u0085")"}) {
    EXPECT_EQ(of(bad), "engine_status_invalid") << bad;
  }
  EXPECT_EQ(of("1"), "field_type_invalid");
  EXPECT_EQ(verdict(batch_of(with("\"engine_status\":\"a\nb\""))), "malformed_json");  // bare, this is no JSON
}

TEST(PositionReader, AttributesAreFlatAndFewAndKeptAsTheyCame) {
  const auto of = [&](const std::string& value) { return judged(with(R"("attributes":)" + value)); };
  std::unique_ptr<engine::batch> batch;
  const char* odd = R"({ "a" : 1.50, "b":"\u00e9\/","c":true , "d":null,"e":12345678901234567890123 })";
  EXPECT_EQ(accepted(with(R"("attributes":)" + std::string{odd}), batch).attributes, odd);
  EXPECT_EQ(accepted(with(R"("attributes":{})"), batch).attributes, "{}");
  EXPECT_EQ(accepted(with("\"attributes\":{\n\t\"a\": 1,\r\n\t\"b\": 2\n}"), batch).attributes, R"({"a": 1,"b": 2})");

  const auto members = [](int count) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
    return text + "}";
  };
  EXPECT_EQ(of(members(16)), "ok");
  EXPECT_EQ(of(members(17)), "attributes_invalid");
  EXPECT_EQ(of(R"({"a":")" + std::string(1024 - 8, 'x') + "\"}"), "ok");
  EXPECT_EQ(of(R"({"a":")" + std::string(1024 - 7, 'x') + "\"}"), "attributes_invalid");
  for (const char* bad : {R"({"a":[]})", R"({"a":{}})", R"({"a":[1]})", R"({"a":1,"a":2})", R"({"a":1,"\u0061":2})",
                          R"({"a":"\u0000"})", R"({"\u0000":1})", R"({"a":"\n"})", R"({"a\t":1})"}) {
    EXPECT_EQ(of(bad), "attributes_invalid") << bad;
  }
  for (const char* bad : {"[]", "1", R"("x")", "true", R"([{"a":1}])"}) EXPECT_EQ(of(bad), "field_type_invalid") << bad;
}

// ---- structure, and several faults in one

TEST(PositionReader, OnlyObjectsArePositions) {
  for (const char* element : {"1", R"("x")", "null", "true", "[]", R"([{"truck_id":"T"}])"}) {
    EXPECT_EQ(judged(element), "position_not_an_object") << element;
  }
}

TEST(PositionReader, AMemberGivenTwiceRefusesThePosition) {
  for (const char* twice :
       {R"("latitude":1.5)", R"("truck_id":"T")", R"("truck_id":null)", R"("l\u0061titude":1)", R"("heading":1,"heading":1)",
        R"("heading":null,"heading":1)", R"("x":1,"x":2)", R"("x":1,"\u0078":2)", R"("":1,"":2)",
        R"("attributes":{},"attributes":{})", R"("a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"a":1)"}) {
    EXPECT_EQ(judged(with(twice)), "duplicate_key") << twice;
  }
  EXPECT_EQ(judged(with(R"("x":{"a":1,"a":2},"X":1,"x ":1)")), "ok");  // what is inside an ignored member is not looked at
}

TEST(PositionReader, OfSeveralFaultsTheFirstInTheAgreedOrderIsTold) {
  const std::vector<std::pair<std::string, std::string>> in_order{
      {R"("x":1,"x":1)", "duplicate_key"},
      {R"("truck_id":"")", "truck_id_invalid"},
      {R"("timestamp":"")", "timestamp_invalid"},
      {R"("latitude":91)", "latitude_out_of_range"},
      {R"("longitude":"x")", "field_type_invalid"},
      {R"("speed_kmh":401)", "speed_out_of_range"},
      {R"("heading":361)", "heading_out_of_range"},
      {R"("accuracy_m":-2)", "accuracy_out_of_range"},
      {R"("altitude_m":20001)", "altitude_out_of_range"},
      {R"("odometer_km":-1)", "odometer_out_of_range"},
      {R"("fuel_level_pct":-1)", "fuel_level_out_of_range"},
      {R"("battery_pct":101)", "battery_out_of_range"},
      {R"("trip_id":"")", "trip_id_invalid"},
      {R"("driver_id":"")", "driver_id_invalid"},
      {R"("engine_status":"")", "engine_status_invalid"},
      {R"("attributes":{"a":[]})", "attributes_invalid"},
  };
  const std::vector<std::string> good{"\"y\":1", "\"truck_id\":\"T\"", "\"timestamp\":\"2026-11-20T12:00:00Z\"",
                                      "\"latitude\":1", "\"longitude\":2"};
  for (std::size_t first = 0; first < in_order.size(); ++first) {
    std::string forwards;
    std::string backwards;
    for (std::size_t i = 0; i < in_order.size(); ++i) {
      const std::string member = i >= first        ? in_order[i].first
                                 : i < good.size() ? good[i]
                                                   : "\"z" + std::to_string(i) + "\":1";
      forwards += (i ? "," : "") + member;
      backwards = member + (i ? "," : "") + backwards;
    }
    EXPECT_EQ(judged("{" + forwards + "}"), in_order[first].second) << forwards;
    EXPECT_EQ(judged("{" + backwards + "}"), in_order[first].second) << backwards;
  }
}

TEST(PositionReader, AWrongTypeCountsAtItsMembersPlace) {
  EXPECT_EQ(judged(with(R"("heading":361,"speed_kmh":"x")")), "field_type_invalid");
  EXPECT_EQ(judged(with(R"("heading":"x","speed_kmh":401)")), "speed_out_of_range");
  EXPECT_EQ(judged(R"({"truck_id":1,"timestamp":"x"})"), "field_type_invalid");
}

TEST(PositionReader, OneBadPositionDoesNotHarmTheOthers) {
  EXPECT_EQ(verdicts(batch_of(with("") + ",7," + with(R"("heading":999)") + ",{}," + with(""))),
            (std::vector<std::string>{"ok", "position_not_an_object", "heading_out_of_range", "truck_id_missing", "ok"}));
}

TEST(PositionReader, ARefusedPositionIsKeptAsItWasSent) {
  const std::string element = with("\"heading\": 999 , \"x\" : [1, \"\xC3\xA9\"] ");
  const auto parsed = parse("{ \"positions\" : [ " + element + " , \"\\u0000\" ] }");
  ASSERT_TRUE(parsed);
  const auto& rejected = parsed->batch->rejected;
  ASSERT_EQ(rejected.size(), 2U);
  EXPECT_EQ(rejected[0].raw, element);
  EXPECT_EQ(rejected[0].truck_id, "T");
  EXPECT_EQ(rejected[1].raw, "\"\\u0000\"");
  EXPECT_EQ(rejected[1].truck_id, "");
  EXPECT_EQ(rejected[1].index, 1U);
}

TEST(PositionReader, ALongRefusedPositionIsCutWhereACharacterEnds) {
  for (std::size_t before = 500; before < 516; ++before) {
    for (const std::string character : {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\x9A"}) {
      std::string text(before, '.');
      while (text.size() < 600) text += character;
      const std::string element = '"' + text + '"';
      const auto parsed = parse(batch_of(element));
      ASSERT_TRUE(parsed);
      const auto raw = parsed->batch->rejected.front().raw;
      EXPECT_TRUE(element.starts_with(raw));
      EXPECT_LE(raw.size(), engine::rejected_raw_bytes);
      EXPECT_GT(raw.size() + character.size(), engine::rejected_raw_bytes);
      EXPECT_TRUE(oracle::is_json(std::string{raw} + '"')) << raw;
    }
  }
  const std::string exact = '"' + std::string(engine::rejected_raw_bytes - 2, 'x') + '"';
  EXPECT_EQ(parse(batch_of(exact))->batch->rejected.front().raw, exact);
}

}  // namespace
}  // namespace haulcast::wire
