// How many degrees a distance is at some place: rather too many, and without trigonometry.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

inline constexpr double radians_per_degree = std::numbers::pi / 180;

/// At least 1 / cos(latitude), at most 8 % more; up to 57 at 89 degrees.
inline double stretch_of_longitude(double latitude) noexcept {
  const double from_pole = std::max((90 - std::abs(latitude)) * radians_per_degree, 1e-6);
  return 1 / (from_pole - from_pole * from_pole * from_pole / 6);  // sin x >= x - x^3 / 6
}

struct degrees {
  double latitude = 0;
  double longitude = 0;

  /// Everything at most that far from the point lies within these, whether the earth is a sphere or the WGS 84 ellipsoid; at
  /// the poles there is no such longitude.
  static degrees around(point p, double distance_m) noexcept {
    constexpr double metres_per_degree = 110'500;  // the shortest is a degree of latitude at the equator, 110,574 m
    const double latitude = distance_m / metres_per_degree;
    return {latitude, latitude * stretch_of_longitude(std::abs(p.latitude) + latitude)};
  }
};

}  // namespace haulcast::geo
