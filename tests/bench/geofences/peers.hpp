// What finds geofences elsewhere: an R-tree of boxes with three kinds of exact test behind it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "haulcast/geo/region.hpp"

namespace haulcast::bench {

/// How many geofences contain each of some positions, summed up.
using counter = std::function<std::size_t(const geo::point* first, std::size_t count)>;

/// Boost's R-tree with our own exact test.
counter rtree_and_region(const std::vector<geo::region>& fences);
/// Boost's R-tree with Boost's spherical tests: covered_by for polygons, distance for circles and corridors.
counter rtree_and_spherical(const std::vector<geo::shape>& fences);
/// The STRtree and the prepared geometries of GEOS, on a flat map; circles are polygons of 32 corners. Empty where the
/// benchmark was built without GEOS.
counter prepared_geos(const std::vector<geo::shape>& fences);

}  // namespace haulcast::bench
