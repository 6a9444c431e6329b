// What is remembered of a truck's surroundings spares work and changes nothing that is told.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/fences.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

constexpr double metres_per_degree = 111'320;

/// Trucks that wander around the depot, whose geofences come, change and go.
class wandering {
 public:
  explicit wandering(unsigned seed) : dice_{seed} {
    step_m_ = between(2, 80);
    for (int i = 0; i < 30; ++i) fences_.push_back(any_fence());
  }

  double between(double low, double high) { return std::uniform_real_distribution{low, high}(dice_); }
  bool one_in(int n) { return std::uniform_int_distribution{1, n}(dice_) == 1; }

  geofence any_fence() {
    geofence g{.id = "fence-" + std::to_string(std::uniform_int_distribution{0, 40}(dice_)),
               .shape = geo::circle{somewhere(1'500), between(20, 900)}};
    if (one_in(3)) {
      const geo::point a = somewhere(1'500), b = somewhere(1'500);
      g.shape = geo::corridor{{a, b}, between(20, 300)};
    } else if (one_in(3)) {
      const geo::point a = somewhere(1'000);
      const double north = between(0.001, 0.01), east = between(0.001, 0.01);
      g.shape = geo::polygon{{{a,
                               {a.latitude, a.longitude + east},
                               {a.latitude + north, a.longitude + between(0, east)},
                               {a.latitude + north / 2, a.longitude},
                               a}}};
    }
    if (one_in(3)) g.hysteresis_m = between(0, 40);
    if (one_in(5)) g.trucks = {"TRK-1"};
    if (one_in(8)) g.active = false;
    if (one_in(3)) g.alert_on.on_dwell = true;
    return g;
  }

  position next(std::size_t truck, milliseconds t) {
    bearing_[truck] += between(-0.6, 0.6);
    geo::point& at = at_[truck];
    const double metres = one_in(20) ? between(0, 500) : between(0, step_m_);
    at.latitude += std::cos(bearing_[truck]) * metres / metres_per_degree;
    at.longitude += std::sin(bearing_[truck]) * metres / metres_per_degree * 1.5;
    if (geo::distance_m(at, depot) > 2'000) bearing_[truck] += 3;
    position p;
    p.timestamp = morning + t;
    p.point = at;
    if (one_in(2)) p.accuracy_m = between(0.3, 30);
    if (one_in(2)) p.speed_kmh = between(0, 60);
    return p;
  }

  const std::vector<geofence>& fences() const { return fences_; }

 private:
  geo::point somewhere(double metres) {
    return {depot.latitude + between(-metres, metres) / metres_per_degree,
            depot.longitude + between(-metres, metres) / metres_per_degree * 1.5};
  }

  std::mt19937 dice_;
  double step_m_ = 0;
  std::vector<geofence> fences_;
  std::array<geo::point, 2> at_{depot, depot};
  std::array<double, 2> bearing_{0, 2};
};

std::vector<std::string> details(const std::vector<event>& events) {
  std::vector<std::string> all;
  for (const event& e : events) {
    if (!e.fence) continue;
    std::string text = e.truck_id + " " + fence_told(e);
    if (e.where) text += " at " + std::to_string(e.where->point().latitude) + ", " + std::to_string(e.where->point().longitude);
    all.push_back(std::move(text));
  }
  return all;
}

class FencesAround : public ::testing::TestWithParam<unsigned> {};

// Of one world each truck is heard in long batches; the other one forgets whatever is no state before each position.
TEST_P(FencesAround, NothingElseIsToldThanBySomebodyWhoRemembersNothing) {
  wandering trucks{GetParam()};
  options rules;
  rules.filters = false;
  fenced_day with{rules}, without{rules};
  for (const geofence& g : trucks.fences()) {
    with.put(g);
    without.put(g);
  }
  milliseconds t = 0s;
  std::size_t told = 0;
  for (int turn = 0; turn < 30; ++turn) {
    const std::size_t truck = trucks.one_in(3) ? 1 : 0;
    const std::string id = "TRK-" + std::to_string(truck + 1);
    reports sent;
    for (int i = 0; i < 20; ++i) sent.emplace_back(id, trucks.next(truck, t += 1s));
    const auto expected = details(with.hear(sent, t).events);
    std::vector<std::string> found;
    for (const auto& each : sent) {
      without.restart();
      std::ranges::copy(details(without.hear({each}, t).events), std::back_inserter(found));
    }
    ASSERT_EQ(found, expected) << "turn " << turn;
    told += found.size();
    if (trucks.one_in(3)) {
      const geofence changed = trucks.any_fence();
      with.put(changed, t);
      without.put(changed, t);
    } else if (trucks.one_in(4)) {
      const std::string gone = trucks.any_fence().id;
      with.remove(gone, t);
      without.remove(gone, t);
    }
  }
  EXPECT_GT(told, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FencesAround, ::testing::Range(1u, 25u));

}  // namespace
}  // namespace haulcast::engine
