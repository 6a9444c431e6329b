#include "rings_meet.hpp"

#include <cmath>
#include <span>

#include "edge_tree.hpp"
#include "polygon.hpp"
#include "sides.hpp"

namespace haulcast::geo {
namespace {

using kind = shape_problem::kind;

bool on_edge(vec3 p, vec3 a, vec3 b) { return nearest_of(a, b, p).chord2 <= rounding * rounding; }

/// What the ends of an edge say about a great circle: whether they lie on one side of it, on both, or one on it as far as can
/// be told.
enum class stance { apart, across, touching };

stance stance_of(double side_a, double side_b) {
  const auto sign = [](double side) { return side > rounding ? 1 : side < -rounding ? -1 : 0; };
  const int both = sign(side_a) * sign(side_b);
  return both > 0 ? stance::apart : both < 0 ? stance::across : stance::touching;
}

/// Two edges that have no end in common.
bool meet(vec3 a, vec3 b, vec3 c, vec3 d) {
  const vec3 first = normalized(normal(a, b));
  const double side_c = dot(first, c);
  const double side_d = dot(first, d);
  const stance of_second = stance_of(side_c, side_d);
  if (of_second == stance::apart) return false;
  const vec3 second = normalized(normal(c, d));
  const stance of_first = stance_of(dot(second, a), dot(second, b));
  if (of_first == stance::apart) return false;
  if (of_first == stance::touching || of_second == stance::touching)
    return on_edge(a, c, d) || on_edge(b, c, d) || on_edge(c, a, b) || on_edge(d, a, b);
  // Both great circles are crossed: at the same one of the two places where they meet?
  const vec3 place = (1 / (side_d - side_c)) * (side_d * c - side_c * d);
  return dot(place, a + b) > 0;
}

/// Two edges from one corner: the one must not run back over the other.
bool fold(vec3 corner, vec3 one, vec3 other) { return on_edge(one, corner, other) || on_edge(other, corner, one); }

class inspection {
 public:
  explicit inspection(const polygon& area) : edges_{directions_of(area)} {}

  std::optional<shape_problem> run() const {
    for (std::size_t ring = 0; ring < edges_.lines(); ++ring)
      for (std::size_t edge = edges_.begin_of(ring); edge < edges_.end_of(ring); ++edge)
        if (const auto met = earlier_met_by(edge)) return at(edge, kind_of(edges_.line_of(*met), ring));
    return hole_in_a_wrong_place();
  }

 private:
  shape_problem at(std::size_t edge, kind what) const {
    const std::size_t ring = edges_.line_of(edge);
    return {what, ring, edge - edges_.begin_of(ring)};
  }

  static kind kind_of(std::size_t one, std::size_t other) {
    if (one == other) return kind::ring_crosses_itself;
    return one == 0 ? kind::hole_outside : kind::holes_overlap;
  }

  std::optional<std::size_t> earlier_met_by(std::size_t edge) const {
    const vec3 c = edges_.from(edge);
    const vec3 d = edges_.to(edge);
    const box3 around = box3::of_edge(c, d);
    const std::size_t ring = edges_.line_of(edge);
    const bool closes = edge + 1 == edges_.end_of(ring);
    std::optional<std::size_t> met;
    edges_.walk([&](const box3& box) { return box.overlaps(around); },
                [&](std::size_t other) {
                  if (other >= edge) return false;
                  const vec3 a = edges_.from(other);
                  const vec3 b = edges_.to(other);
                  const bool follows = other + 1 == edge && edge != edges_.begin_of(ring);
                  const bool is_first = closes && other == edges_.begin_of(ring);
                  const bool wrong = follows    ? fold(b, a, d) || (is_first && fold(a, b, c))
                                     : is_first ? fold(a, b, c)
                                                : meet(a, b, c, d);
                  if (wrong) met = other;
                  return !wrong;
                });
    return met;
  }

  /// Nothing meets, so one vertex of a hole speaks for all of it.
  std::optional<shape_problem> hole_in_a_wrong_place() const {
    if (edges_.lines() == 1) return std::nullopt;
    const std::vector<vec3> outer{edges_.vertices().begin(),
                                  edges_.vertices().begin() + static_cast<std::ptrdiff_t>(edges_.end_of(0)) + 1};
    const edge_tree outer_edges{std::span{&outer, 1}};
    const sides outer_sides{outer_edges};
    for (std::size_t hole = 1; hole < edges_.lines(); ++hole) {
      const std::size_t first = edges_.begin_of(hole);
      if (!outer_sides.inside(outer_edges, edges_.from(first))) return at(first, kind::hole_outside);
      if (in_another(hole)) return at(first, kind::holes_overlap);
    }
    return std::nullopt;
  }

  /// From the hole to the outer ring, which is in no hole, an odd number of other holes' edges. In two at once: then one of
  /// those is in the other.
  bool in_another(std::size_t hole) const {
    const vec3 p = edges_.from(edges_.begin_of(hole));
    vec3 outside = edges_.from(0);
    for (std::size_t i = 1; i < edges_.end_of(0) && dot(p, outside) < -0.9; ++i) outside = edges_.from(i);
    bool odd = false;
    walk_crossed(
        edges_, p, outside,
        [&](std::size_t edge) {
          const std::size_t ring = edges_.line_of(edge);
          return ring != 0 && ring != hole;
        },
        [&](std::size_t) { odd = !odd; });
    return odd;
  }

  edge_tree edges_;
};

}  // namespace

std::optional<shape_problem> ring_problem_of(const polygon& area) { return inspection{area}.run(); }

}  // namespace haulcast::geo
