// A corridor made ready: the place of its path that is nearest on the sphere, and the metres to it on the ellipsoid.
#pragma once

#include <vector>

#include "cap.hpp"
#include "crossing_search.hpp"
#include "edge_tree.hpp"
#include "haulcast/geo/region.hpp"

namespace haulcast::geo {

class prepared_corridor {
 public:
  explicit prepared_corridor(const corridor& of);

  bool contains(point p) const noexcept { return bounds_.contains(p) && holds(p, unit(p)); }
  /// Inside it is what is left to half the width; where the path comes back on itself the boundary may be farther.
  double signed_distance_m(point p, double reach_m) const noexcept;
  /// How much farther from the path it is than half the width: less than 0 inside. Hardly another than what contains() goes by.
  double off_m(point p) const noexcept;
  clearance clearance_of(point p, double reach_m) const noexcept;
  void probes(const arc& way, parts& out) const;
  const bbox& bounds() const noexcept { return bounds_; }
  coverage of(const cap& piece) const noexcept;
  std::size_t bytes() const noexcept { return edges_.bytes(); }

 private:
  bool holds(point p, vec3 direction) const noexcept;

  edge_tree edges_;
  double half_m_;
  double chord2_inside_, chord2_outside_;
  bbox bounds_;
};

}  // namespace haulcast::geo
