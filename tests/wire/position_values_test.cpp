// Every member of a position with every class of value, each with the verdict that the API promises.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "wire/batch_words.hpp"

namespace haulcast::wire {
namespace {

using namespace words;

/// A position in which `member` has `value` (none: is not there), and everything else that is required is good.
std::string element(const std::string& member, const std::string& value) {
  const std::map<std::string, std::string> good{
      {"truck_id", R"("T")"}, {"timestamp", R"("2026-11-20T12:00:00Z")"}, {"latitude", "1.5"}, {"longitude", "2.5"}};
  std::string text;
  for (const auto& [name, usual] : good) {
    if (name != member) text += (text.empty() ? "\"" : ",\"") + name + "\":" + usual;
  }
  if (!value.empty()) text += (text.empty() ? "\"" : ",\"") + member + "\":" + value;
  return "{" + text + "}";
}

std::string verdict_on(const std::string& member, const std::string& value) { return judged(element(member, value)); }

std::string repeated(const std::string& what, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += what;
  return out;
}

// ---- numbers

struct number_member {
  std::string name;
  std::string out_of_range;
  std::string missing;    // the verdict when it is absent or null
  std::string minus_one;  // the verdict on -1
  std::string zero;       // on 0 and -0
  std::vector<std::string> inside;
  std::vector<std::string> outside;
};

const std::vector<number_member>& number_members() {
  static const std::vector<number_member> all{
      {"latitude",
       "latitude_out_of_range",
       "latitude_missing",
       "ok",
       "ok",
       {"-90", "-90.0", "-89.99999999999999", "89.99999999999999", "90", "9e1", "900e-1"},
       {"-90.00000000000001", "90.00000000000001", "-91", "91", "180", "-180"}},
      {"longitude",
       "longitude_out_of_range",
       "longitude_missing",
       "ok",
       "ok",
       {"-180", "-179.99999999999997", "179.99999999999997", "180", "1.8e2"},
       {"-180.00000000000003", "180.00000000000003", "-181", "181", "360"}},
      {"speed_kmh",
       "speed_out_of_range",
       "ok",
       "ok",
       "ok",
       {"0.000001", "399.99999999999994", "400", "4e2"},
       {"-0.000001", "-0.9999999999999999", "-1.0000000000000002", "-2", "400.00000000000006", "401"}},
      {"heading",
       "heading_out_of_range",
       "ok",
       "ok",
       "ok",
       {"0.000001", "359.99999999999994", "360", "3.6e2"},
       {"-0.000001", "-0.9999999999999999", "-1.0000000000000002", "-90", "360.00000000000006", "361"}},
      {"accuracy_m",
       "accuracy_out_of_range",
       "ok",
       "ok",
       "ok",
       {"0.001", "999999.9999999999", "1000000", "1e6"},
       {"-0.001", "-1.0000000000000002", "-2", "1000000.0000000001", "1000001", "1e7"}},
      {"altitude_m",
       "altitude_out_of_range",
       "ok",
       "ok",
       "ok",
       {"-1000", "-999.9999999999999", "19999.999999999996", "20000", "-430.5", "8848.86"},
       {"-1000.0000000000001", "-1001", "20000.000000000004", "20001", "-99999"}},
      {"odometer_km",
       "odometer_out_of_range",
       "ok",
       "odometer_out_of_range",
       "ok",
       {"0.1", "9999999.999999998", "10000000", "1e7"},
       {"-0.1", "-1", "10000000.000000002", "10000001", "1e8"}},
      {"fuel_level_pct",
       "fuel_level_out_of_range",
       "ok",
       "fuel_level_out_of_range",
       "ok",
       {"0.1", "99.99999999999999", "100", "1e2"},
       {"-0.1", "-1", "100.00000000000001", "101", "255"}},
      {"battery_pct",
       "battery_out_of_range",
       "ok",
       "ok",
       "ok",
       {"0.1", "99.99999999999999", "100", "1e2"},
       {"-0.1", "-0.9999999999999999", "-1.0000000000000002", "-2", "100.00000000000001", "101", "255"}},
  };
  return all;
}

TEST(PositionValues, ANumberIsTakenFromItsLowestToItsHighest) {
  for (const auto& m : number_members()) {
    SCOPED_TRACE(m.name);
    for (const auto& value : m.inside) EXPECT_EQ(verdict_on(m.name, value), "ok") << value;
    for (const auto& value : m.outside) EXPECT_EQ(verdict_on(m.name, value), m.out_of_range) << value;
  }
}

TEST(PositionValues, ANumberThatIsMissingOrNullIsUnknownOrAFault) {
  for (const auto& m : number_members()) {
    EXPECT_EQ(verdict_on(m.name, ""), m.missing) << m.name;
    EXPECT_EQ(verdict_on(m.name, "null"), m.missing) << m.name;
  }
}

TEST(PositionValues, MinusOneIsUnknownOrANumberLikeOthers) {
  for (const auto& m : number_members()) {
    for (const char* spelled : {"-1", "-1.0", "-1.00000", "-1e0", "-10e-1", "-0.1e1", "-100E-2"}) {
      EXPECT_EQ(verdict_on(m.name, spelled), m.minus_one) << m.name << ' ' << spelled;
    }
  }
}

TEST(PositionValues, ZeroIsANumberWithEitherSign) {
  for (const auto& m : number_members()) {
    for (const char* spelled : {"0", "-0", "0.0", "-0.0", "0e0", "-0e5", "0E-300", "1e-400", "-1e-400", "4.9e-324"}) {
      EXPECT_EQ(verdict_on(m.name, spelled), m.zero) << m.name << ' ' << spelled;
    }
  }
}

TEST(PositionValues, AHugeNumberIsOutOfRangeAndOneBeyondADoubleIsNoJson) {
  const std::string thirty = "123456789012345678901234567890";
  for (const auto& m : number_members()) {
    SCOPED_TRACE(m.name);
    for (const std::string& huge : {std::string{"1e300"}, std::string{"-1e300"}, std::string{"1.7976931348623157e308"}, thirty,
                                    "-" + thirty, std::string{"9223372036854775807"}, std::string{"-9223372036854775808"},
                                    std::string{"18446744073709551616"}, std::string(308, '9')}) {
      EXPECT_EQ(verdict_on(m.name, huge), m.out_of_range) << huge;
    }
    for (const std::string& beyond :
         {std::string{"1e999"}, std::string{"-1e999"}, std::string{"1e309"}, std::string(310, '9')}) {
      EXPECT_EQ(verdict_on(m.name, beyond), "malformed_json") << beyond;
    }
    EXPECT_EQ(verdict_on(m.name, "1." + thirty), "ok");
    EXPECT_EQ(verdict_on(m.name, thirty + "e-29"), "ok");
    EXPECT_EQ(verdict_on(m.name, "0." + repeated("0", 300) + "1e301"), "ok");
  }
}

TEST(PositionValues, AWordForANumberIsNoJsonAndATextIsNoNumber) {
  for (const auto& m : number_members()) {
    SCOPED_TRACE(m.name);
    for (const char* word :
         {"NaN", "-NaN", "nan", "Infinity", "-Infinity", "inf", "undefined", "None",  "+1",   "01",          ".5",
          "1.",  "1e",   "0x1", "1,5",      "1 000",     "--1", "1..2",      "1e5.5", "TRUE", "\xEF\xBC\x91"}) {
      EXPECT_EQ(verdict_on(m.name, word), "malformed_json") << word;
    }
    for (const char* other : {R"("1")", R"("")", R"("NaN")", R"("-1")", R"("null")", "true", "false", "[]", "[1]", "{}",
                              R"({"value":1})", "[[[]]]"}) {
      EXPECT_EQ(verdict_on(m.name, other), "field_type_invalid") << other;
    }
  }
}

// ---- texts

struct text_member {
  std::string name;
  std::string invalid;
  std::string missing;
  bool is_id;
  std::size_t longest;
};

const std::vector<text_member>& text_members() {
  static const std::vector<text_member> all{{"truck_id", "truck_id_invalid", "truck_id_missing", true, 128},
                                            {"trip_id", "trip_id_invalid", "ok", true, 128},
                                            {"driver_id", "driver_id_invalid", "ok", true, 128},
                                            {"engine_status", "engine_status_invalid", "ok", false, 64}};
  return all;
}

std::string in_quotes(const std::string& text) { return '"' + text + '"'; }

TEST(PositionValues, ATextThatIsMissingOrNullIsUnknownOrAFaultAndAnEmptyOneIsAFault) {
  for (const auto& m : text_members()) {
    EXPECT_EQ(verdict_on(m.name, ""), m.missing) << m.name;
    EXPECT_EQ(verdict_on(m.name, "null"), m.missing) << m.name;
    EXPECT_EQ(verdict_on(m.name, R"("")"), m.invalid) << m.name;
  }
}

TEST(PositionValues, ATextHasItsLengthInBytes) {
  for (const auto& m : text_members()) {
    SCOPED_TRACE(m.name);
    EXPECT_EQ(verdict_on(m.name, in_quotes("x")), "ok");
    EXPECT_EQ(verdict_on(m.name, in_quotes(std::string(m.longest, 'x'))), "ok");
    EXPECT_EQ(verdict_on(m.name, in_quotes(std::string(m.longest + 1, 'x'))), m.invalid);
    EXPECT_EQ(verdict_on(m.name, in_quotes(std::string(100'000, 'x'))), m.invalid);
    EXPECT_EQ(verdict_on(m.name, in_quotes(repeated(R"(\u0078)", static_cast<int>(m.longest)))),
              "ok");  // 6 bytes each, one inside
    EXPECT_EQ(verdict_on(m.name, in_quotes(repeated(R"(\u0078)", static_cast<int>(m.longest) + 1))), m.invalid);
  }
  EXPECT_EQ(verdict_on("engine_status", in_quotes(repeated("\xF0\x9F\x9A\x9A", 16))), "ok");
  EXPECT_EQ(verdict_on("engine_status", in_quotes(repeated("\xF0\x9F\x9A\x9A", 16) + "x")), "engine_status_invalid");
  EXPECT_EQ(verdict_on("engine_status", in_quotes(repeated(R"(\uD83D\uDE9A)", 16))), "ok");
  EXPECT_EQ(verdict_on("engine_status", in_quotes(repeated(R"(\uD83D\uDE9A)", 17))), "engine_status_invalid");
}

TEST(PositionValues, NoTextHoldsAControlCharacterHoweverItIsWritten) {
  for (const auto& m : text_members()) {
    SCOPED_TRACE(m.name);
    for (const char* escaped : {R"(\u0000)", R"(\u0001)", R"(\u001F)", R"(\u007F)", R"(\u0080)", R"(\u009F)", R"(\b)", R"(\f)",
                                R"(\n)", R"(\r)", R"(\t)"}) {
      EXPECT_EQ(verdict_on(m.name, in_quotes(escaped)), m.invalid) << escaped;
      EXPECT_EQ(verdict_on(m.name, in_quotes("a" + std::string{escaped})), m.invalid) << escaped;
      EXPECT_EQ(verdict_on(m.name, in_quotes(std::string{escaped} + "a")), m.invalid) << escaped;
    }
    EXPECT_EQ(verdict_on(m.name, in_quotes("a\x7F")), m.invalid);
    for (int bare = 0; bare < 0x20; ++bare) {
      EXPECT_EQ(verdict_on(m.name, in_quotes("a" + std::string(1, static_cast<char>(bare)))), "malformed_json") << bare;
    }
  }
}

TEST(PositionValues, TextsAreUtf8WithoutLoneSurrogates) {
  for (const auto& m : text_members()) {
    SCOPED_TRACE(m.name);
    for (const char* broken : {"\xFF", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", R"(\uD800)",
                               R"(\uDC00)", R"(\uD800\uD800)", R"(\uDE9A\uD83D)", R"(\uD83Dx)", R"(\uD83D\t)"}) {
      EXPECT_EQ(verdict_on(m.name, in_quotes(broken)), "malformed_json") << broken;
      EXPECT_EQ(verdict_on(m.name, in_quotes("a" + std::string{broken} + "z")), "malformed_json") << broken;
    }
    for (const char* beyond_ascii : {"\xC3\xA9", "\xF0\x9F\x9A\x9A", R"(\u00e9)", R"(\uD83D\uDE9A)", "\xEF\xBF\xBD"}) {
      EXPECT_EQ(verdict_on(m.name, in_quotes(beyond_ascii)), m.is_id ? m.invalid : "ok") << beyond_ascii;
    }
  }
}

TEST(PositionValues, AnIdHoldsNothingButItsAlphabet) {
  for (const auto& m : text_members()) {
    if (!m.is_id) continue;
    SCOPED_TRACE(m.name);
    EXPECT_EQ(verdict_on(m.name, R"("AZaz09._:-")"), "ok");
    for (int c = 0x20; c < 0x7F; ++c) {
      const bool plain = std::isalnum(c) != 0 || c == '.' || c == '_' || c == ':' || c == '-';
      std::string text(1, static_cast<char>(c));
      if (c == '"' || c == '\\') text = "\\" + text;
      EXPECT_EQ(verdict_on(m.name, in_quotes(text)), plain ? "ok" : m.invalid) << text;
      EXPECT_EQ(verdict_on(m.name, in_quotes("T" + text + "1")), plain ? "ok" : m.invalid) << text;
    }
    for (const char* odd : {"..", "../../etc/passwd", "' OR 1=1 --", "$(id)", "<b>", "%00", "a b", " a", "a "}) {
      EXPECT_EQ(verdict_on(m.name, in_quotes(odd)), std::string{odd} == ".." ? "ok" : m.invalid) << odd;
    }
  }
}

TEST(PositionValues, ATextOfAnotherTypeIsToldAsSuch) {
  for (const auto& m : text_members()) {
    for (const char* other : {"0", "1", "-1", "1.5", "1e5", "true", "false", "[]", "{}", R"(["T"])", R"({"id":"T"})"}) {
      EXPECT_EQ(verdict_on(m.name, other), "field_type_invalid") << m.name << ' ' << other;
    }
  }
}

// ---- timestamps

TEST(PositionValues, ATimestampOfEachShapeHasItsVerdict) {
  const std::vector<std::pair<std::string, std::string>> verdicts{
      {"", "timestamp_missing"},
      {"null", "timestamp_missing"},
      {R"("")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00Z")", "ok"},
      {R"("2026-11-20t12:00:00z")", "ok"},
      {R"("2026-11-20 12:00:00")", "ok"},
      {R"("2026-11-20T12:00:00")", "ok"},
      {R"("2026-11-20T12:00:00.1")", "ok"},
      {R"("2026-11-20T12:00:00.123456789012345678901234567890Z")", "ok"},
      {R"("2026-11-20T13:30:00+01:30")", "ok"},
      {R"("2026-11-20T00:00:00-12:00")", "ok"},
      {R"("2026-11-20T12:00:00-00:00")", "ok"},
      {R"("2026-11-20T12:05:00Z")", "ok"},
      {R"("2026-11-20T12:05:00.001Z")", "timestamp_in_future"},
      {R"("2026-11-20T12:05:00.0009Z")", "ok"},
      {R"("2026-10-21T12:00:00Z")", "ok"},
      {R"("2026-10-21T11:59:59.999Z")", "timestamp_too_old"},
      {R"("9999-12-31T23:59:59Z")", "timestamp_in_future"},
      {R"("1970-01-01T00:00:00Z")", "timestamp_too_old"},
      {R"("0000-01-01T00:00:00Z")", "timestamp_too_old"},
      {R"("2026-02-29T12:00:00Z")", "timestamp_invalid"},
      {R"("2026-11-31T12:00:00Z")", "timestamp_invalid"},
      {R"("2026-13-01T12:00:00Z")", "timestamp_invalid"},
      {R"("2026-00-01T12:00:00Z")", "timestamp_invalid"},
      {R"("2026-11-00T12:00:00Z")", "timestamp_invalid"},
      {R"("2026-11-20T24:00:00Z")", "timestamp_invalid"},
      {R"("2026-11-20T12:60:00Z")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:60Z")", "timestamp_invalid"},
      {R"("2026-11-20T12:00Z")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00.Z")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00,5Z")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00+24:00")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00+0100")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00+01")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00 Z")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00ZZ")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00Z ")", "timestamp_invalid"},
      {R"(" 2026-11-20T12:00:00Z")", "timestamp_invalid"},
      {R"("2026-11-20")", "timestamp_invalid"},
      {R"("20261120T120000Z")", "timestamp_invalid"},
      {R"("2026-W47-5T12:00:00Z")", "timestamp_invalid"},
      {R"("+2026-11-20T12:00:00Z")", "timestamp_invalid"},
      {R"("12026-11-20T12:00:00Z")", "timestamp_invalid"},
      {R"("-026-11-20T12:00:00Z")", "timestamp_invalid"},
      {R"("Fri, 20 Nov 2026 12:00:00 GMT")", "timestamp_invalid"},
      {R"("20.11.2026 12:00:00")", "timestamp_invalid"},
      {R"("now")", "timestamp_invalid"},
      {R"("1795176000000")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:00Z\u0000")", "timestamp_invalid"},
      {R"("2026-11-20T12:00:0\u0000Z")", "timestamp_invalid"},
      {"\"\xEF\xBC\x92"
       "026-11-20T12:00:00Z\"",
       "timestamp_invalid"},
      {"\"" + std::string(100'000, '2') + "\"", "timestamp_invalid"},
      {"1795176000000", "ok"},
      {"1795176000000.0", "ok"},
      {"1.795176e12", "ok"},
      {"1795176300000", "ok"},
      {"1795176300001", "timestamp_in_future"},
      {"1792584000000", "ok"},
      {"1792583999999", "timestamp_too_old"},
      {"1795176000", "timestamp_too_old"},        // seconds
      {"1795176000000000", "timestamp_invalid"},  // microseconds
      {"0", "timestamp_too_old"},
      {"-0", "timestamp_too_old"},
      {"-1", "timestamp_too_old"},
      {"1795176000000.5", "field_type_invalid"},
      {"0.5", "field_type_invalid"},
      {"1e300", "timestamp_invalid"},
      {"123456789012345678901234567890", "timestamp_invalid"},
      {"-123456789012345678901234567890", "timestamp_invalid"},
      {"1e999", "malformed_json"},
      {"NaN", "malformed_json"},
      {"Infinity", "malformed_json"},
      {"true", "field_type_invalid"},
      {"false", "field_type_invalid"},
      {"[]", "field_type_invalid"},
      {"{}", "field_type_invalid"},
      {R"(["2026-11-20T12:00:00Z"])", "field_type_invalid"},
      {"\"2026-11-20T12:00:00\xFF\"", "malformed_json"},
      {"\"2026-11-20T12:00:00\nZ\"", "malformed_json"},
      {R"("2026-11-20T12:00:00\uD800")", "malformed_json"},
  };
  for (const auto& [value, expected] : verdicts) EXPECT_EQ(verdict_on("timestamp", value), expected) << value.substr(0, 80);
}

// ---- attributes

TEST(PositionValues, AttributesOfEachShapeHaveTheirVerdict) {
  const auto members = [](int count, const std::string& value) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i ? ",\"k" : "{\"k") + std::to_string(i) + "\":" + value;
    return text + "}";
  };
  const auto of_size = [](std::size_t bytes) { return R"({"a":")" + std::string(bytes - 8, 'x') + "\"}"; };
  const std::vector<std::pair<std::string, std::string>> verdicts{
      {"", "ok"},
      {"null", "ok"},
      {"{}", "ok"},
      {R"({"a":1})", "ok"},
      {R"({"a":null,"b":true,"c":false,"d":-1.5e3,"e":"","f":"\u00e9"})", "ok"},
      {R"({"":0})", "ok"},
      {R"({"a":-0,"b":1e300,"c":123456789012345678901234567890,"d":1e-400})", "ok"},
      {members(16, "0"), "ok"},
      {members(17, "0"), "attributes_invalid"},
      {members(1000, "0"), "attributes_invalid"},
      {of_size(1024), "ok"},
      {of_size(1025), "attributes_invalid"},
      {of_size(500'000), "attributes_invalid"},
      {"{\"" + std::string(1018, 'n') + "\":0}", "ok"},
      {"{\"" + std::string(1100, 'n') + "\":0}", "attributes_invalid"},
      {"{" + std::string(1022, ' ') + "}", "ok"},
      {"{" + std::string(1023, ' ') + "}", "attributes_invalid"},
      {R"({"a":[]})", "attributes_invalid"},
      {R"({"a":{}})", "attributes_invalid"},
      {R"({"a":[1,2]})", "attributes_invalid"},
      {R"({"a":{"b":1}})", "attributes_invalid"},
      {R"({"a":1,"b":[],"c":2})", "attributes_invalid"},
      {R"({"a":1,"a":1})", "attributes_invalid"},
      {R"({"a":1,"\u0061":1})", "attributes_invalid"},
      {R"({"":1,"":2})", "attributes_invalid"},
      {R"({"a":"\u0000"})", "attributes_invalid"},
      {R"({"a":"\n"})", "attributes_invalid"},
      {R"({"a":"\u007f"})", "attributes_invalid"},
      {R"({"a":"\u0085"})", "attributes_invalid"},
      {R"({"\u0000":1})", "attributes_invalid"},
      {R"({"a\r\n":1})", "attributes_invalid"},
      {"[]", "field_type_invalid"},
      {R"([{"a":1}])", "field_type_invalid"},
      {"0", "field_type_invalid"},
      {"-1", "field_type_invalid"},
      {"true", "field_type_invalid"},
      {R"("")", "field_type_invalid"},
      {R"("{}")", "field_type_invalid"},
      {R"({"a":1e999})", "malformed_json"},
      {R"({"a":NaN})", "malformed_json"},
      {R"({"a":Infinity})", "malformed_json"},
      {R"({"a":1,})", "malformed_json"},
      {R"({a:1})", "malformed_json"},
      {R"({"a":"\uD800"})", "malformed_json"},
      {R"({"\uDC00":1})", "malformed_json"},
      {"{\"a\":\"\xFF\"}", "malformed_json"},
      {"{\"\xC0\x80\":1}", "malformed_json"},
      {"{\"a\":\"\t\"}", "malformed_json"},
      {R"({"a":)" + nested(12) + "}", "attributes_invalid"},
      {R"({"a":)" + nested(13) + "}", "malformed_json"},
  };
  for (const auto& [value, expected] : verdicts) EXPECT_EQ(verdict_on("attributes", value), expected) << value.substr(0, 80);
}

// ---- several faults

/// Each kind of fault a member can have, in the order in which they are told.
TEST(PositionValues, OfAnyTwoFaultsTheFirstInTheAgreedOrderIsTold) {
  const std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> in_order{
      {"truck_id", {{R"("a b")", "truck_id_invalid"}, {"1", "field_type_invalid"}, {"null", "truck_id_missing"}}},
      {"timestamp",
       {{R"("x")", "timestamp_invalid"},
        {"[]", "field_type_invalid"},
        {"null", "timestamp_missing"},
        {"9999999999999", "timestamp_in_future"},
        {"0", "timestamp_too_old"}}},
      {"latitude", {{"91", "latitude_out_of_range"}, {"true", "field_type_invalid"}, {"null", "latitude_missing"}}},
      {"longitude", {{"181", "longitude_out_of_range"}, {"{}", "field_type_invalid"}, {"null", "longitude_missing"}}},
      {"speed_kmh", {{"401", "speed_out_of_range"}, {R"("1")", "field_type_invalid"}}},
      {"heading", {{"361", "heading_out_of_range"}, {R"("1")", "field_type_invalid"}}},
      {"accuracy_m", {{"-2", "accuracy_out_of_range"}, {R"("1")", "field_type_invalid"}}},
      {"altitude_m", {{"1e300", "altitude_out_of_range"}, {R"("1")", "field_type_invalid"}}},
      {"odometer_km", {{"-1", "odometer_out_of_range"}, {R"("1")", "field_type_invalid"}}},
      {"fuel_level_pct", {{"-1", "fuel_level_out_of_range"}, {R"("1")", "field_type_invalid"}}},
      {"battery_pct", {{"101", "battery_out_of_range"}, {R"("1")", "field_type_invalid"}}},
      {"trip_id", {{R"("")", "trip_id_invalid"}, {"1", "field_type_invalid"}}},
      {"driver_id", {{R"("\u0000")", "driver_id_invalid"}, {"1", "field_type_invalid"}}},
      {"engine_status", {{R"("\n")", "engine_status_invalid"}, {"1", "field_type_invalid"}}},
      {"attributes", {{R"({"a":[]})", "attributes_invalid"}, {"[]", "field_type_invalid"}}},
  };
  const std::map<std::string, std::string> good{
      {"truck_id", R"("T")"}, {"timestamp", "1795176000000"}, {"latitude", "1"}, {"longitude", "2"}};
  for (std::size_t first = 0; first < in_order.size(); ++first) {
    for (std::size_t second = first + 1; second < in_order.size(); ++second) {
      for (const auto& [one, told] : in_order[first].second) {
        for (const auto& [other, not_told] : in_order[second].second) {
          const auto bad_first = "\"" + in_order[first].first + "\":" + one;
          const auto bad_second = "\"" + in_order[second].first + "\":" + other;
          std::string rest;
          for (const auto& [name, usual] : good) {
            if (name != in_order[first].first && name != in_order[second].first) rest += "\"" + name + "\":" + usual + ",";
          }
          EXPECT_EQ(judged("{" + rest + bad_first + "," + bad_second + "}"), told) << bad_first << ' ' << bad_second;
          EXPECT_EQ(judged("{" + rest + bad_second + "," + bad_first + "}"), told) << bad_first << ' ' << bad_second;
        }
      }
    }
    // Structure goes before every member, and bad JSON before everything.
    for (const auto& [one, told] : in_order[first].second) {
      const auto bad = "\"" + in_order[first].first + "\":" + one;
      EXPECT_EQ(judged("{" + bad + ",\"z\":1,\"z\":2}"), "duplicate_key") << bad;
      EXPECT_EQ(judged("{" + bad + "," + bad + "}"), "duplicate_key") << bad;
      EXPECT_EQ(judged("{" + bad + ",\"z\":tru}"), "malformed_json") << bad;
    }
  }
}

}  // namespace
}  // namespace haulcast::wire
