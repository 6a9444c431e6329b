// A round piece of the sphere: what a box of the map, or the way between two positions, is asked about as.
#pragma once

#include "haulcast/geo/point.hpp"
#include "vec3.hpp"

namespace haulcast::geo {

struct cap {
  point center;
  vec3 direction;
  double angle = 0;  // from the centre to the rim

  /// Holds the box. Of a box of at most 180 degrees from west to east, not across the antimeridian: its corners are then what
  /// is farthest from its middle.
  static cap around(const bbox& box);
  /// Holds the shortest line between two places.
  static cap around(const arc& line);
};

}  // namespace haulcast::geo
