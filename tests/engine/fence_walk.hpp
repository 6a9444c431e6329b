// One truck at one geofence, judged position by position.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/fences.hpp"
#include "haulcast/engine/fence_rules.hpp"

namespace haulcast::engine::story {

/// Its boundary is at the depot, its inside lies north of it.
inline geofence yard(double hysteresis_m) {
  geofence g = strip(0, 50'000, "yard");
  g.hysteresis_m = hysteresis_m;
  return g;
}

/// One truck and one geofence, whose boundary is at the depot and whose inside lies north of it.
class walk {
 public:
  explicit walk(geofence g = strip(0, 50'000, "yard")) : fence_{std::move(g)} {
    fence_.version = 1;
    fence_.prepare();
  }
  explicit walk(double hysteresis_m) : walk{yard(hysteresis_m)} {}

  /// What was told.
  std::vector<std::string> to(const position& p) {
    fence_step step{.truck_id = "TRK-1",
                    .now = p,
                    .before_where = before_,
                    .before_when = when_,
                    .before_accuracy_m = accuracy_m_,
                    .connected = before_.has_value() && exact(p.accuracy_m) && exact(accuracy_m_)};
    if (const double way_m = before_ ? geo::distance_m(*before_, p.point) : 0;
        step.connected && may_be_far(way_m, accuracy_m_, p.accuracy_m, fence_.hysteresis_m)) {
      step.far_m = way_m;
    }
    step.judge(visits_, fence_, scratch_, told_);
    step.look_around(visits_, told_);
    before_ = p.point;
    when_ = p.timestamp;
    accuracy_m_ = p.accuracy_m;
    std::vector<event> events;
    told_.give(events);
    told_.clear();
    return fences_told(events);
  }
  std::vector<std::string> to(double metres_north, std::optional<double> accuracy_m = {},
                              std::optional<double> speed_kmh = {}) {
    now_ += 1s;
    position p = at(now_, metres_north);
    if (accuracy_m) p.accuracy_m = *accuracy_m;
    if (speed_kmh) p.speed_kmh = *speed_kmh;
    return to(p);
  }
  bool inside() { return visits_.find(fence_.id) != nullptr && visits_.find(fence_.id)->inside; }
  const geofence& fence() const { return fence_; }
  milliseconds now() const { return now_; }

 private:
  static bool exact(double accuracy_m) { return !(accuracy_m > exact_enough_m); }

  geofence fence_;
  visits visits_;
  fence_events told_;
  std::vector<double> scratch_;
  std::optional<geo::point> before_;
  utc_time when_;
  double accuracy_m_ = unknown;
  milliseconds now_{-1s};
};

}  // namespace haulcast::engine::story
