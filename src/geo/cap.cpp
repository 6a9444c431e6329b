#include "cap.hpp"

#include <algorithm>
#include <cmath>

#include "degrees.hpp"

namespace haulcast::geo {

// Of a small box the way to its farthest corner is bounded rather than measured: haversines give the square of half its sine,
// sines are no greater than their angles, and the arcsine of x < 0.1 is less than x (1 + x²). It is what covers ask most.
cap cap::around(const bbox& box) {
  const point center{(box.south + box.north) / 2, (box.west + box.east) / 2};
  const vec3 direction = unit(center);
  const double high = (box.north - box.south) / 2 * radians_per_degree, wide = (box.east - box.west) / 2 * radians_per_degree;
  if (high < 0.05 && wide < 0.05) {
    const double nearest_equator = std::max({0.0, box.south, -box.north});
    const double stretch = std::cos(nearest_equator * radians_per_degree);
    const double flat2 = high * high + stretch * stretch * wide * wide;
    return {center, direction, std::sqrt(flat2) * (1 + flat2) + rounding};
  }
  // East and west are alike, north and south are not.
  const double angle =
      std::max(geo::angle(direction, unit({box.south, box.west})), geo::angle(direction, unit({box.north, box.west})));
  return {center, direction, angle + rounding};
}

cap cap::around(const arc& line) {
  const vec3 middle = line.at(0.5);
  return {place(middle), middle, line.angle() / 2 + rounding};
}

}  // namespace haulcast::geo
