#include "haulcast/geo/point.hpp"

#include <algorithm>
#include <cmath>

#include "short_way.hpp"
#include "vec3.hpp"

namespace haulcast::geo {

namespace {
constexpr double mean_radius_m = 6'371'008.8;
}  // namespace

double distance_m(point a, point b) noexcept {
  const double half_latitude = std::sin((b.latitude - a.latitude) * radians / 2);
  const double half_longitude = std::sin((b.longitude - a.longitude) * radians / 2);
  const double h = half_latitude * half_latitude +
                   std::cos(a.latitude * radians) * std::cos(b.latitude * radians) * half_longitude * half_longitude;
  return 2 * mean_radius_m * std::asin(std::min(1.0, std::sqrt(h)));
}

point between(point a, point b, double part) noexcept {
  if (const auto way = short_way::of(a, b)) return way->at(part);
  return part <= 0 ? a : part >= 1 ? b : place(arc{unit(a), unit(b)}.at(part));
}

}  // namespace haulcast::geo
