#include "sides.hpp"

#include <cmath>
#include <numbers>

namespace haulcast::geo {
namespace {

/// Of the side on the left of a ring that does not meet itself: a full turn less what its corners turn (Gauss and Bonnet).
double area_on_the_left(const edge_tree& edges, std::size_t ring) {
  const std::size_t begin = edges.begin_of(ring);
  const std::size_t end = edges.end_of(ring);
  double turned = 0;
  vec3 before = normal(edges.from(end - 1), edges.to(end - 1));
  for (std::size_t i = begin; i < end; ++i) {
    const vec3 after = normal(edges.from(i), edges.to(i));
    turned += std::atan2(dot(cross(before, after), edges.from(i)), dot(before, after));
    before = after;
  }
  return 2 * std::numbers::pi - turned;
}

std::size_t longest_edge(const edge_tree& edges, std::size_t ring) {
  std::size_t best = edges.begin_of(ring);
  for (std::size_t i = best; i < edges.end_of(ring); ++i)
    if (norm2(edges.to(i) - edges.from(i)) > norm2(edges.to(best) - edges.from(best))) best = i;
  return best;
}

bool clear_of(const edge_tree& edges, vec3 p) { return edges.nearest(p, 1e-18).chord2 >= 1e-18; }

}  // namespace

sides::sides(const edge_tree& edges) {
  // From the middle of an edge, of whose sides one is the inner, to somewhere off all edges; and from there to the second
  // place.
  const std::size_t start = longest_edge(edges, 0);
  const bool left_is_inside = area_on_the_left(edges, 0) < 2 * std::numbers::pi;
  const vec3 middle = normalized(edges.from(start) + edges.to(start));
  const vec3 left = normalized(normal(edges.from(start), edges.to(start)));
  const vec3 ahead = cross(left, middle);
  auto& [first, second] = known_;
  const auto turned = [](double by, vec3 a, vec3 b) { return std::cos(by) * a + std::sin(by) * b; };

  double turn = 0.61;
  int tries_left = 200;  // of rings in order hardly more than one is needed
  const auto others = [&](std::size_t edge) { return edge != start; };
  const auto flip_first = [&](std::size_t) { first.inside = !first.inside; };
  do {
    turn += 0.1;
    first.at = turned(1.1, middle, turned(turn, left, ahead));
    first.inside = left_is_inside == (dot(first.at, left) > 0);
  } while (--tries_left > 0 && (!clear_of(edges, first.at) || walk_crossed(edges, middle, first.at, others, flip_first)));

  const vec3 square = square_to(first.at);
  const auto flip_second = [&](std::size_t) { second.inside = !second.inside; };
  do {
    turn += 0.1;
    second.at = turned(turn, square, cross(first.at, square));
    second.inside = first.inside;
  } while (--tries_left > 0 &&
           (!clear_of(edges, second.at) || walk_crossed(edges, second.at, first.at, every_edge, flip_second)));
}

bool sides::inside(const edge_tree& edges, vec3 p) const {
  const auto& [to, to_is_inside] = reference(p);
  bool inside = to_is_inside;
  return walk_crossed(edges, p, to, every_edge, [&](std::size_t) { inside = !inside; }) || inside;
}

}  // namespace haulcast::geo
