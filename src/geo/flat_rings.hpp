// Rings seen from the middle of the earth on a plane that touches it at their centre (gnomonic projection): great circles are
// straight lines there, exactly, so the plain ray test of a plane answers for the sphere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "box_levels.hpp"
#include "crossing_search.hpp"
#include "edge_tree.hpp"
#include "haulcast/geo/point.hpp"
#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

class flat_rings {
 public:
  /// Nothing when a vertex is more than 60 degrees from the centre, where the plane runs off to infinity.
  static std::optional<flat_rings> of(const polygon& area);

  point center() const noexcept { return center_; }

  /// Edges are inside. O(edges) up to 32 of them, beyond that O(log n) where they lie apart.
  bool inside(point p) const;

  /// Adds where the straight line meets edges, as parts of its length. False: the plane is too wide for that.
  bool meets(point from, point to, parts& out) const;

  /// What is nearest of the edges.
  struct nearest_edge {
    bool inside;      // the place that was asked about is; not to be relied on at an edge
    double to_x = 0;  // from there on the plane, to the east and to the north
    double to_y = 0;
    double far2;  // the square of how far from the centre anything of this lies
  };
  /// Nothing where that would take long or the plane is too wide: distances on it are too long, by 1 / cos² of the angle from
  /// the centre at most, which is less than 1 + far2.
  std::optional<nearest_edge> nearest(point p) const;

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
