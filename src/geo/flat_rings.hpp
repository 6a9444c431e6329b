// Rings seen from the middle of the earth on a plane that touches it at their centre (gnomonic projection): great circles are
// straight lines there, exactly, so the plain ray test of a plane answers for the sphere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "box_levels.hpp"
#include "edge_tree.hpp"
#include "haulcast/geo/point.hpp"
#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

class flat_rings {
 public:
  /// Nothing when a vertex is more than 60 degrees from the centre, where the plane runs off to infinity.
  static std::optional<flat_rings> of(const polygon& area);

  /// Edges are inside. O(edges) up to 32 of them, beyond that O(log n) where they lie apart.
  bool inside(point p) const;

  /// Radians to the nearest edge or somewhat less. Nothing where that would take long or the plane is too wide.
  std::optional<double> free_angle(point p) const;

  std::size_t bytes() const noexcept;

 private:
  struct flat {
    double x = 0;
    double y = 0;
  };
  /// What a ray to the east may meet.
  struct strip {
    double x_high = -1e300;
    double y_low = 1e300;
    double y_high = -1e300;
    void add(const strip& other);
    bool meets(flat p) const;
  };

  explicit flat_rings(point center);
  std::optional<flat> project(point p) const;
  bool has_edge(std::size_t vertex) const;
  strip strip_of(std::size_t edge) const;
  /// False when the place lies on the edge.
  bool count(std::size_t edge, flat p, bool& odd) const;

  point center_;
  double sin_center_;
  double cos_center_;
  double far2_ = 0;  // of the vertex that is farthest from the centre
  std::vector<flat> vertices_;
  std::vector<std::uint32_t> ends_;
  box_levels<strip> boxes_;
};

}  // namespace haulcast::geo
