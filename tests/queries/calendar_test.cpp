// Days of time zones: those on which clocks change, and those that begin at odd hours.
#include <gtest/gtest.h>

#include "haulcast/queries/stats.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::queries {
namespace {

using namespace std::chrono_literals;

utc_time t(const char* text) { return wire::parse_time(text).value(); }

store::hour_figures hour(utc_time begins, double km, std::uint64_t count = 1) {
  return {.hour = begins, .distance_m = km * 1000, .moving = 30min, .count = count};
}

TEST(Calendar, ADayBeginsAtLocalMidnight) {
  const auto zurich = calendar_of("Europe/Zurich");
  ASSERT_TRUE(zurich);
  EXPECT_EQ(zurich->day_of(t("2026-11-20T12:00:00Z")), t("2026-11-19T23:00:00Z"));
  EXPECT_EQ(zurich->day_of(t("2026-11-19T23:00:00Z")), t("2026-11-19T23:00:00Z"));
  EXPECT_EQ(zurich->date_of(t("2026-11-19T22:59:59.999Z")), "2026-11-19");
  EXPECT_EQ(zurich->date_of(t("2026-11-19T23:00:00Z")), "2026-11-20");
  EXPECT_EQ(zurich->day_after(t("2026-11-20T12:00:00Z")), t("2026-11-20T23:00:00Z"));
}

TEST(Calendar, OnSomeDaysClocksChange) {
  const auto zurich = calendar_of("Europe/Zurich");
  const auto length = [&](const char* within) { return zurich->day_after(t(within)) - zurich->day_of(t(within)); };
  EXPECT_EQ(length("2026-03-29T12:00:00Z"), 23h);
  EXPECT_EQ(length("2026-10-25T12:00:00Z"), 25h);
  EXPECT_EQ(length("2026-10-26T12:00:00Z"), 24h);
  // There the day begins at one: midnight is skipped.
  const auto santiago = calendar_of("America/Santiago");
  ASSERT_TRUE(santiago);
  EXPECT_EQ(santiago->day_of(t("2025-09-07T12:00:00Z")), t("2025-09-07T04:00:00Z"));
}

TEST(Calendar, OnlyNamesOfZonesAreTaken) {
  EXPECT_TRUE(calendar_of("UTC"));
  EXPECT_TRUE(calendar_of("Etc/GMT+5"));
  EXPECT_TRUE(calendar_of("America/Argentina/Buenos_Aires"));
  for (const char* wrong : {"", "Nowhere", "../../etc/passwd", "/etc/passwd", "Europe/Zurich ", "zone.tab", "europe/zurich"}) {
    EXPECT_FALSE(calendar_of(wrong)) << wrong;
  }
  EXPECT_FALSE(calendar_of(std::string(65, 'A')));
}

TEST(Calendar, ADayIsTheHoursThatBeginInIt) {
  const auto kolkata = calendar_of("Asia/Kolkata");  // five and a half hours ahead: midnight is 18:30
  const auto days = by_day({hour(t("2026-11-20T17:00:00Z"), 1), hour(t("2026-11-20T18:00:00Z"), 2, 5),
                            hour(t("2026-11-20T19:00:00Z"), 4), hour(t("2026-11-25T19:00:00Z"), 8)},
                           *kolkata);
  ASSERT_EQ(days.size(), 3U);
  EXPECT_EQ(kolkata->date_of(days[0].begins), "2026-11-20");
  EXPECT_DOUBLE_EQ(days[0].sum.distance_m, 3000);
  EXPECT_EQ(days[0].sum.count, 6U);
  EXPECT_EQ(days[0].sum.moving, 60min);
  EXPECT_EQ(kolkata->date_of(days[1].begins), "2026-11-21");
  EXPECT_EQ(kolkata->date_of(days[2].begins), "2026-11-26");
}

}  // namespace
}  // namespace haulcast::queries
