// A thousand hours at the boundary of a geofence: what noise must not tell, and how soon a truck that drives off is told of.
#include <gtest/gtest.h>

#include <random>

#include "engine/fence_walk.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using all = std::vector<std::string>;

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr unsigned hours = 50;  // each takes ten times as long
#else
constexpr unsigned hours = 1'000;
#endif

geofence circle() { return around_depot(200); }

/// How far north of the depot its boundary is.
double edge_of(const geofence& g) {
  const geo::region region{g.shape};
  double in = 100, out = 300;
  for (int i = 0; i < 60; ++i) {
    const double middle = (in + out) / 2;
    (region.contains(north(middle)) ? in : out) = middle;
  }
  return in;
}

/// One truck north of the depot, heard once a second.
class standing_truck {
 public:
  explicit standing_truck(unsigned seed) : dice{seed}, w{circle()} {}

  /// What was told: entries and exits.
  int hear(double metres_north, double noise_m, double accuracy_m, double speed_kmh = 0.5, double heading = unknown) {
    std::normal_distribution<double> noise{0, noise_m};
    position p = at(std::chrono::seconds{second_++}, metres_north + noise(dice), speed_kmh);
    p.point.longitude += noise(dice) * degrees_per_metre / std::cos(0.826884);  // of the depot's latitude
    p.accuracy_m = accuracy_m;
    p.heading = heading;
    heard_ = p.point;
    return static_cast<int>(w.to(p).size());
  }
  /// How far outside the newest position is, as it was heard.
  double heard_out_by() const { return region_.signed_distance_m(heard_); }
  int second() const { return second_; }

  std::mt19937_64 dice;
  walk w;

 private:
  geo::region region_{circle().shape};
  geo::point heard_;
  int second_ = 0;
};

/// An hour at one place with noise of 5 to 15 m a coordinate, then out at 60 km/h.
struct hour {
  int changes = 0;          // while it stood
  int from_boundary = 0;    // positions beyond the boundary until its exit was told
  int from_hysteresis = 0;  // those of them beyond the hysteresis
  int from_heard = 0;       // those that were heard to be beyond it
};
hour an_hour(unsigned seed, double metres_inside, bool says_accuracy) {
  static const double edge = edge_of(circle());
  standing_truck truck{seed};
  const double sigma = std::uniform_real_distribution{5.0, 15.0}(truck.dice);
  const double accuracy = says_accuracy ? sigma : unknown;
  truck.hear(edge + (metres_inside < 0 ? 60 : -60), 0, accuracy);  // it came from there
  hour h;
  while (truck.second() <= 3600) h.changes += truck.hear(edge - metres_inside, sigma, accuracy);
  if (!truck.w.inside()) return h;
  for (int k = 1; k <= 20 && truck.w.inside(); ++k) {
    const double out_by = k * 60 / 3.6 - metres_inside;
    h.from_boundary += out_by > 0 ? 1 : 0;
    h.from_hysteresis += out_by > 20 ? 1 : 0;
    truck.hear(edge + out_by, sigma, accuracy, 60, 0);
    h.from_heard += truck.heard_out_by() > circle().hysteresis_m ? 1 : 0;
  }
  EXPECT_FALSE(truck.w.inside()) << "whoever drives out is told to have left";
  return h;
}

TEST(FenceNoise, AThousandHoursJustInsideAreNoPairAndDrivingOutIsToldSoon) {
  int changes = 0, slowest = 0;
  std::vector<int> after(10), beyond(10), heard(10);
  for (unsigned seed = 0; seed < hours; ++seed) {
    const hour h = an_hour(seed, seed % 3 * 5.0, seed % 2 == 0);
    EXPECT_LE(h.changes, 2) << "in hour " << seed;
    changes += h.changes;
    slowest = std::max(slowest, h.from_boundary);
    ++after.at(static_cast<std::size_t>(h.from_boundary));
    ++beyond.at(static_cast<std::size_t>(h.from_hysteresis));
    ++heard.at(static_cast<std::size_t>(h.from_heard));
  }
  std::printf("%d changes in %u hours; positions until told", changes, hours);
  for (std::size_t i = 0; i < after.size(); ++i) std::printf(" %zu:%d/%d/%d", i, after[i], beyond[i], heard[i]);
  std::printf(" (beyond the boundary / the hysteresis / as heard)\n");
  EXPECT_LE(changes, 2) << "one false pair in all, at most";
  EXPECT_LE(slowest, 5);
  EXPECT_EQ(heard[0] + heard[1] + heard[2], static_cast<int>(hours))
      << "told within two positions that are heard to be outside";
}

TEST(FenceNoise, AThousandHoursJustOutsideAreNoVisit) {
  int changes = 0;
  for (unsigned seed = 0; seed < hours; ++seed)
    changes += an_hour(10'000 + seed, -1e-6 - seed % 3 * 5.0, seed % 2 == 0).changes;
  EXPECT_LE(changes, 2) << "one false pair in all, at most";
}

// Indoors a phone gives what the network says instead of what the sky says, and says so.
TEST(FenceNoise, AThousandHoursOfAPhoneThatIsExactNowAndThenAreNoVisit) {
  static const double edge = edge_of(circle());
  constexpr std::array accuracies{5.0, 10.0, 30.0, 90.0, 150.0, 600.0};
  int changes = 0;
  for (unsigned seed = 0; seed < hours; ++seed) {
    standing_truck truck{20'000 + seed};
    const double metres = edge + std::uniform_real_distribution{-30.0, 300.0}(truck.dice);
    const int arrival = truck.hear(metres, 0, 5);
    EXPECT_EQ(arrival, metres < edge ? 1 : 0);
    while (truck.second() < 3600) {
      const double accuracy = accuracies[truck.dice() % accuracies.size()];
      changes += truck.hear(metres, accuracy, accuracy);
    }
  }
  std::printf("%d changes in %u hours\n", changes, hours);
  EXPECT_LE(changes, 2) << "one false pair in all, at most";
}

}  // namespace
}  // namespace haulcast::engine
