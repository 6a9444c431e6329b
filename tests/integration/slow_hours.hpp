// The hourly figures of a truck by slow code of its own, which shares nothing with the product's.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace haulcast::support {

/// A stored position, as far as it counts. Unknown numbers are NaN.
struct slow_point {
  std::int64_t at_ms = 0;
  double latitude = 0;
  double longitude = 0;
  double speed_kmh = std::nan("");
  double accuracy_m = std::nan("");
  std::string engine_status;
  bool suspect = false;
};

struct slow_hour {
  double distance_m = 0;
  double max_speed_kmh = std::nan("");
  std::int64_t moving_ms = 0;
  std::int64_t idle_ms = 0;
  std::int64_t count = 0;

  /// Distances to the centimetre, for they are summed in another order; everything else exactly.
  bool same_as(const slow_hour& other) const noexcept;
};

/// By hours since 1970. `track` in the order of time, each time once. For each hour it walks over everything: O(hours x
/// points).
std::map<std::int64_t, slow_hour> slow_hours(const std::vector<slow_point>& track);

}  // namespace haulcast::support
