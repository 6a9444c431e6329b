// A polygon made ready: flat where it fits a plane, on the sphere where it does not.
#pragma once

#include <optional>
#include <vector>

#include "cap.hpp"
#include "crossing_search.hpp"
#include "edge_tree.hpp"
#include "ellipsoid.hpp"
#include "flat_rings.hpp"
#include "haulcast/geo/region.hpp"
#include "short_way.hpp"
#include "sides.hpp"

namespace haulcast::geo {

/// The closed rings of a polygon as directions.
std::vector<std::vector<vec3>> directions_of(const polygon& area);

class prepared_polygon {
 public:
  explicit prepared_polygon(const polygon& of);

  bool contains(point p) const noexcept { return bounds_.contains(p) && holds(p); }
  double signed_distance_m(point p, double reach_m) const noexcept;
  clearance clearance_of(point p, double reach_m) const noexcept;
  void probes(const arc& way, parts& out) const;
  /// Adds where the way meets edges, if anywhere. False: that is not known so simply.
  bool meets(const short_way& way, parts& out) const { return flat_ && flat_->meets(way.at(0), way.at(1), out); }
  const bbox& bounds() const noexcept { return bounds_; }
  coverage of(const cap& piece) const noexcept;
  std::size_t bytes() const noexcept;

 private:
  bool holds(point p) const noexcept;

  edge_tree edges_;
  std::optional<flat_rings> flat_;
  std::optional<sides> sides_;  // where there is no flat_
  radii radii_{};               // at the plane's centre
  bbox bounds_;
};

}  // namespace haulcast::geo
