#include "haulcast/geo/point.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace haulcast::geo {

namespace {
constexpr double mean_radius_m = 6'371'008.8;
constexpr double radians = std::numbers::pi / 180;
}  // namespace

double distance_m(point a, point b) noexcept {
  const double half_latitude = std::sin((b.latitude - a.latitude) * radians / 2);
  const double half_longitude = std::sin((b.longitude - a.longitude) * radians / 2);
  const double h = half_latitude * half_latitude +
                   std::cos(a.latitude * radians) * std::cos(b.latitude * radians) * half_longitude * half_longitude;
  return 2 * mean_radius_m * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace haulcast::geo
