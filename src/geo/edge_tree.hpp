// Many great-circle edges, found by place: boxes in space over rings or a path, which know neither poles nor antimeridian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "box_levels.hpp"
#include "haulcast/geo/point.hpp"
#include "vec3.hpp"

namespace haulcast::geo {

struct box3 {
  vec3 low{8, 8, 8};
  vec3 high{-8, -8, -8};

  /// Holds the whole arc, with what it bulges beyond its chord.
  static box3 of_edge(vec3 a, vec3 b);
  void add(const box3& other);
  box3 grown(double by) const { return {low - vec3{by, by, by}, high + vec3{by, by, by}}; }
  bool overlaps(const box3& other) const;
  /// Square of the distance in space, 0 inside.
  double distance2(vec3 p) const;
  /// Whether the plane through the earth's centre with this normal of length 1 comes through it.
  bool meets_plane(vec3 unit_normal) const;
};

/// The place on an edge that is nearest to one asked about.
struct nearest_on_edge {
  double chord2 = 8;  // square of the distance in space
  vec3 foot;
  std::size_t edge = 0;
};
nearest_on_edge nearest_of(vec3 a, vec3 b, vec3 p);

/// Edge i goes from vertex i to vertex i + 1; the last vertex of a line begins none. Immutable. What is asked costs O(log n)
/// where edges lie apart, O(n) at worst; few edges are walked without a tree.
class edge_tree {
 public:
  /// Lines one after the other: rings with their first vertex again at the end, or one path.
  explicit edge_tree(std::span<const std::vector<vec3>> lines);
  static edge_tree of_path(std::span<const point> path);

  std::span<const vec3> vertices() const noexcept { return vertices_; }
  vec3 from(std::size_t edge) const { return vertices_[edge]; }
  vec3 to(std::size_t edge) const { return vertices_[edge + 1]; }
  std::size_t line_of(std::size_t edge) const;
  std::size_t begin_of(std::size_t line) const { return line == 0 ? 0 : ends_[line - 1] + 1U; }
  std::size_t end_of(std::size_t line) const { return ends_[line]; }  // its last vertex
  std::size_t lines() const noexcept { return ends_.size(); }

  /// The nearest place of all that is nearer than the one limit; where one is nearer than the other, that will do.
  nearest_on_edge nearest(vec3 p, double chord2_limit = 8, double chord2_enough = -1) const;

  /// Calls visit(edge) for at least those edges whose box `wanted(box)` accepts, in order, until it returns false.
  template <class Wanted, class Visit>
  void walk(const Wanted& wanted, const Visit& visit) const {
    const auto visit_edge = [&](std::size_t i) { return !has_edge(i) || visit(i); };
    if (!boxes_.empty()) {
      boxes_.walk(boxes_.root(), wanted, visit_edge);
      return;
    }
    for (std::size_t i = 0; i < slots(); ++i)
      if (!visit_edge(i)) return;
  }

  std::size_t bytes() const noexcept;

 private:
  static constexpr std::size_t few = 16;

  bool has_edge(std::size_t vertex) const;
  std::size_t slots() const { return vertices_.empty() ? 0 : vertices_.size() - 1; }
  void nearest_among(std::size_t begin, std::size_t end, vec3 p, nearest_on_edge& best) const;
  void nearest_in(box_levels<box3>::node node, vec3 p, double enough, nearest_on_edge& best) const;

  std::vector<vec3> vertices_;
  std::vector<std::uint32_t> ends_;  // the last vertex of each line
  box_levels<box3> boxes_;
};

}  // namespace haulcast::geo
