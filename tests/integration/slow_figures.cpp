#include "integration/slow_figures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <numbers>

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;

/// On the sphere, by the law of cosines.
double metres(const json& a, const json& b) {
  const auto rad = [](const json& p, const char* name) { return p.at(name).get<double>() * std::numbers::pi / 180; };
  const double c =
      std::sin(rad(a, "latitude")) * std::sin(rad(b, "latitude")) +
      std::cos(rad(a, "latitude")) * std::cos(rad(b, "latitude")) * std::cos(rad(a, "longitude") - rad(b, "longitude"));
  return 6'371'008.8 * std::acos(std::min(1.0, c));
}

bool is_slow(const json& p) { return p.at("speed_kmh") < 5; }

void drive(const json& from, const json& to, std::map<std::int64_t, figures>& hours) {
  const std::int64_t begin = from.at("timestamp");
  const std::int64_t end = to.at("timestamp");
  const bool slow = is_slow(from);
  const double km_a_ms = slow && is_slow(to) ? 0 : metres(from, to) / 1000 / static_cast<double>(end - begin);
  const bool idles = slow && from.value("engine_status", "") != "off";
  for (std::int64_t ms = begin; ms < end;) {
    const std::int64_t next = std::min(end, (ms / 1000 + 1) * 1000);
    const auto passed = static_cast<double>(next - ms);
    figures& part = hours[ms / hour_ms];
    part.km += km_a_ms * passed;
    if (!slow) part.moving_h += passed / hour_ms;
    if (idles) part.idle_min += passed / 60'000;
    ms = next;
  }
}

std::string local_date(std::int64_t epoch_ms, const char* zone) {
  ::setenv("TZ", zone, 1);
  ::tzset();
  const std::time_t t = static_cast<std::time_t>(epoch_ms / 1000);
  std::tm local{};
  ::localtime_r(&t, &local);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &local);
  ::unsetenv("TZ");
  ::tzset();
  return text;
}

}  // namespace

std::map<std::int64_t, figures> by_hour(const std::vector<json>& positions) {
  std::map<std::int64_t, figures> hours;
  const json* before = nullptr;
  for (const json& p : positions) {
    figures& here = hours[p.at("timestamp").get<std::int64_t>() / hour_ms];
    ++here.count;
    if (p.contains("suspect")) continue;
    here.max_kmh = std::max(here.max_kmh, p.at("speed_kmh").get<double>());
    if (before != nullptr) drive(*before, p, hours);
    before = &p;
  }
  return hours;
}

std::map<std::string, figures> by_day(const std::map<std::int64_t, figures>& hours, const char* zone) {
  std::map<std::string, figures> days;
  for (const auto& [hour, f] : hours) {
    figures& sum = days[local_date(hour * hour_ms, zone)];
    sum.km += f.km;
    sum.moving_h += f.moving_h;
    sum.idle_min += f.idle_min;
    sum.max_kmh = std::max(sum.max_kmh, f.max_kmh);
    sum.count += f.count;
  }
  return days;
}

void expect_figures(const json& told, const figures& f) {
  EXPECT_NEAR(told.at("total_distance_km").get<double>(), f.km, 0.03 + f.km * 2e-4) << told;
  EXPECT_NEAR(told.at("idle_time_minutes").get<double>(), f.idle_min, 0.01) << told;
  EXPECT_EQ(told.at("coordinates_count"), f.count) << told;
  if (f.max_kmh < 0)
    EXPECT_TRUE(told.at("max_speed_kmh").is_null()) << told;
  else
    EXPECT_EQ(told.at("max_speed_kmh"), f.max_kmh) << told;
  if (f.moving_h == 0)
    EXPECT_TRUE(told.at("average_speed_kmh").is_null()) << told;
  else
    EXPECT_NEAR(told.at("average_speed_kmh").get<double>(), f.km / f.moving_h, 0.5) << told;
}

}  // namespace haulcast::support
