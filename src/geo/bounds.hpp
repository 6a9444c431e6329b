// The box of the map that holds a cap, a path with what lies beside it, or rings.
#pragma once

#include "edge_tree.hpp"
#include "haulcast/geo/point.hpp"
#include "haulcast/geo/shape.hpp"
#include "vec3.hpp"

namespace haulcast::geo {

/// All that is at most so many radians from the place.
bbox bounds_of_cap(point center, double angle);

/// All that is at most so many radians from the path.
bbox bounds_of_path(const std::vector<point>& path, double angle);

/// Of the outer ring; whether the poles are inside is known to the caller.
bbox bounds_of_ring(const ring& outer, bool holds_north_pole, bool holds_south_pole);

}  // namespace haulcast::geo
