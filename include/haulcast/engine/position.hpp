// One GNSS report of a truck, as the engine sees it (view) and as it keeps it (owning).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "haulcast/base/time.hpp"
#include "haulcast/geo/point.hpp"

namespace haulcast::engine {

/// What a phone did not say. Never 0.
inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// A position whose texts belong to somebody else (the batch it came in, a journal record, a kept_position).
/// Every number is exactly the double that was sent; every text is valid UTF-8 without control characters.
struct position {
  utc_time timestamp;  // the device's
  geo::point point;
  double speed_kmh = unknown;
  double heading = unknown;  // degrees from north, clockwise
  double altitude_m = unknown;
  double accuracy_m = unknown;
  double odometer_km = unknown;
  double fuel_level_pct = unknown;
  double battery_pct = unknown;
  std::string_view engine_status;  // empty: unknown, as for all texts
  std::string_view trip_id;
  std::string_view driver_id;
  std::string_view attributes;  // a flat JSON object, kept as it came
};

/// True when every member is the same, unknown being equal to unknown.
bool same(const position& a, const position& b) noexcept;

/// A position that owns its texts: one allocation at most, none when they are short together. Two cache lines.
class kept_position {
 public:
  kept_position();
  explicit kept_position(const position& p) { assign(p); }
  void assign(const position& p);
  position get() const noexcept;

  utc_time timestamp() const noexcept { return timestamp_; }
  geo::point point() const noexcept { return point_; }
  double accuracy_m() const noexcept { return numbers_[3]; }

 private:
  utc_time timestamp_;
  geo::point point_;
  std::array<double, 7> numbers_;  // as position lists them; all unknown where default-constructed
  std::array<std::uint16_t, 4> lengths_{};
  std::string texts_;  // one behind the other
};

}  // namespace haulcast::engine
