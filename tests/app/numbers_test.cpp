#include "haulcast/app/numbers.hpp"

#include <gtest/gtest.h>

namespace haulcast::app {
namespace {

using namespace std::chrono_literals;

TEST(Numbers, CountsAreDigitsWithoutALeadingZero) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
  for (const auto* text : {"", "08", "010", "-1", "+1", "1.0", "1e3", "0x10", " 1", "1 ", "18446744073709551616", "one"}) {
    EXPECT_EQ(parse_count(text), std::nullopt) << text;
  }
}

TEST(Numbers, NumbersAreFinite) {
  EXPECT_EQ(parse_number("5"), 5.0);
  EXPECT_EQ(parse_number("-0.5"), -0.5);
  for (const auto* text : {"", "nan", "inf", "-inf", "1e999", "5km", "0,5"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Numbers, NumbersAreWrittenAsTheyAreRead) {
  for (const auto* text : {"0", "5", "0.1", "-2.5", "1000000", "1e+300"})
    EXPECT_EQ(format_number(parse_number(text).value()), text);
}

TEST(Numbers, SizesTakeBinaryUnits) {
  EXPECT_EQ(parse_bytes("65536"), 65'536U);
  EXPECT_EQ(parse_bytes("64 KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("2TiB"), 2ULL << 40);
  for (const auto* text : {"", "KiB", "64 KB", "64k", "64  KiB", "1.5 MiB", "-1 KiB", "16777216 TiB", "064 KiB"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(Numbers, SizesAreWrittenInTheLargestWholeUnit) {
  EXPECT_EQ(format_bytes(0), "0");
  EXPECT_EQ(format_bytes(1023), "1023");
  EXPECT_EQ(format_bytes(1024), "1 KiB");
  EXPECT_EQ(format_bytes(1025), "1025");
  EXPECT_EQ(format_bytes(64U << 20), "64 MiB");
  EXPECT_EQ(format_bytes(1536U << 10), "1536 KiB");
}

TEST(Numbers, DurationsNameTheirUnits) {
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("0s"), 0ms);
  EXPECT_EQ(parse_duration("36525d"), 36525 * 24h);
  for (const auto* text : {"", "24", "h", "-1h", "1.5h", "24 h", "1y", "36525d1ms", "99999999999999999999s", "1h 1m", "01h"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace haulcast::app
