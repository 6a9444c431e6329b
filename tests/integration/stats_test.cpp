// GET /v1/trucks/{truck_id}/stats against slow code that knows only what was sent.
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <map>
#include <numbers>
#include <random>

#include "integration/past.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t step_ms = 10'000;

struct figures {
  double km = 0, moving_h = 0, idle_min = 0;
  double max_kmh = -1;
  int count = 0;
};

/// On the sphere, by the law of cosines.
double metres(const json& a, const json& b) {
  const auto rad = [](const json& p, const char* name) { return p.at(name).get<double>() * std::numbers::pi / 180; };
  const double c =
      std::sin(rad(a, "latitude")) * std::sin(rad(b, "latitude")) +
      std::cos(rad(a, "latitude")) * std::cos(rad(b, "latitude")) * std::cos(rad(a, "longitude") - rad(b, "longitude"));
  return 6'371'008.8 * std::acos(std::min(1.0, c));
}

/// A day of a truck: drives, waits with the engine on, parks with it off (and a GPS that wanders), drives back.
struct day {
  explicit day(std::int64_t begin) : at{begin} {}

  void drive(int minutes, double degrees_a_step) {
    for (std::int64_t i = 0; i < minutes * minute_ms / step_ms; ++i) {
      latitude += degrees_a_step;
      add(60, "running", 0);
    }
  }
  void stand(int minutes, const char* engine, double noise) {
    for (std::int64_t i = 0; i < minutes * minute_ms / step_ms; ++i) add(0, engine, noise);
    add(0, engine, 0);
  }
  void add(double speed, const char* engine, double noise) {
    std::normal_distribution<double> off{0, noise};
    at += step_ms;
    positions.push_back({{"truck_id", "TRK-1"},
                         {"timestamp", at},
                         {"latitude", latitude + (noise > 0 ? off(dice) : 0)},
                         {"longitude", 8.5},
                         {"speed_kmh", speed},
                         {"engine_status", engine}});
  }

  std::int64_t at;
  double latitude = 47;
  std::mt19937 dice{11};
  std::vector<json> positions;
};

/// Second by second.
std::map<std::int64_t, figures> by_hour(const std::vector<json>& positions) {
  std::map<std::int64_t, figures> hours;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const json& p = positions[i];
    const std::int64_t from = p.at("timestamp");
    figures& here = hours[from / hour_ms];
    ++here.count;
    here.max_kmh = std::max(here.max_kmh, p.at("speed_kmh").get<double>());
    if (i + 1 == positions.size()) break;
    const json& next = positions[i + 1];
    const std::int64_t to = next.at("timestamp");
    const bool slow = p.at("speed_kmh") < 5;
    const bool moves = !slow || next.at("speed_kmh") >= 5;
    for (std::int64_t ms = from; ms < to; ms += 1000) {
      figures& part = hours[ms / hour_ms];
      if (moves) part.km += metres(p, next) / 1000 * 1000 / static_cast<double>(to - from);
      if (!slow) part.moving_h += 1.0 / 3600;
      if (slow && p.at("engine_status") != "off") part.idle_min += 1.0 / 60;
    }
  }
  return hours;
}

void expect_same(const json& told, const figures& f) {
  EXPECT_NEAR(told.at("total_distance_km").get<double>(), f.km, 0.03) << told;
  EXPECT_NEAR(told.at("idle_time_minutes").get<double>(), f.idle_min, 0.01) << told;
  EXPECT_EQ(told.at("coordinates_count"), f.count) << told;
  EXPECT_EQ(told.at("max_speed_kmh"), f.max_kmh) << told;
  if (f.moving_h == 0)
    EXPECT_TRUE(told.at("average_speed_kmh").is_null()) << told;
  else
    EXPECT_NEAR(told.at("average_speed_kmh").get<double>(), f.km / f.moving_h, 0.5) << told;
}

void expect_hours(const json& page, const std::map<std::int64_t, figures>& expected) {
  ASSERT_EQ(page.at("items").size(), expected.size()) << page;
  auto told = page.at("items").begin();
  for (const auto& [hour, f] : expected) {
    EXPECT_EQ(told->at("hour"), rfc3339(hour * hour_ms));
    EXPECT_EQ(told->at("truck_id"), "TRK-1");
    expect_same(*told++, f);
  }
}

/// By the C library, which has its own reading of the time zones.
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

class Stats : public testing::Test {
 protected:
  Stats() {
    truck.stand(5, "running", 0);
    truck.drive(70, 0.0015);
    truck.stand(25, "running", 0);
    truck.drive(20, -0.001);
    truck.stand(100, "off", 3e-5);
    truck.drive(90, 0.0012);
  }

  void post(api& admin, std::size_t from, std::size_t to, std::size_t stride = 1) {
    std::vector<json> some;
    for (std::size_t i = from; i < to; i += stride) {
      some.push_back(truck.positions[i]);
      if (some.size() == 500) must_post(admin, std::exchange(some, {}));
    }
    if (!some.empty()) must_post(admin, some);
  }

  server s{{.environment = {{"HAULCAST_FILTERS__ENABLED", "false"}}}};
  day truck{(now_ms() / hour_ms - 30) * hour_ms + 13 * minute_ms};
};

TEST_F(Stats, HoursAreWhatASlowRecomputationSaysWhetherStoredOrNot) {
  auto admin = s.as();
  post(admin, 0, truck.positions.size());
  const auto expected = by_hour(truck.positions);
  ASSERT_EQ(expected.size(), 6U);
  expect_hours(must_get(admin, "/v1/trucks/TRK-1/stats"), expected);
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  expect_hours(must_get(admin, "/v1/trucks/TRK-1/stats?granularity=hour"), expected);
  s.kill();
  s.start();
  auto again = s.as();
  expect_hours(must_get(again, "/v1/trucks/TRK-1/stats"), expected);
}

TEST_F(Stats, LateRowsCorrectTheirHour) {
  auto admin = s.as();
  const auto all = truck.positions.size();
  post(admin, 0, all, 7);
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  must_get(admin, "/v1/trucks/TRK-1/stats");
  for (std::size_t first = 1; first < 7; ++first) post(admin, first, all, 7);
  expect_hours(must_get(admin, "/v1/trucks/TRK-1/stats"), by_hour(truck.positions));
  ASSERT_TRUE(eventually([&] { return store_has_all(admin); }));
  expect_hours(must_get(admin, "/v1/trucks/TRK-1/stats"), by_hour(truck.positions));
}

TEST_F(Stats, TheOpenHourIsIncludedAndFromToLimitAndCursorNarrow) {
  auto admin = s.as();
  post(admin, 0, truck.positions.size());
  const auto now = now_ms();
  must_post(admin, {driving("TRK-1", now, 0)});
  auto expected = by_hour(truck.positions);
  const auto page = must_get(admin, "/v1/trucks/TRK-1/stats");
  EXPECT_EQ(page.at("items").back().at("hour"), rfc3339(now / hour_ms * hour_ms));
  const auto hours = all_of(page.at("items"), "hour");
  const auto paged = all_of(all_pages(admin, "/v1/trucks/TRK-1/stats", 2), "hour");
  EXPECT_EQ(paged, hours);
  // The hours that the two moments are in, too.
  const auto second = std::next(expected.begin())->first * hour_ms;
  const auto two = must_get(admin, "/v1/trucks/TRK-1/stats?from=" + rfc3339(second + 1) + "&to=" + rfc3339(second + hour_ms));
  EXPECT_EQ(all_of(two.at("items"), "hour"), (std::vector{rfc3339(second), rfc3339(second + hour_ms)}));
}

TEST_F(Stats, DaysAreThoseOfTheTimeZone) {
  auto admin = s.as();
  post(admin, 0, truck.positions.size());
  for (const char* zone : {"UTC", "Europe/Zurich", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati", "Asia/Tokyo"}) {
    std::map<std::string, figures> expected;
    for (const auto& [hour, f] : by_hour(truck.positions)) {
      figures& sum = expected[local_date(hour * hour_ms, zone)];
      sum.km += f.km;
      sum.moving_h += f.moving_h;
      sum.idle_min += f.idle_min;
      sum.max_kmh = std::max(sum.max_kmh, f.max_kmh);
      sum.count += f.count;
    }
    const auto days = all_pages(admin, "/v1/trucks/TRK-1/stats?granularity=day&tz=" + std::string{zone}, 1);
    ASSERT_EQ(days.size(), expected.size()) << zone;
    auto told = days.begin();
    for (const auto& [date, f] : expected) {
      EXPECT_EQ(told->at("day"), date) << zone;
      expect_same(*told++, f);
    }
  }
  for (const char* wrong : {"granularity=day&tz=Mars/Olympus", "granularity=day&tz=../passwd", "granularity=week",
                            "granularity=hour&tz=Europe/Zurich", "tz="}) {
    expect_problem(admin.get("/v1/trucks/TRK-1/stats?" + std::string{wrong}), 422, "parameter_invalid");
  }
}

}  // namespace
}  // namespace haulcast::support
