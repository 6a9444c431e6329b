// A way along the earth: how long it is, what lies how far along it, and where on it one is.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

/// The heading in which the shortest line from `from` to `to` leaves: degrees clockwise from north, in [0, 360). 0 when they
/// are one place.
double bearing_deg(point from, point to) noexcept;

/// Metres along the lines from point to point, on the WGS 84 ellipsoid. 0 of fewer than two points.
double length_m(std::span<const point> line) noexcept;

/// Where on a polyline something lies.
struct place_on_line {
  std::size_t edge = 0;  // from vertex `edge` to the next one
  double along_m = 0;    // from the polyline's start
  point on_line;
  double bearing = 0;     // in which the line goes on there, degrees in [0, 360)
  double distance_m = 0;  // from what was asked about
};

/// Its edges are great circles. Immutable, copied by sharing. Vertices in the same place one after the other are allowed. At
/// least one point (asserted), in range and finite; opposite ends of an edge are not (problem_of a corridor says whether a path
/// is in order).
class polyline {
 public:
  explicit polyline(std::span<const point> line);

  double length_m() const noexcept;
  /// The length of the line from its start to this vertex.
  double along_m(std::size_t vertex) const noexcept;
  std::size_t vertices() const noexcept;

  /// The place so many metres from its start; its ends for what lies before and beyond. O(log n).
  place_on_line at(double along_m) const noexcept;

  /// Of all places on it the one nearest to `p`, the first of several. O(log n) where edges lie apart.
  place_on_line nearest(point p) const noexcept;

  /// The same among what lies from `from_m` to `to_m` along it: for a truck whose way crosses or comes back on itself. O(edges
  /// there).
  place_on_line nearest(point p, double from_m, double to_m) const noexcept;

  std::size_t bytes() const noexcept;

 private:
  struct prepared;
  std::shared_ptr<const prepared> prepared_;
};

}  // namespace haulcast::geo
