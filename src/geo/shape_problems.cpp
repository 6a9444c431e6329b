#include <cmath>
#include <optional>
#include <span>

#include "haulcast/geo/shape.hpp"
#include "rings_meet.hpp"
#include "vec3.hpp"

namespace haulcast::geo {
namespace {

using kind = shape_problem::kind;
using problem = std::optional<shape_problem>;

constexpr double same_place = 1e-12;     // of the earth's radius: 6 micrometres
constexpr double opposite_place = 1e-9;  // 6 millimetres

bool within(double value, double least, double most) { return value >= least && value <= most; }  // no NaN is

problem point_problem(point p, std::size_t ring, std::size_t vertex) {
  if (!within(p.latitude, -90, 90)) return shape_problem{kind::latitude_out_of_range, ring, vertex};
  if (!within(p.longitude, -180, 180)) return shape_problem{kind::longitude_out_of_range, ring, vertex};
  return std::nullopt;
}

problem points_problem(std::span<const point> points, std::size_t ring) {
  for (std::size_t i = 0; i < points.size(); ++i)
    if (const auto wrong = point_problem(points[i], ring, i)) return wrong;
  return std::nullopt;
}

/// Of vertices that are where they may be. The later vertex is the repeated one, the earlier one begins the edge that is too
/// long.
problem edges_problem(std::span<const point> points, std::size_t ring) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    const vec3 a = unit(points[i - 1]);
    const vec3 b = unit(points[i]);
    if (norm(a - b) < same_place) return shape_problem{kind::vertex_repeated, ring, i};
    if (norm(a + b) < opposite_place) return shape_problem{kind::edge_of_half_the_earth, ring, i - 1};
  }
  return std::nullopt;
}

problem closure_problem(const ring& of, std::size_t index) {
  const bool closed = of.size() > 1 && of.front() == of.back();
  if (of.size() < (closed ? 4 : 3)) return shape_problem{kind::too_few_vertices, index, 0};
  if (!closed) return shape_problem{kind::ring_not_closed, index, of.size() - 1};
  return std::nullopt;
}

problem count_problem(const polygon& of) {
  std::size_t all = 0;
  for (std::size_t i = 0; i < of.rings.size(); ++i) {
    const std::size_t before = all;
    all += of.rings[i].size();
    if (all > vertices_max) return shape_problem{kind::too_many_vertices, i, vertices_max - before};
  }
  return std::nullopt;
}

struct inspector {
  problem operator()(const circle& c) const {
    if (const auto wrong = point_problem(c.center, 0, 0)) return wrong;
    if (!within(c.radius_m, radius_min_m, radius_max_m)) return shape_problem{kind::radius_out_of_range};
    return std::nullopt;
  }

  problem operator()(const corridor& c) const {
    if (c.path.size() > vertices_max) return shape_problem{kind::too_many_vertices, 0, vertices_max};
    if (c.path.size() < 2) return shape_problem{kind::too_few_vertices};
    if (const auto wrong = points_problem(c.path, 0)) return wrong;
    if (!within(c.width_m, radius_min_m, radius_max_m)) return shape_problem{kind::width_out_of_range};
    return edges_problem(c.path, 0);
  }

  problem operator()(const polygon& p) const {
    if (p.rings.empty()) return shape_problem{kind::no_ring};
    if (const auto wrong = count_problem(p)) return wrong;
    for (std::size_t i = 0; i < p.rings.size(); ++i) {
      if (const auto wrong = points_problem(p.rings[i], i)) return wrong;
      if (const auto wrong = closure_problem(p.rings[i], i)) return wrong;
      if (const auto wrong = edges_problem(p.rings[i], i)) return wrong;
    }
    return ring_problem_of(p);
  }
};

}  // namespace

std::optional<shape_problem> problem_of(const shape& s) { return std::visit(inspector{}, s); }

}  // namespace haulcast::geo
