#include "haulcast/wire/batch_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "haulcast/wire/time.hpp"
#include "wire/json_oracle.hpp"

namespace haulcast::wire {
namespace {

using engine::reject_code;
using std::chrono::days;
using std::chrono::hours;

constexpr utc_time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + hours{12}};

/// A body with padding behind it that would go on with the last token, if anybody looked.
class padded {
 public:
  explicit padded(std::string_view body) : bytes_(body.size() + batch_parser::padding(), '9'), size_{body.size()} {
    std::memcpy(bytes_.data(), body.data(), body.size());
  }
  operator std::string_view() const { return {bytes_.data(), size_}; }  // NOLINT: a body is what it stands for

 private:
  std::vector<char> bytes_;
  std::size_t size_;
};

result<parsed_batch, batch_failure> parse(std::string_view body, const covers& may_post = {}, const batch_limits& limits = {}) {
  static batch_parser parser;  // one for all: nothing may be left over from the last body, nor in a batch that is used again
  auto used = parser.parse(padded{R"({"positions":[{},{"truck_id":"OLD","timestamp":"2026-11-20T12:00:00Z","latitude":1,)"
                                  R"("longitude":2,"trip_id":"T-OLD"}]})"},
                           now, {}, {});
  parser.give_back(std::move(used->batch));
  return parser.parse(padded{body}, now, limits, may_post);
}

/// The code of the whole batch with its pointer, or "ok".
std::string verdict(std::string_view body, const batch_limits& limits = {}) {
  const auto parsed = parse(body, {}, limits);
  if (parsed) return "ok";
  EXPECT_TRUE(parsed.error().detail.ends_with('.') || parsed.error().detail.ends_with('-') ||
              parsed.error().detail.ends_with('?'))
      << parsed.error().detail;
  return std::string{to_string(parsed.error().code)} + (parsed.error().pointer.empty() ? "" : " " + parsed.error().pointer);
}

/// What became of each element in turn, "ok" or its code.
std::vector<std::string> verdicts(std::string_view body, const covers& may_post = {}) {
  const auto parsed = parse(body, may_post);
  if (!parsed) return {std::string{to_string(parsed.error().code)}};
  std::vector<std::string> found(parsed->batch->positions.size() + parsed->batch->rejected.size());
  for (const auto& p : parsed->batch->positions) found.at(p.index) += "ok";
  for (const auto& r : parsed->batch->rejected) found.at(r.index) += to_string(r.code);
  return found;
}

/// A batch of one element.
std::string batch_of(std::string_view element) { return R"({"positions":[)" + std::string{element} + "]}"; }

constexpr std::string_view required = R"("truck_id":"T","timestamp":"2026-11-20T12:00:00Z","latitude":1.5,"longitude":2.5)";

/// An element with all that is required and `members` besides.
std::string with(std::string_view members) {
  return "{" + std::string{required} + (members.empty() ? "" : ",") + std::string{members} + "}";
}

std::string judged(std::string_view element, const covers& may_post = {}) {
  const auto found = verdicts(batch_of(element), may_post);
  return found.size() == 1 ? found.front() : "not one";
}

/// The position that an element becomes; `keep` holds its texts.
engine::position accepted(std::string_view element, std::unique_ptr<engine::batch>& keep) {
  auto parsed = parse(batch_of(element));
  if (!parsed || parsed->batch->positions.size() != 1) {
    ADD_FAILURE() << "not accepted: " << element << ": " << judged(element);
    keep = std::make_unique<engine::batch>();
    return {};
  }
  keep = std::move(parsed->batch);
  return keep->positions.front().where;
}

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

// ---- what passes

TEST(BatchParser, APositionKeepsEverythingThatWasSent) {
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

TEST(BatchParser, WhatIsNotSaidIsUnknownAndNeverZero) {
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

TEST(BatchParser, MinusOneIsUnknownWherePhonesSendItAndOnlyThere) {
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

TEST(BatchParser, ZeroStaysZero) {
  std::unique_ptr<engine::batch> batch;
  const auto p =
      accepted(with(R"("speed_kmh":0,"heading":0.0,"altitude_m":0,"accuracy_m":0e5,"odometer_km":0,"fuel_level_pct":0,
                                  "battery_pct":-0)"),
               batch);
  for (const double n : {p.speed_kmh, p.heading, p.altitude_m, p.accuracy_m, p.odometer_km, p.fuel_level_pct, p.battery_pct}) {
    EXPECT_EQ(n, 0);
  }
}

TEST(BatchParser, RangesIncludeTheirEnds) {
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

TEST(BatchParser, EveryNumberIsExactlyTheDoubleThatWasSent) {
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

TEST(BatchParser, MembersItDoesNotKnowAreIgnored) {
  EXPECT_EQ(judged(with(R"("seq":7,"ignition":true,"x":null,"y":[1,{"z":[]}],"":"","Latitude":"none")")), "ok");
}

TEST(BatchParser, NamesAndTextsMayBeWrittenWithEscapes) {
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

TEST(BatchParser, MembersMayStandInAnyOrderAndInAnotherOneEachTime) {
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

TEST(BatchParser, BlanksMayStandBetweenAllTokens) {
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

// ---- truck ids

TEST(BatchParser, ATruckIdIsOneTo128OfTheAllowedCharacters) {
  const auto id = [](const std::string& value) {
    return judged(R"({"timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":2,"truck_id":)" + value + "}");
  };
  EXPECT_EQ(id(R"("a")"), "ok");
  EXPECT_EQ(id(R"("AZaz09._:-")"), "ok");
  EXPECT_EQ(id('"' + std::string(128, 'x') + '"'), "ok");
  EXPECT_EQ(id('"' + std::string(129, 'x') + '"'), "truck_id_invalid");
  for (const char* bad :
       {R"("")", R"("a b")", R"("a/b")", R"("a\u0000")", R"("\n")", R"("ü")", R"("a\\")", R"("a\"")", R"("a,")"}) {
    EXPECT_EQ(id(bad), "truck_id_invalid") << bad;
  }
  for (const char* bad : {"1", "true", "[]", "{}", "1.5", R"(["T"])"}) EXPECT_EQ(id(bad), "field_type_invalid") << bad;
  EXPECT_EQ(id("null"), "truck_id_missing");
}

TEST(BatchParser, TheBatchsTruckIdStandsForPositionsThatHaveNone) {
  const std::string rest = R"("timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":2})";
  const std::string elements =
      "[{" + rest + R"(,{"truck_id":null,)" + rest + R"(,{"truck_id":"OWN",)" + rest + R"(,{"truck_id":"",)" + rest + "]";
  for (const std::string& body :
       {R"({"truck_id":"ALL","positions":)" + elements + "}", R"({"positions":)" + elements + R"(,"truck_id":"ALL"})"}) {
    EXPECT_EQ(verdicts(body), (std::vector<std::string>{"ok", "ok", "ok", "truck_id_invalid"})) << body;
    const auto parsed = parse(body);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->batch->trucks, (std::vector<std::string_view>{"ALL", "OWN"}));
    EXPECT_EQ(parsed->batch->rejected.front().truck_id, "");
  }
  const std::string none = R"({"truck_id":null,"positions":)" + elements + "}";
  EXPECT_EQ(verdicts(none), (std::vector<std::string>{"truck_id_missing", "truck_id_missing", "ok", "truck_id_invalid"}));
}

TEST(BatchParser, WhatIsNoPositionIsNobodys) {
  const auto parsed = parse(R"({"truck_id":"ALL","positions":[5]})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->batch->rejected.front().code, reject_code::position_not_an_object);
  EXPECT_EQ(parsed->batch->rejected.front().truck_id, "");
  EXPECT_FALSE(parsed->covered || parsed->foreign);
}

TEST(BatchParser, ABadTruckIdOfTheBatchRefusesIt) {
  for (const char* bad : {R"("")", R"("a b")", "1", "[]", "{}", "true"}) {
    EXPECT_EQ(verdict(R"({"truck_id":)" + std::string{bad} + R"(,"positions":[{}]})"), "truck_id_invalid /truck_id") << bad;
  }
}

TEST(BatchParser, EachTruckIsNamedOnceInOrderOfItsFirstPositionThatPassed) {
  std::string body = R"({"positions":[)";
  for (int i = 0; i < 900; ++i) {
    body += (i ? "," : "") + std::string{R"({"truck_id":"TRK-)"} + std::to_string(i * 7 % 300) +
            R"(","timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":)" + (i == 0 ? "999" : "2") + "}";
  }
  int asked = 0;
  const auto parsed = parse(body + "]}", [&](std::string_view) { return ++asked, true; });
  ASSERT_TRUE(parsed);
  const auto& batch = *parsed->batch;
  EXPECT_EQ(asked, 300);
  ASSERT_EQ(batch.trucks.size(), 300U);
  EXPECT_EQ(batch.trucks.front(), "TRK-7");
  EXPECT_EQ(batch.trucks.back(), "TRK-0");  // its first position was refused, so it came again at the end of the round
  for (const auto& p : batch.positions) {
    ASSERT_EQ(batch.trucks[p.truck], "TRK-" + std::to_string(p.index * 7 % 300));
  }
}

TEST(BatchParser, WhoMayPostIsJudgedPerTruck) {
  const covers mine = [](std::string_view id) { return id.starts_with("MINE"); };
  const auto element = [](const char* id, const char* latitude = "1") {
    return std::string{R"({"truck_id":")"} + id + R"(","timestamp":"2026-11-20T12:00:00Z","longitude":2,"latitude":)" +
           latitude + "}";
  };
  struct row {
    std::string elements;
    bool covered;
    bool foreign;
    std::vector<std::string> codes;
  };
  const std::vector<row> rows{
      {element("MINE-1"), true, false, {"ok"}},
      {element("OTHER"), false, true, {"truck_not_yours"}},
      {element("MINE-1") + "," + element("OTHER") + "," + element("MINE-2"), true, true, {"ok", "truck_not_yours", "ok"}},
      {element("MINE-1", "99"), true, false, {"latitude_out_of_range"}},
      {element("OTHER", "99"), false, true, {"truck_not_yours"}},
      {element("a b"), false, false, {"truck_id_invalid"}},
      {"5", false, false, {"position_not_an_object"}},
      {"{}", false, false, {"truck_id_missing"}},
      {R"({"truck_id":"MINE-1","truck_id":"OTHER"})", false, false, {"duplicate_key"}},
      {R"({"truck_id":"OTHER","latitude":1,"latitude":1})", false, true, {"duplicate_key"}},
  };
  for (const auto& r : rows) {
    const auto parsed = parse(batch_of(r.elements), mine);
    ASSERT_TRUE(parsed) << r.elements;
    EXPECT_EQ(parsed->covered, r.covered) << r.elements;
    EXPECT_EQ(parsed->foreign, r.foreign) << r.elements;
    EXPECT_EQ(verdicts(batch_of(r.elements), mine), r.codes) << r.elements;
    for (const auto id : parsed->batch->trucks) EXPECT_TRUE(mine(id));
  }
}

TEST(BatchParser, ATruckIdThatIsAskedForLateIsJudgedAsWell) {
  const std::string body =
      R"({"positions":[{"timestamp":"2026-11-20T12:00:00Z","latitude":1,"longitude":2}],"truck_id":"OTHER"})";
  const auto parsed = parse(body, [](std::string_view) { return false; });
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->foreign);
  EXPECT_FALSE(parsed->covered);
  EXPECT_EQ(parsed->batch->rejected.front().code, reject_code::truck_not_yours);
  EXPECT_EQ(parsed->batch->rejected.front().truck_id, "OTHER");
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

TEST(BatchParser, TimestampsAreJudgedAgainstWhenTheyWereReceived) {
  EXPECT_EQ(timed(written(now + seconds{300})), "ok");
  EXPECT_EQ(timed(written(now + seconds{300} + milliseconds{1})), "timestamp_in_future");
  EXPECT_EQ(timed(written(now - days{30})), "ok");
  EXPECT_EQ(timed(written(now - days{30} - milliseconds{1})), "timestamp_too_old");
  EXPECT_EQ(timed(std::to_string(to_epoch_ms(now + seconds{300}))), "ok");
  EXPECT_EQ(timed(std::to_string(to_epoch_ms(now + seconds{300}) + 1)), "timestamp_in_future");
  EXPECT_EQ(timed(std::to_string(to_epoch_ms(now - days{30}) - 1)), "timestamp_too_old");
}

TEST(BatchParser, WholeNumbersAreEpochMilliseconds) {
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

TEST(BatchParser, ATimestampIsATextOrAWholeNumber) {
  EXPECT_EQ(timed("null"), "timestamp_missing");
  EXPECT_EQ(judged(R"({"truck_id":"T","latitude":1,"longitude":2})"), "timestamp_missing");
  for (const char* bad :
       {R"("")", R"("now")", R"("2026-11-20T12:00:60Z")", R"("2026-11-20T12:00:00Z\u0000")", R"("1795176000000")"}) {
    EXPECT_EQ(timed(bad), "timestamp_invalid") << bad;
  }
  for (const char* bad : {"true", "[]", "{}", "[1]", "0.5"}) EXPECT_EQ(timed(bad), "field_type_invalid") << bad;
}

// ---- other members

TEST(BatchParser, AMissingCoordinateIsToldAndSoIsAWrongType) {
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

TEST(BatchParser, TripAndDriverAreIds) {
  for (const std::string name : {"trip_id", "driver_id"}) {
    const auto of = [&](const std::string& value) { return judged(with('"' + name + "\":" + value)); };
    EXPECT_EQ(of('"' + std::string(128, 'x') + '"'), "ok");
    EXPECT_EQ(of('"' + std::string(129, 'x') + '"'), name + "_invalid");
    for (const char* bad : {R"("")", R"("a b")", R"("\u0000")", R"("é")"}) EXPECT_EQ(of(bad), name + "_invalid") << bad;
    for (const char* bad : {"1", "false", "[]", "{}"}) EXPECT_EQ(of(bad), "field_type_invalid") << bad;
  }
}

TEST(BatchParser, AnEngineStatusIsATextOfUpTo64BytesWithoutControlCharacters) {
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

TEST(BatchParser, AttributesAreFlatAndFewAndKeptAsTheyCame) {
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

TEST(BatchParser, OnlyObjectsArePositions) {
  for (const char* element : {"1", R"("x")", "null", "true", "[]", R"([{"truck_id":"T"}])"}) {
    EXPECT_EQ(judged(element), "position_not_an_object") << element;
  }
}

TEST(BatchParser, AMemberGivenTwiceRefusesThePosition) {
  for (const char* twice :
       {R"("latitude":1.5)", R"("truck_id":"T")", R"("truck_id":null)", R"("l\u0061titude":1)", R"("heading":1,"heading":1)",
        R"("heading":null,"heading":1)", R"("x":1,"x":2)", R"("x":1,"\u0078":2)", R"("":1,"":2)",
        R"("attributes":{},"attributes":{})", R"("a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"a":1)"}) {
    EXPECT_EQ(judged(with(twice)), "duplicate_key") << twice;
  }
  EXPECT_EQ(judged(with(R"("x":{"a":1,"a":2},"X":1,"x ":1)")), "ok");  // what is inside an ignored member is not looked at
}

TEST(BatchParser, OfSeveralFaultsTheFirstInTheAgreedOrderIsTold) {
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

TEST(BatchParser, AWrongTypeCountsAtItsMembersPlace) {
  EXPECT_EQ(judged(with(R"("heading":361,"speed_kmh":"x")")), "field_type_invalid");
  EXPECT_EQ(judged(with(R"("heading":"x","speed_kmh":401)")), "speed_out_of_range");
  EXPECT_EQ(judged(R"({"truck_id":1,"timestamp":"x"})"), "field_type_invalid");
}

TEST(BatchParser, OneBadPositionDoesNotHarmTheOthers) {
  EXPECT_EQ(verdicts(batch_of(with("") + ",7," + with(R"("heading":999)") + ",{}," + with(""))),
            (std::vector<std::string>{"ok", "position_not_an_object", "heading_out_of_range", "truck_id_missing", "ok"}));
}

TEST(BatchParser, ARefusedPositionIsKeptAsItWasSent) {
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

TEST(BatchParser, ALongRefusedPositionIsCutWhereACharacterEnds) {
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

// ---- whole batches

TEST(BatchParser, ABatchHasOneToAThousandPositions) {
  const auto of = [](std::size_t count) {
    std::string elements;
    for (std::size_t i = 0; i < count; ++i) elements += (i ? "," : "") + with("");
    return batch_of(elements);
  };
  EXPECT_EQ(verdict(of(0)), "batch_empty /positions");
  EXPECT_EQ(verdict(of(1)), "ok");
  EXPECT_EQ(verdict(of(1000)), "ok");
  EXPECT_EQ(verdict(of(1001)), "batch_too_large /positions");
  EXPECT_EQ(verdict(of(3), {.max_positions = 3}), "ok");
  EXPECT_EQ(verdict(of(4), {.max_positions = 3}), "batch_too_large /positions");
  EXPECT_EQ(parse(of(1000))->batch->positions.size(), 1000U);
}

TEST(BatchParser, ABodyIsAnObjectWithPositions) {
  for (const char* body : {"[]", "1", R"("x")", "null", "true", R"([{"positions":[]}])"}) {
    EXPECT_EQ(verdict(body), "not_an_object") << body;
  }
  EXPECT_EQ(verdict("{}"), "positions_missing /positions");
  EXPECT_EQ(verdict(R"({"truck_id":"T"})"), "positions_missing /positions");
  EXPECT_EQ(verdict(R"({"positions":null})"), "positions_missing /positions");
  for (const char* value : {"{}", "1", R"("x")", "true"}) {
    EXPECT_EQ(verdict(R"({"positions":)" + std::string{value} + "}"), "positions_invalid /positions") << value;
  }
}

TEST(BatchParser, NothingElseStandsBesidePositions) {
  EXPECT_EQ(verdict(R"({"positions":[{}],"extra":1})"), "unknown_member /extra");
  EXPECT_EQ(verdict(R"({"Positions":[{}]})"), "unknown_member /Positions");
  EXPECT_EQ(verdict(R"({"":1,"positions":[{}]})"), "unknown_member /");
  EXPECT_EQ(verdict(R"({"a/b~c":1,"positions":[{}]})"), "unknown_member /a~1b~0c");
  EXPECT_EQ(verdict(R"({")" + std::string(100'000, 'x') + R"(":1})"), "unknown_member /" + std::string(64, 'x'));
  EXPECT_EQ(verdict(R"({"positions":[{}],"positions":[{}]})"), "duplicate_key /positions");
  EXPECT_EQ(verdict(R"({"positions":[{}],"p\u006fsitions":[{}]})"), "duplicate_key /positions");
  EXPECT_EQ(verdict(R"({"truck_id":"T","truck_id":"T","positions":[{}]})"), "duplicate_key /truck_id");
  EXPECT_EQ(verdict(R"({"truck_id":"T","truck_id":null})"), "duplicate_key /truck_id");
  EXPECT_EQ(verdict(R"({"\u0070ositions":[{}]})"), "ok");
}

TEST(BatchParser, WhatIsNotJsonAnywhereRefusesTheWholeBatch) {
  const std::string good = batch_of(with(""));
  using namespace std::string_literals;
  for (const std::string& body : {
           ""s,
           " "s,
           "{"s,
           "}"s,
           "{]"s,
           "nul"s,
           "nulll"s,
           "tru"s,
           "{}{}"s,
           "{},"s,
           "{} x"s,
           "[1,]"s,
           "[,1]"s,
           "[1 2]"s,
           "[1;2]"s,
           "{\"a\"}"s,
           "{\"a\":}"s,
           "{\"a\" 1}"s,
           "{\"a\":1,}"s,
           "{,\"a\":1}"s,
           "{a:1}"s,
           "{'a':1}"s,
           "{1:1}"s,
           "{\"a\":1 \"b\":2}"s,
           "// x\n{}"s,
           "01"s,
           "-"s,
           "+1"s,
           ".5"s,
           "1."s,
           "1.e5"s,
           "1e"s,
           "1e+"s,
           "-01"s,
           "0x10"s,
           "1_000"s,
           "NaN"s,
           "Infinity"s,
           "-Infinity"s,
           "12a"s,
           "1 2"s,
           "\""s,
           "\"\\\""s,
           "\"\\x\""s,
           "\"\\u12\""s,
           "\"\\u12g4\""s,
           "\"\\u+123\""s,
           "\"\t\""s,
           "\"\n\""s,
           "\"\0\""s,
           "\"a\"b"s,
           "\"a\"\"b\""s,
           "\xEF\xBB\xBF{}"s,
           "{}\0"s,
           "\0"s,
           "\x0C{}"s,
           "[1\x0C"
           "2]"s,
           "{\"a\"\x1A"
           "1}"s,
           "[\x1B]"s,
           "\\{}"s,
           "{}\\"s,
           "\"\xFF\""s,
           "\"\xC3\""s,
           "\"\xC0\xAF\""s,
           "\"\xED\xA0\x80\""s,
           "\"\xF4\x90\x80\x80\""s,
           "\"\xE2\x82\""s,
           "[\xFF]"s,
           R"("\uD800")"s,
           R"("\uDC00")"s,
           R"("\uD800\uD800")"s,
           R"("\uD800x")"s,
           R"("\uD800\n")"s,
           R"("\uDBFF\uE000")"s,
           "1e309"s,
           "-1e309"s,
           "1e999999999999999999999"s,
           "1"s + std::string(309, '0'),
           "179769313486231580793728971405301e277"s,
       }) {
    EXPECT_EQ(verdict(body), "malformed_json") << body;
    EXPECT_FALSE(oracle::is_json(body)) << body;
    // The same inside a member that nobody reads, inside attributes, as an element, and behind the end.
    EXPECT_EQ(verdict(batch_of(with("\"x\":" + body))), "malformed_json") << body;
    EXPECT_EQ(verdict(batch_of(with("\"attributes\":{\"x\":" + body + "}"))), "malformed_json") << body;
    EXPECT_EQ(verdict(batch_of(with("") + "," + body + "," + with(""))), "malformed_json") << body;
    if (body.find_first_not_of(' ') != std::string::npos) EXPECT_EQ(verdict(good + body), "malformed_json") << body;
  }
}

TEST(BatchParser, MalformedStandsAboveEveryOtherFault) {
  for (const char* start : {R"({"extra":1,)", R"({"positions":[],)", R"({"positions":{},)", R"({"truck_id":1,)", "[1,",
                            R"({"positions":[{}],"positions":[],)"}) {
    EXPECT_EQ(verdict(start), "malformed_json") << start;
    EXPECT_EQ(verdict(std::string{start} + "\"x\":tru}"), "malformed_json") << start;
  }
  EXPECT_EQ(verdict(R"({"positions":[1,2,3,4,tru]})", {.max_positions = 2}), "malformed_json");
}

TEST(BatchParser, SixteenLevelsAreReadAndSeventeenAreNot) {
  // The body is the first level, the array the second, a position the third.
  EXPECT_EQ(judged(with("\"x\":" + nested(13))), "ok");
  EXPECT_EQ(verdict(batch_of(with("\"x\":" + nested(14)))), "malformed_json");
  EXPECT_EQ(judged(with(R"("attributes":{"x":)" + nested(12) + "}")), "attributes_invalid");
  EXPECT_EQ(verdict(batch_of(with(R"("attributes":{"x":)" + nested(13) + "}"))), "malformed_json");
  EXPECT_EQ(judged(nested(14)), "position_not_an_object");
  EXPECT_EQ(verdict(batch_of(nested(15))), "malformed_json");
  EXPECT_EQ(verdict(nested(16)), "not_an_object");
  EXPECT_EQ(verdict(nested(17)), "malformed_json");
  EXPECT_EQ(verdict(R"({"extra":)" + nested(16) + "}"), "malformed_json");
  EXPECT_EQ(verdict(nested(500'000)), "malformed_json");
  EXPECT_EQ(verdict(std::string(1'000'000, '[')), "malformed_json");
  std::string siblings = "[1";
  for (int i = 0; i < 100; ++i) siblings += "," + nested(12);
  EXPECT_EQ(judged(with("\"x\":" + siblings + "]")), "ok");  // depth, not number
}

TEST(BatchParser, TheLargestDoubleIsRead) {
  EXPECT_EQ(judged(with(R"("x":1.7976931348623157e308,"y":-1.7976931348623158e308)")), "ok");
  EXPECT_EQ(judged(with(R"("x":0.)" + std::string(400, '0') + R"(1e410)")), "ok");
  EXPECT_EQ(verdict(batch_of(with(R"("x":0.)" + std::string(400, '0') + "1e710"))), "malformed_json");
  EXPECT_EQ(judged(with(R"("x":)" + std::string(309, '9') + "e-5")), "ok");
}

TEST(BatchParser, TheFaultIsDescribedInOneSentence) {
  EXPECT_EQ(parse("").error().detail, "The body is empty.");
  EXPECT_EQ(parse("[1,]").error().detail, "The body is not valid JSON (at byte 3).");
  EXPECT_EQ(parse("{} {}").error().detail, "The body is not valid JSON: it goes on after its end.");
  EXPECT_EQ(parse(nested(17)).error().detail, "The body is nested deeper than 16 levels (at byte 17).");
  EXPECT_EQ(parse("[1e999]").error().detail, "The body holds a number larger than a double can be (at byte 1).");
  EXPECT_EQ(parse("\"\xFF\"").error().detail, "The body is not valid UTF-8.");
}

TEST(BatchParser, WhatStandsBehindTheBodyIsNeverRead) {
  batch_parser parser;
  for (const std::string_view body : {"1", "1.", "{}", "\"a", "tru", "{\"positions\":[", "12345678901234567890"}) {
    std::string bytes{body};
    std::vector<std::string> said;
    for (const char behind : {'\0', '9', '"', '\\', '}', ' ', 'e', '\xFF'}) {
      bytes.resize(body.size());
      bytes.append(batch_parser::padding(), behind);
      const auto parsed = parser.parse(std::string_view{bytes}.substr(0, body.size()), now, {}, {});
      ASSERT_TRUE(parsed.has_error());
      said.push_back(parsed.error().detail);
    }
    EXPECT_EQ(said, std::vector<std::string>(said.size(), said.front())) << body;
  }
}

TEST(BatchParser, TheBatchOutlivesTheBody) {
  batch_parser parser;
  std::string body = batch_of(with(R"("trip_id":"TRIP","engine_status":"\u0041n","attributes":{"a":"b"})") + ",[\"raw\"]");
  body.append(batch_parser::padding(), ' ');
  auto parsed = parser.parse(body, now, {}, {});
  ASSERT_TRUE(parsed);
  std::ranges::fill(body, '#');
  static_cast<void>(parser.parse(padded{batch_of(with(R"("engine_status":"\u0058\u0058")"))}, now, {}, {}));
  const auto& p = parsed->batch->positions.front().where;
  EXPECT_EQ(parsed->batch->trucks.front(), "T");
  EXPECT_EQ(p.trip_id, "TRIP");
  EXPECT_EQ(p.engine_status, "An");
  EXPECT_EQ(p.attributes, R"({"a":"b"})");
  EXPECT_EQ(parsed->batch->rejected.front().raw, R"(["raw"])");
}

TEST(BatchParser, BodiesLargerThanAnyBeforeAreRead) {
  batch_parser parser;
  for (const std::size_t size : {10U, 65'000U, 66'000U, 1'048'576U, 5'000'000U, 100U}) {
    const auto parsed = parser.parse(padded{batch_of(with("\"x\":\"" + std::string(size, 'x') + '"'))}, now, {}, {});
    ASSERT_TRUE(parsed) << size;
    EXPECT_EQ(parsed->batch->positions.size(), 1U);
  }
}

// ---- a second opinion

/// Bodies that phones could send, then damaged: bytes changed, cut out, doubled, swapped for telling ones.
class damaged_bodies {
 public:
  std::string next() {
    std::string body = seed();
    for (auto times = pick(4); times > 0 && !body.empty(); --times) damage(body);
    return body;
  }

 private:
  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random_); }

  std::string seed() {
    static const std::vector<std::string> seeds{
        batch_of(with("")),
        batch_of(with(R"("x":[1,2.5e3,{"a":null,"b":"\u00e9\uD83D\uDE9A"}],"attributes":{"reefer_c":-18.5,"t":true})")),
        batch_of("1," + with(R"("speed_kmh":-1)") + ",null"),
        R"({"truck_id":"A","positions":[ {"timestamp":1795176000000,"latitude":-0.5e-2,"longitude":1E2} ]})",
        R"([[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]])",
        "\""
        "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\x9A"
        "\\n\\\\\"",
        "-123.456e-7",
    };
    return seeds[pick(seeds.size())];
  }

  void damage(std::string& body) {
    static const std::vector<std::string> telling{
        "{",    "}",  "[",     "]",    ",",    ":",    "\"", "\\",       "\\u", "0",    "-",       "1e999", "e",
        "null", "tr", "false", "\x7F", "\xC3", "\xA9", " ",  "\t",       "\n",  "1.",   "\\uD800", "\x0C",  "\x01",
        "/",    ".",  "+",     "[[",   "]]",   "\"\"", ",,", "\xF0\x9F", "{}",  "\\\"", "1E+5",    "00"};
    const std::size_t at = pick(body.size());
    switch (pick(5)) {
      case 0: body[at] = static_cast<char>(1 + pick(255)); break;
      case 1: body.erase(at, 1 + pick(5)); break;
      case 2: body.insert(at, telling[pick(telling.size())]); break;
      case 3: body.replace(at, 1, telling[pick(telling.size())]); break;
      default: body.insert(pick(body.size()), body.substr(at, pick(20)));
    }
  }

  std::mt19937_64 random_{11};
};

TEST(BatchParser, ASecondParserAgreesOnWhatIsJson) {
  damaged_bodies bodies;
  int malformed = 0;
  constexpr int rounds = 60'000;
  for (int i = 0; i < rounds; ++i) {
    const std::string body = bodies.next();
    const auto parsed = parse(body);
    const bool json = parsed || parsed.error().code != batch_error::malformed_json;
    malformed += json ? 0 : 1;
    ASSERT_EQ(json, oracle::is_json(body)) << body;
  }
  EXPECT_GT(malformed, rounds / 4);
  EXPECT_LT(malformed, rounds * 9 / 10);
}

}  // namespace
}  // namespace haulcast::wire
