// What a geofence covers: a circle, a polygon or a corridor, as people give it; and what can be wrong with one.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

/// All points at most `radius_m` from the centre along the WGS 84 ellipsoid.
struct circle {
  point center;
  double radius_m = 0;

  friend bool operator==(const circle&, const circle&) = default;
};

/// Closed: the first vertex is the last one again, as in GeoJSON.
using ring = std::vector<point>;

/// The outer ring, then holes. Edges are great circles; the inside of a ring is the smaller of its two sides, whichever way
/// round it is written.
struct polygon {
  std::vector<ring> rings;

  friend bool operator==(const polygon&, const polygon&) = default;
};

/// All points at most half of `width_m` from a path of great circles; its ends are round.
struct corridor {
  std::vector<point> path;
  double width_m = 0;

  friend bool operator==(const corridor&, const corridor&) = default;
};

using shape = std::variant<circle, polygon, corridor>;

inline constexpr std::size_t vertices_max = 10'000;
inline constexpr double radius_min_m = 1;
inline constexpr double radius_max_m = 1'000'000;

/// What is wrong with a shape, and where: of a polygon the ring and the vertex in it, of a corridor the vertex of its path.
struct shape_problem {
  enum class kind {
    latitude_out_of_range,   // outside [-90, 90], or not finite
    longitude_out_of_range,  // outside [-180, 180], or not finite
    radius_out_of_range,     // outside 1 m to 1000 km
    width_out_of_range,      // likewise
    no_ring,
    too_few_vertices,   // a ring has fewer than 3 corners, a path fewer than 2 points
    too_many_vertices,  // of all rings together
    ring_not_closed,
    vertex_repeated,         // an edge without length
    edge_of_half_the_earth,  // its ends are opposite: which way round is not said
    ring_crosses_itself,     // or touches itself
    hole_outside,            // or crosses the outer ring
    holes_overlap,
  };
  kind what{};
  std::size_t ring = 0;
  std::size_t vertex = 0;
};

/// A sentence's end: "the ring crosses itself here".
std::string_view to_text(shape_problem::kind what) noexcept;

/// The first thing that is wrong with it. O(n log n) in the vertices for shapes of good will and never worse than O(n^2) with
/// a small constant; thousands of vertices take milliseconds, so not on the loop.
std::optional<shape_problem> problem_of(const shape& s);

std::size_t vertices_of(const shape& s) noexcept;

}  // namespace haulcast::geo
