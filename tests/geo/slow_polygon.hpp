// What is inside a polygon, told slowly and in another way: long doubles, a view from the earth's middle, every edge.
#pragma once

#include <cmath>
#include <numbers>

#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

/// For polygons less than 90 degrees round `center`; what lies behind it is outside.
inline bool slowly_inside(const polygon& area, point center, point p) {
  using real = long double;
  constexpr real degree = std::numbers::pi_v<real> / 180;
  struct flat {
    real x, y, up;
  };
  const auto see = [&](point q) {
    const real lat = q.latitude * degree, lat0 = center.latitude * degree,
               east = (real{q.longitude} - center.longitude) * degree;
    const real up = std::sin(lat0) * std::sin(lat) + std::cos(lat0) * std::cos(lat) * std::cos(east);
    return flat{std::cos(lat) * std::sin(east) / up,
                (std::cos(lat0) * std::sin(lat) - std::sin(lat0) * std::cos(lat) * std::cos(east)) / up, up};
  };
  const flat at = see(p);
  if (at.up <= 0) return false;
  bool odd = false;
  for (const auto& ring : area.rings) {
    for (std::size_t i = 1; i < ring.size(); ++i) {
      const flat a = see(ring[i - 1]);
      const flat b = see(ring[i]);
      if ((a.y > at.y) != (b.y > at.y) && at.x < a.x + (b.x - a.x) * (at.y - a.y) / (b.y - a.y)) odd = !odd;
    }
  }
  return odd;
}

}  // namespace haulcast::geo
