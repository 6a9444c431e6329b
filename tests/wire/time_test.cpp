#include "haulcast/wire/time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <random>

namespace haulcast::wire {
namespace {

std::string written(utc_time t) {
  std::string out;
  append_time(out, t);
  return out;
}

/// Days since 1970 by Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": a second opinion on the calendar.
std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

std::string text(const char* format, auto... values) {
  char buffer[64];
  const int size = std::snprintf(buffer, sizeof buffer, format, values...);
  return {buffer, static_cast<std::size_t>(size)};
}

constexpr std::int64_t moment = 1'795'153'500'123;  // 2026-11-20T05:45:00.123Z

TEST(Time, EverySpellingOfOneMomentIsRead) {
  for (const char* spelling : {
           "2026-11-20T05:45:00.123Z",
           "2026-11-20t05:45:00.123z",
           "2026-11-20 05:45:00.123Z",
           "2026-11-20T05:45:00.123",
           "2026-11-20 05:45:00.123",
           "2026-11-20T05:45:00.123+00:00",
           "2026-11-20T05:45:00.123-00:00",
           "2026-11-20T06:45:00.123+01:00",
           "2026-11-20T11:30:00.123+05:45",
           "2026-11-19T22:45:00.123-07:00",
           "2026-11-21T05:44:00.123+23:59",
           "2026-11-19T05:46:00.123-23:59",
           "2026-11-20T05:45:00.1234567890123456789012345678901234567890Z",
           "2026-11-20T05:45:00.123999999Z",
       }) {
    const auto t = parse_time(spelling);
    ASSERT_TRUE(t) << spelling;
    EXPECT_EQ(to_epoch_ms(*t), moment) << spelling;
  }
}

TEST(Time, AFractionHasAnyNumberOfDigits) {
  EXPECT_EQ(parse_time("2026-11-20T05:45:00Z"), from_epoch_ms(moment - 123));
  EXPECT_EQ(parse_time("2026-11-20T05:45:00.1Z"), from_epoch_ms(moment - 23));
  EXPECT_EQ(parse_time("2026-11-20T05:45:00.12Z"), from_epoch_ms(moment - 3));
  EXPECT_EQ(parse_time("2026-11-20T05:45:00.0009Z"), from_epoch_ms(moment - 123));
  EXPECT_EQ(parse_time("2026-11-20T05:45:00." + std::string(100'000, '9')), from_epoch_ms(moment - 123 + 999));
}

TEST(Time, WhatIsNoTimeIsRefused) {
  for (const char* no_time : {
           "",
           "Z",
           "2026-11-20",
           "2026-11-20T",
           "2026-11-20T05:45",
           "2026-11-20T05:45Z",
           "2026-11-20T05:45:0",
           "2026-11-20T05:45:60Z",  // leap seconds are not told
           "2026-11-20T05:60:00Z",
           "2026-11-20T24:00:00Z",
           "2026-13-20T05:45:00Z",
           "2026-00-20T05:45:00Z",
           "2026-11-00T05:45:00Z",
           "2026-11-31T05:45:00Z",
           "2026-02-29T05:45:00Z",
           "1900-02-29T05:45:00Z",
           "2100-02-29T05:45:00Z",
           "2026-11-20T05:45:00.Z",
           "2026-11-20T05:45:00.",
           "2026-11-20T05:45:00,123Z",
           "2026-11-20T05:45:00.123ZZ",
           "2026-11-20T05:45:00.123 Z",
           "2026-11-20T05:45:00.123Z ",
           " 2026-11-20T05:45:00.123Z",
           "2026-11-20  05:45:00.123Z",
           "2026-11-20_05:45:00.123Z",
           "2026-11-20T05:45:00+1:00",
           "2026-11-20T05:45:00+0100",
           "2026-11-20T05:45:00+01",
           "2026-11-20T05:45:00+01:0",
           "2026-11-20T05:45:00+01:000",
           "2026-11-20T05:45:00+24:00",
           "2026-11-20T05:45:00+01:60",
           "2026-11-20T05:45:00+0a:00",
           "2026/11/20T05:45:00Z",
           "20261120T054500Z",
           "+2026-11-20T05:45:00Z",
           "-026-11-20T05:45:00Z",
           "12026-11-20T05:45:00Z",
           "2026-1a-20T05:45:00Z",
           "2026-11-20T-1:45:00Z",
           "2026-11-20T05:45:00\xC3\xA9",
           "now",
           "1795153500123",
       }) {
    EXPECT_FALSE(parse_time(no_time)) << no_time;
  }
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse_time("2026-11-20T05:45:00\0"sv));
  EXPECT_FALSE(parse_time("\0\0\0\0-\0\0-\0\0T\0\0:\0\0:\0\0"sv));
}

TEST(Time, LeapDaysAreThoseOfTheCalendar) {
  EXPECT_TRUE(parse_time("2000-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_time("2024-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_time("0000-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_time("2023-02-29T00:00:00Z"));
}

TEST(Time, TheYearsEndWhereFourDigitsDo) {
  EXPECT_EQ(parse_time("0000-01-01T00:00:00Z"), earliest_time);
  EXPECT_EQ(parse_time("9999-12-31T23:59:59.999Z"), latest_time);
  EXPECT_FALSE(parse_time("0000-01-01T00:00:00+00:01"));
  EXPECT_FALSE(parse_time("9999-12-31T23:59:59.999-00:01"));
  EXPECT_EQ(written(earliest_time), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(written(latest_time), "9999-12-31T23:59:59.999Z");
}

TEST(Time, WhatCannotBeWrittenIsWrittenAsTheNearestThatCan) {
  EXPECT_EQ(written(utc_time::min()), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(written(earliest_time - milliseconds{1}), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(written(latest_time + milliseconds{1}), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(written(utc_time::max()), "9999-12-31T23:59:59.999Z");
}

TEST(Time, AppendingKeepsWhatWasThere) {
  std::string out = "at ";
  append_time(out, from_epoch_ms(moment));
  EXPECT_EQ(out, "at 2026-11-20T05:45:00.123Z");
  EXPECT_EQ(written(from_epoch_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(written(from_epoch_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Time, EveryDayOfTenThousandYearsAgreesWithASecondOpinion) {
  for (std::int64_t year = 0; year <= 9999; ++year) {
    for (unsigned month = 1; month <= 12; ++month) {
      for (unsigned day = year % 7 == 0 ? 1 : 28; day <= 31; ++day) {
        const std::string s = text("%04d-%02u-%02uT12:34:56.789Z", static_cast<int>(year), month, day);
        const std::int64_t days = days_from_civil(year, month, day);
        const bool exists = day <= 28 || month == 12 || days < days_from_civil(year, month + 1, 1);
        const auto t = parse_time(s);
        ASSERT_EQ(t.has_value(), exists && day <= 31) << s;
        if (!t) continue;
        ASSERT_EQ(to_epoch_ms(*t), days * 86'400'000 + 45'296'789) << s;
        ASSERT_EQ(written(*t), s);
      }
    }
  }
}

TEST(Time, WhatIsWrittenIsReadBack) {
  std::mt19937_64 random{7};
  std::uniform_int_distribution<std::int64_t> any{to_epoch_ms(earliest_time), to_epoch_ms(latest_time)};
  for (int i = 0; i < 200'000; ++i) {
    const utc_time t = from_epoch_ms(any(random));
    const std::string s = written(t);
    ASSERT_EQ(parse_time(s), t) << s;
    const int minutes = static_cast<int>(random() % 2879) - 1439;
    std::string shifted = written(t + std::chrono::minutes{minutes});
    shifted.replace(23, 1, text("%c%02d:%02d", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60));
    if (t + std::chrono::minutes{minutes} < earliest_time || t + std::chrono::minutes{minutes} > latest_time) continue;
    ASSERT_EQ(parse_time(shifted), t) << shifted;
  }
}

}  // namespace
}  // namespace haulcast::wire
