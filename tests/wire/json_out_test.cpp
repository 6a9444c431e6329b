#include "haulcast/wire/json_out.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace haulcast::wire {
namespace {

using namespace std::chrono_literals;

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

std::string text(std::string_view value) {
  std::string out;
  append_string(out, value);
  return out;
}

std::string shortest(double value, bool plain) {
  char buffer[32];
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, form).ptr};
}

double read(const std::string& digits) {
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

engine::position full_position() {
  return {.timestamp = utc_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + 5h + 45min + 123ms},
          .point = {.latitude = 47.3769, .longitude = 8.5417},
          .speed_kmh = 45.5,
          .heading = 180,
          .altitude_m = 408,
          .accuracy_m = 5,
          .odometer_km = 120345.6,
          .fuel_level_pct = 75,
          .battery_pct = 80,
          .engine_status = "running",
          .trip_id = "T-1",
          .driver_id = "D-7",
          .attributes = R"({"reefer_c": -18.5})"};
}

TEST(JsonString, QuotesAndEscapesWhatJsonAsksFor) {
  EXPECT_EQ(text(""), R"("")");
  EXPECT_EQ(text("TRK-1"), R"("TRK-1")");
  EXPECT_EQ(text("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(text("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(text(std::string_view{"\0\x1f", 2}), R"("\u0000\u001f")");
  EXPECT_EQ(text("\x20\x7f"), "\"\x20\x7f\"");
  EXPECT_EQ(text("Zürich 🚚"), "\"Zürich 🚚\"");
}

TEST(JsonString, EveryByteBelow128ReadsBackAsItself) {
  std::string all;
  for (char c = 0; c >= 0 && c < 127; ++c) all += c;
  EXPECT_EQ(nlohmann::json::parse(text(all)).get<std::string>(), all);
}

TEST(JsonNumber, KeepsTheDigitsThatWereSent) {
  for (const std::string sent : {"47.3769",
                                 "8.5417",
                                 "-0.0000001",
                                 "0.1",
                                 "0.3",
                                 "45.5",
                                 "180",
                                 "-18.5",
                                 "120345.6",
                                 "1000",
                                 "1001.001",
                                 "99999999.9999999",
                                 "100000000",
                                 "12345.0000001",
                                 "0.0101",
                                 "-179.9999999",
                                 "9.000001",
                                 "5e-324",
                                 "1.7976931348623157e+308",
                                 "0.00000012",
                                 "99999999999999984",
                                 "1e+17",
                                 "1e-08",
                                 "-0.00000010123456789012346"}) {
    EXPECT_EQ(number(read(sent)), sent);
  }
}

TEST(JsonNumber, WholeNumbersHaveNoPoint) {
  EXPECT_EQ(number(45.0), "45");
  EXPECT_EQ(number(0.0), "0");
  EXPECT_EQ(number(-0.0), "-0");
  EXPECT_EQ(number(-1), "-1");
  EXPECT_EQ(number(9.0), "9");
  EXPECT_EQ(number(10.0), "10");
  EXPECT_EQ(number(99.0), "99");
  EXPECT_EQ(number(100.0), "100");
  EXPECT_EQ(number(999.0), "999");
  EXPECT_EQ(number(1000.0), "1000");
  EXPECT_EQ(number(99999999.0), "99999999");
  EXPECT_EQ(number(100000000.0), "100000000");
}

TEST(JsonNumber, WhatJsonHasNoNumberForIsNull) {
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonNumber, IntegersOfEverySizeAreWritten) {
  std::string out;
  append_number(out, std::numeric_limits<std::int64_t>::min());
  out += ' ';
  append_number(out, std::numeric_limits<std::uint64_t>::max());
  out += ' ';
  append_number(out, std::uint16_t{7});
  out += ' ';
  append_number(out, -7);
  EXPECT_EQ(out, "-9223372036854775808 18446744073709551615 7 -7");
}

// Any double, and the decimals that phones send, which take another way.
TEST(JsonNumber, AnyDoubleReadsBackAsItselfAndIsNeverLongerThanNeeded) {
  std::mt19937_64 random{20261120};
  std::uniform_int_distribution<std::int64_t> scaled{-4'000'000'000'000, 4'000'000'000'000};
  const double scales[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e12};
  const auto expect_shortest = [](double value) {
    const std::string written = number(value);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read(written)), std::bit_cast<std::uint64_t>(value)) << written;
    const bool plain = std::fabs(value) >= 1e-7 && std::fabs(value) < 1e17;
    ASSERT_EQ(written, shortest(value, plain));
    ASSERT_TRUE(nlohmann::json::accept(written)) << written;
  };
  for (int i = 0; i < 300'000; ++i) {
    expect_shortest(static_cast<double>(scaled(random)) / scales[random() % std::size(scales)]);
    const double near = static_cast<double>(scaled(random)) / 1e7;
    expect_shortest(std::nextafter(near, 1e300));
    const auto any = std::bit_cast<double>(random());
    if (std::isfinite(any) && any != 0) expect_shortest(any);
  }
}

TEST(JsonPosition, WritesEveryKnownMemberUnderItsName) {
  std::string out = "before ";
  append_position(out, "TRK-1", full_position());
  EXPECT_EQ(
      out, R"(before {"truck_id":"TRK-1","timestamp":"2026-11-20T05:45:00.123Z","latitude":47.3769,"longitude":8.5417,)"
           R"("speed_kmh":45.5,"heading":180,"altitude_m":408,"accuracy_m":5,"odometer_km":120345.6,"fuel_level_pct":75,)"
           R"("battery_pct":80,"engine_status":"running","trip_id":"T-1","driver_id":"D-7","attributes":{"reefer_c": -18.5}})");
}

TEST(JsonPosition, UnknownMembersAreLeftOutAndZeroIsKnown) {
  engine::position p;
  p.timestamp = full_position().timestamp;
  p.heading = 0;
  std::string out;
  append_position(out, "TRK-1", p);
  EXPECT_EQ(out, R"({"truck_id":"TRK-1","timestamp":"2026-11-20T05:45:00.123Z","latitude":0,"longitude":0,"heading":0})");
}

TEST(JsonPosition, MembersAloneLeaveRoomForMore) {
  std::string out = "{";
  append_position_members(out, "TRK-1", full_position());
  out += R"(,"age_ms":12})";
  const auto read_back = nlohmann::json::parse(out);
  EXPECT_EQ(read_back["age_ms"], 12);
  EXPECT_EQ(read_back["odometer_km"], 120345.6);
}

TEST(JsonPosition, TheLongestNumbersFit) {
  engine::position p = full_position();
  const double longest = -0.00000010123456789012346;
  p.point = {.latitude = longest, .longitude = longest};
  for (double* member :
       {&p.speed_kmh, &p.heading, &p.altitude_m, &p.accuracy_m, &p.odometer_km, &p.fuel_level_pct, &p.battery_pct}) {
    *member = longest;
  }
  std::string out;
  append_position(out, "TRK-1", p);
  EXPECT_EQ(nlohmann::json::parse(out)["battery_pct"].get<double>(), longest);
}

TEST(JsonPosition, ATextIsEscapedAndAttributesStayOnOneLine) {
  engine::position p = full_position();
  p.engine_status = R"(say "on")";
  p.attributes = "{\r\n \"a\": 1\n}";
  std::string out;
  append_position(out, "TRK-1", p);
  EXPECT_NE(out.find(R"("engine_status":"say \"on\"")"), std::string::npos);
  EXPECT_EQ(out.find_first_of("\r\n"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(out)["attributes"]["a"], 1);
}

}  // namespace
}  // namespace haulcast::wire
