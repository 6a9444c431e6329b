// Metres on the WGS 84 ellipsoid: exactly, nearly, and within bounds that hold everywhere.
#pragma once

#include <cmath>

#include "haulcast/geo/point.hpp"
#include "vec3.hpp"

namespace haulcast::geo {

inline constexpr double equatorial_radius_m = 6'378'137.0;
inline constexpr double flattening = 1 / 298.257223563;
inline constexpr double eccentricity2 = flattening * (2 - flattening);

/// The least and the greatest radius of curvature of the ellipsoid: of the meridian at the equator, and of anything at a pole.
/// An angle between two places on the sphere (of geodetic latitude) times the one is never more than the metres between them on
/// the ellipsoid, times the other never less.
inline constexpr double radius_least_m = 6'335'439.327;
inline constexpr double radius_most_m = 6'399'593.626;

/// Of curvature at a latitude, whose sine's square is given: along the parallel (the prime vertical) and along the meridian.
struct radii {
  double east;
  double north;
};
inline radii radii_at(double sin2) noexcept {
  const double w2 = 1 - eccentricity2 * sin2;
  const double east = equatorial_radius_m / std::sqrt(w2);
  return {east, east * (1 - eccentricity2) / w2};
}

/// The geodesic, to nanometres (C. F. F. Karney, "Algorithms for geodesics", 2013). About a microsecond.
double geodesic_m(point a, point b) noexcept;

/// The same for two places near one another, from their directions and with the radius of curvature half way. It is off by less
/// than near_metres_error(its result).
double near_metres(vec3 a, vec3 b) noexcept;
double near_metres_error(double metres) noexcept;

}  // namespace haulcast::geo
