#include "corridor.hpp"

#include <algorithm>
#include <cmath>

#include "bounds.hpp"
#include "ellipsoid.hpp"
#include "reach.hpp"

namespace haulcast::geo {
namespace {

constexpr double doubt_m = 0.5;

/// Where the way's part in the direction of `v` is the most or the least, and where it is `level`.
void levels_of(const arc& way, vec3 v, double level, parts& out) {
  const double full_turn = 2 * std::numbers::pi / way.angle();
  const double most = way.nearest_part(v);
  const auto offer = [&](double part) {
    for (const double p : {part, part + full_turn, part - full_turn})
      if (p > 0 && p < 1) out.push_back(p);
  };
  offer(most);
  offer(most + full_turn / 2);
  const double height = dot(way.at(most), v);
  if (std::fabs(level) >= height) return;
  const double aside = std::acos(level / height) / way.angle();
  offer(most - aside);
  offer(most + aside);
}

}  // namespace

prepared_corridor::prepared_corridor(const corridor& of)
    : edges_{edge_tree::of_path(of.path)},
      half_m_{of.width_m / 2},
      chord2_inside_{chord2_of_angle(half_m_ / radius_most_m)},
      chord2_outside_{chord2_within(half_m_)},
      bounds_{bounds_of_path(of.path, half_m_ / radius_least_m)} {}

bool prepared_corridor::holds(point p, vec3 direction) const noexcept {
  const auto found = edges_.nearest(direction, chord2_outside_, chord2_inside_);
  if (found.chord2 < chord2_inside_) return true;
  if (found.chord2 >= chord2_outside_) return false;
  const double metres = near_metres(direction, found.foot);
  const double doubt = near_metres_error(metres);
  if (std::fabs(metres - half_m_) > doubt) return metres < half_m_;
  return geodesic_m(p, place(found.foot)) <= half_m_;
}

double prepared_corridor::signed_distance_m(point p, double reach_m) const noexcept {
  const vec3 direction = unit(p);
  const double limit = chord2_within(reach_m + half_m_);
  const auto found = edges_.nearest(direction, limit);
  if (found.chord2 >= limit) return beyond(reach_m);
  double metres = near_metres(direction, found.foot);
  if (near_metres_error(metres) > 1e-3 + 1e-4 * std::fabs(metres - half_m_)) metres = geodesic_m(p, place(found.foot));
  const double off = std::fabs(metres - half_m_);
  return contains(p) ? -off : std::max(off, 1e-9);
}

double prepared_corridor::off_m(point p) const noexcept {
  const vec3 direction = unit(p);
  return near_metres(direction, edges_.nearest(direction, 8).foot) - half_m_;
}

clearance prepared_corridor::clearance_of(point p, double reach_m) const noexcept {
  const vec3 direction = unit(p);
  const double limit = chord2_within(reach_m + half_m_);
  const double chord2 = edges_.nearest(direction, limit).chord2;
  if (chord2 >= limit) return {false, reach_m};
  const double chord = std::sqrt(chord2);
  const double least = chord * radius_least_m - half_m_;
  // Longer than the chord by a 24th of its square, and a hair.
  const double most = chord * (1 + chord2 / 8) * radius_most_m - half_m_;
  if (least > doubt_m) return {false, least - doubt_m};
  if (most < -doubt_m) return {true, -most - doubt_m};
  return {bounds_.contains(p) && holds(p, direction), 0};
}

/// Beside an edge, and round its ends: where the way comes nearest, and about where it comes so near.
void prepared_corridor::probes(const arc& way, parts& out) const {
  parts all{0, 1};
  const double half = half_m_ / ((radius_least_m + radius_most_m) / 2);
  const box3 around = box3::of_edge(way.at(0), way.at(1)).grown(std::sqrt(chord2_outside_));
  edges_.walk([&](const box3& box) { return box.overlaps(around); },
              [&](std::size_t edge) {
                const vec3 a = edges_.from(edge);
                const vec3 b = edges_.to(edge);
                if (!box3::of_edge(a, b).overlaps(around)) return true;
                const vec3 left = normalized(normal(a, b));
                levels_of(way, left, std::sin(half), all);
                levels_of(way, -left, std::sin(half), all);
                levels_of(way, a, std::cos(half), all);
                levels_of(way, b, std::cos(half), all);
                return true;
              });
  add_middles(all);
  out.insert(out.end(), all.begin() + 1, all.end() - 1);
}

coverage prepared_corridor::of(const cap& piece) const noexcept {
  const double farthest = half_m_ / radius_least_m * (1 + 1e-12) + piece.angle;
  const double limit = farthest < std::numbers::pi ? chord2_of_angle(farthest) + rounding : 8;
  const double deep = half_m_ / radius_most_m * (1 - 1e-12) - piece.angle;
  const double enough = deep > 0 ? chord2_of_angle(deep) - rounding : -1;
  const double chord2 = edges_.nearest(piece.direction, limit, enough).chord2;
  if (chord2 >= limit) return coverage::outside;
  return chord2 < enough ? coverage::inside : coverage::partly;
}

}  // namespace haulcast::geo
