// On which side of rings a place lies, anywhere on the earth: how often an arc to a place whose side is known crosses them.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "edge_tree.hpp"
#include "vec3.hpp"

namespace haulcast::geo {

/// Calls crossed(edge) for each edge that the arc from `p` to `r` crosses (of two edges that meet on it, for one or for both,
/// as it goes from one side to the other or not). True when `p` lies on one of the edges; then the calls mean nothing. The two
/// must not be almost the same place nor almost opposite ones. Edges that counts(edge) denies are not there.
template <class Counts, class Crossed>
bool walk_crossed(const edge_tree& edges, vec3 p, vec3 r, const Counts& counts, const Crossed& crossed) {
  const vec3 across = normalized(normal(p, r));
  bool on_edge = false;
  edges.walk([&](const box3& box) { return box.meets_plane(across); },
             [&](std::size_t edge) {
               if (!counts(edge)) return true;
               const vec3 a = edges.from(edge);
               const vec3 b = edges.to(edge);
               const double side_a = dot(across, a);
               const double side_b = dot(across, b);
               if ((side_a > rounding && side_b > rounding) || (side_a < -rounding && side_b < -rounding)) return true;
               const vec3 n = normal(a, b);
               const double off = dot(n, p);
               if (off * off <= 16 * rounding * rounding * norm2(n) && nearest_of(a, b, p).chord2 <= rounding * rounding) {
                 on_edge = true;
                 return false;
               }
               if ((side_a >= 0) == (side_b >= 0)) return true;
               const vec3 meeting = (1 / (side_b - side_a)) * (side_b * a - side_a * b);
               if (dot(cross(p, meeting), across) > 0 && dot(cross(meeting, r), across) >= 0) crossed(edge);
               return true;
             });
  return on_edge;
}

inline constexpr auto every_edge = [](std::size_t) { return true; };

/// The sides of a polygon's rings. The edges are kept by the caller and handed in again.
class sides {
 public:
  explicit sides(const edge_tree& edges);

  /// A place and whether it is inside, which can be reached from `p`.
  struct known {
    vec3 at;
    bool inside = false;
  };
  const known& reference(vec3 p) const {
    return std::fabs(dot(p, known_[0].at)) <= std::fabs(dot(p, known_[1].at)) ? known_[0] : known_[1];
  }

  /// O(edges near the great circle to a known place). Edges are inside.
  bool inside(const edge_tree& edges, vec3 p) const;

 private:
  std::array<known, 2> known_;  // square to one another, so one of them is neither near nor opposite
};

}  // namespace haulcast::geo
