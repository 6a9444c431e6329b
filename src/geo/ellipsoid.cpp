#include "ellipsoid.hpp"

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <cmath>

namespace haulcast::geo {

double geodesic_m(point a, point b) noexcept {
  double metres = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.latitude, a.longitude, b.latitude, b.longitude, metres);
  return metres;
}

double near_metres(vec3 a, vec3 b) noexcept {
  const vec3 across = b - a;
  const double chord2 = norm2(across);
  if (chord2 == 0) return 0;
  const vec3 middle = a + b;
  const double sin2 = middle.z * middle.z / norm2(middle);
  const double cos2 = 1 - sin2;
  // How much of the way goes north; at a pole both radii are the same.
  const double north2 = cos2 > 1e-12 ? std::min(1.0, across.z * across.z / (chord2 * cos2)) : 0;
  const auto [east, north] = radii_at(sin2);
  const double radius = std::sqrt(north * north * north2 + east * east * (1 - north2));
  return angle_of_chord2(chord2) * radius;
}

double near_metres_error(double metres) noexcept {
  const double part = metres / radius_least_m;
  return 1e-6 + 0.002 * metres * part * part;
}

}  // namespace haulcast::geo
