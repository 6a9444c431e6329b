// GET /v1/trucks/{truck_id}/stats against slow code that knows only what was sent.
#include <map>
#include <random>

#include "integration/either_store.hpp"
#include "integration/past.hpp"
#include "integration/slow_figures.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t step_ms = 10'000;

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

void expect_hours(const json& page, const std::map<std::int64_t, figures>& expected) {
  ASSERT_EQ(page.at("items").size(), expected.size()) << page;
  auto told = page.at("items").begin();
  for (const auto& [hour, f] : expected) {
    EXPECT_EQ(told->at("hour"), rfc3339(hour * hour_ms));
    EXPECT_EQ(told->at("truck_id"), "TRK-1");
    expect_figures(*told++, f);
  }
}

class Stats : public EitherStore {
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

  server s{kept({{"HAULCAST_FILTERS__ENABLED", "false"}})};
  day truck{(now_ms() / hour_ms - 30) * hour_ms + 13 * minute_ms};
};

TOLD_OF_EITHER_STORE(Stats);

TEST_P(Stats, HoursAreWhatASlowRecomputationSaysWhetherStoredOrNot) {
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

TEST_P(Stats, LateRowsCorrectTheirHour) {
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

TEST_P(Stats, TheOpenHourIsIncludedAndFromToLimitAndCursorNarrow) {
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

TEST_P(Stats, DaysAreThoseOfTheTimeZone) {
  auto admin = s.as();
  post(admin, 0, truck.positions.size());
  for (const char* zone : {"UTC", "Europe/Zurich", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati", "Asia/Tokyo"}) {
    const auto expected = by_day(by_hour(truck.positions), zone);
    const auto days = all_pages(admin, "/v1/trucks/TRK-1/stats?granularity=day&tz=" + std::string{zone}, 1);
    ASSERT_EQ(days.size(), expected.size()) << zone;
    auto told = days.begin();
    for (const auto& [date, f] : expected) {
      EXPECT_EQ(told->at("day"), date) << zone;
      expect_figures(*told++, f);
    }
  }
  for (const char* wrong : {"granularity=day&tz=Mars/Olympus", "granularity=day&tz=../passwd", "granularity=week",
                            "granularity=hour&tz=Europe/Zurich", "tz="}) {
    expect_problem(admin.get("/v1/trucks/TRK-1/stats?" + std::string{wrong}), 422, "parameter_invalid");
  }
}

}  // namespace
}  // namespace haulcast::support
