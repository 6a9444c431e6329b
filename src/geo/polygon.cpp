#include "polygon.hpp"

#include <algorithm>
#include <cmath>
#include <ranges>

#include "bounds.hpp"
#include "ellipsoid.hpp"
#include "reach.hpp"

namespace haulcast::geo {

namespace {

/// Some 10 km, on which the radii of curvature are what they are at the centre, to a ten-thousandth.
constexpr double even_plane2 = 2.5e-6;

}  // namespace

std::vector<std::vector<vec3>> directions_of(const polygon& area) {
  std::vector<std::vector<vec3>> rings;
  for (const auto& ring : area.rings) {
    rings.emplace_back();
    for (const auto& vertex : ring) rings.back().push_back(unit(vertex));
  }
  return rings;
}

prepared_polygon::prepared_polygon(const polygon& of) : edges_{directions_of(of)}, flat_{flat_rings::of(of)} {
  if (!flat_) sides_.emplace(edges_);
  if (flat_) {
    const double sine = std::sin(flat_->center().latitude * radians);
    radii_ = radii_at(sine * sine);
  }
  // A pole may lie in a hole: the outer ring alone says how far to go.
  bounds_ = of.rings.size() > 1 ? prepared_polygon{polygon{{of.rings.front()}}}.bounds()
                                : bounds_of_ring(of.rings.front(), holds({90, 0}), holds({-90, 0}));
}

bool prepared_polygon::holds(point p) const noexcept { return flat_ ? flat_->inside(p) : sides_->inside(edges_, unit(p)); }

double prepared_polygon::signed_distance_m(point p, double reach_m) const noexcept {
  if (const auto near = flat_ ? flat_->nearest(p) : std::nullopt; near && near->far2 < even_plane2) {
    const double off = std::hypot(near->to_x * radii_.east, near->to_y * radii_.north);
    return contains(p) ? -off : std::max(off, 1e-9);
  }
  const vec3 there = unit(p);
  const double limit = chord2_within(reach_m);
  const auto found = edges_.nearest(there, limit);
  const double off = found.chord2 < limit ? metres_between(p, there, found.foot) : beyond(reach_m);
  return contains(p) ? -off : std::max(off, 1e-9);
}

clearance prepared_polygon::clearance_of(point p, double reach_m) const noexcept {
  if (const auto near = flat_ ? flat_->nearest(p) : std::nullopt) {
    const double angle = std::sqrt(near->to_x * near->to_x + near->to_y * near->to_y) / (1 + near->far2);
    const double free_m = angle * radius_least_m - 0.5;
    return {free_m > 0 ? near->inside : contains(p), free_m};
  }
  return {contains(p), surely_free_m(signed_distance_m(p, reach_m))};
}

/// Wherever it meets an edge it may change sides, so whatever is to be asked is asked half way between.
void prepared_polygon::probes(const arc& way, parts& out) const {
  const vec3 a = way.at(0);
  const vec3 b = way.at(1);
  const box3 around = box3::of_edge(a, b);
  const vec3 across = normalized(normal(a, b));
  parts meetings{0, 1};
  const auto meets_at = [&](vec3 place) {
    const double part = way.nearest_part(place);
    if (part > 0 && part < 1) meetings.push_back(part);
  };
  edges_.walk([&](const box3& box) { return box.overlaps(around); },
              [&](std::size_t edge) {
                const vec3 c = edges_.from(edge);
                const vec3 d = edges_.to(edge);
                const double side_c = dot(across, c);
                const double side_d = dot(across, d);
                if ((side_c > rounding && side_d > rounding) || (side_c < -rounding && side_d < -rounding)) return true;
                if (std::fabs(side_d - side_c) > 4 * rounding) {
                  meets_at(side_d * (side_d > side_c ? c : -c) + (-side_c) * (side_d > side_c ? d : -d));
                } else {  // along the way
                  meets_at(c);
                  meets_at(d);
                }
                return true;
              });
  std::ranges::sort(meetings);
  for (std::size_t i = 0; i + 1 < meetings.size(); ++i)
    if (meetings[i + 1] - meetings[i] > 1e-12) out.push_back((meetings[i] + meetings[i + 1]) / 2);
}

coverage prepared_polygon::of(const cap& piece) const noexcept {
  const double limit = chord2_of_angle(piece.angle) + rounding;
  if (edges_.nearest(piece.direction, limit, limit).chord2 < limit) return coverage::partly;
  return contains(piece.center) ? coverage::inside : coverage::outside;
}

std::size_t prepared_polygon::bytes() const noexcept { return edges_.bytes() + (flat_ ? flat_->bytes() : 0); }

}  // namespace haulcast::geo
