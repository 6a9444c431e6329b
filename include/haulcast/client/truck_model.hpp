// How one simulated truck drives, and what its phone reports: a pure function of seed and time.
#pragma once

#include <cstdint>
#include <optional>

#include "haulcast/base/time.hpp"
#include "haulcast/client/city.hpp"
#include "haulcast/client/dice.hpp"
#include "haulcast/engine/position.hpp"

namespace haulcast::client {

struct model_report {
  engine::position where;  // its texts are literals
  bool covered = true;     // false: the phone has no network there and keeps the position for later
};

/// A truck goes from site to site along the streets, keeps to limits, slows for turns, stops at red lights and dwells at sites
/// for 3 to 20 minutes. It advances in ticks of 100 ms from the first time it is asked about, so how often it is asked changes
/// nothing.
///
/// Bounds that hold: speed <= max_speed_mps, acceleration <= accelerate_mps2, braking <= brake_hard_mps2. What the phone
/// reports is off by a slowly wandering error of 3 to 8 m (one deviation, per truck), which never moves faster than
/// `noise_max_mps` a direction; so two positions never imply 150 km/h. No clock, no I/O. O(elapsed / tick). About 200 bytes.
class truck_model {
 public:
  static constexpr milliseconds tick{100};
  static constexpr double max_speed_mps = 60 * 1.05 / 3.6;
  static constexpr double accelerate_mps2 = 1.2;
  static constexpr double brake_mps2 = 2.0;       // what is planned with
  static constexpr double brake_hard_mps2 = 3.5;  // what is possible
  static constexpr double noise_max_mps = 8;

  truck_model(std::uint64_t seed, const city& where);

  /// The truck at `now`. A `now` before the last one counts as the last one.
  model_report step(utc_time now);

  double speed_mps() const noexcept { return speed_mps_; }
  bool dwelling() const noexcept { return dwell_left_s_ > 0; }

 private:
  void advance();
  void drive();
  void wander();
  void reach_crossing();
  void arrive();
  void choose_target();
  direction choose_way() const noexcept;
  double permitted_mps() const noexcept;
  bool must_stop() const noexcept;
  model_report report() const;

  const city* city_;
  dice dice_;
  std::optional<utc_time> started_;
  std::int64_t ticks_ = 0;  // since started_

  crossing from_;                      // the block being driven begins here,
  direction way_ = direction::north;   // leads there,
  direction then_ = direction::north;  // and this is where it goes on at its end
  double along_m_ = 0;                 // of the block
  double speed_mps_ = 0;
  crossing target_;
  double dwell_left_s_ = 0;
  double odometer_m_;
  double briskness_;  // of the limit that this driver drives

  double noise_m_;  // one deviation
  double noise_east_m_ = 0;
  double noise_north_m_ = 0;
};

}  // namespace haulcast::client
