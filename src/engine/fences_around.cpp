#include "haulcast/engine/fences_around.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "haulcast/base/prefetch.hpp"

namespace haulcast::engine {

namespace {

constexpr double reach_m = 400;          // of a disc
constexpr std::size_t few_enough = 32;   // boundaries to look for in those of the cell before
constexpr double around_degrees = 0.05;  // of an anchor: there its map is good enough

// No degree of the ellipsoid is longer: one of latitude at a pole is 111,694 m, one of longitude that times the cosine at most.
constexpr double metres_per_degree = 111'700;
constexpr double radians_per_degree = 0.017453292519943295;
constexpr double latitude_most = 80;      // up to there the map around a truck is nearly square,
constexpr double longitude_most = 179.9;  // and does not go over the edge

double square(double x) noexcept { return x * x; }

}  // namespace

bool fences_around::boundary::leaves_free(place p) const noexcept {
  return square(p.x - middle.x) + square(p.y - middle.y) < free2_m2;
}

void fences_around::drop_anchor(geo::point at) noexcept {
  anchor_ = at;
  const double nearest_equator = std::max(0.0, std::fabs(at.latitude) - 2 * around_degrees);
  const bool has_map = std::fabs(at.latitude) <= latitude_most && std::fabs(at.longitude) <= longitude_most;
  east_m_ = has_map ? metres_per_degree * std::cos(nearest_equator * radians_per_degree) : 0;
}

fences_around::place fences_around::place_of(geo::point p) const noexcept {
  return {(p.longitude - anchor_.longitude) * east_m_, (p.latitude - anchor_.latitude) * metres_per_degree};
}

bool fences_around::is_where_it_was(geo::point p) const noexcept {
  const geo::cell at = geo::cell::of(p);
  const unsigned shift = geo::cell::depth_max - where_.depth;
  return at.column >> shift == where_.column && at.row >> shift == where_.row;
}

const std::vector<fences_around::crossed_fence>* fences_around::follow(std::uint32_t truck, fences_in_force& fences,
                                                                       geo::point to, fences_in_force::memo& last,
                                                                       std::vector<fences_in_force::found_fence>& found) {
  const bool none_changed = changes_ == fences.changes();
  const bool near_anchor = std::fabs(to.latitude - anchor_.latitude) < around_degrees &&
                           std::fabs(to.longitude - anchor_.longitude) < around_degrees;
  if (!none_changed || !near_anchor) {
    all_.clear();
    drop_anchor(to);
  }
  const place there = place_of(to);
  if (none_changed && near_anchor && truck_ == truck && is_measured_ && is_where_it_was(to)) {
    crossed_.clear();
    for (boundary& b : all_) {
      if (b.leaves_free(there)) continue;
      const bool was_inside = b.inside;
      measure(b, to, there);
      if (b.inside != was_inside) crossed_.push_back({b.what, b.inside});
    }
    return &crossed_;
  }
  is_measured_ = std::exchange(truck_, truck) == truck;
  if (!is_measured_) {  // if each position is another truck's, nobody would use the discs
    fences.look(std::nullopt, to, last, found);
    return nullptr;
  }
  const auto& cell = fences.around(to, last);
  changes_ = fences.changes();
  where_ = cell.where;
  look_round(fences, to, there, cell);
  found.clear();
  for (const std::uint32_t key : cell.inside) found.push_back({fences.of(key), true});
  for (const boundary& b : all_) {
    if (b.inside) found.push_back({b.what, true});
  }
  return nullptr;
}

void fences_around::measure(boundary& b, geo::point at, place there) const noexcept {
  const auto [inside, free_m] = b.what->region->clearance_of(at, reach_m);
  b.inside = inside;
  b.middle = there;
  b.free2_m2 = east_m_ > 0 ? square(free_m) : 0;
}

// What a disc says holds whoever is in it.
void fences_around::look_round(const fences_in_force& fences, geo::point at, place there,
                               const geo::region_index::cell_answer& cell) {
  before_.swap(all_);
  all_.clear();
  const bool few = before_.size() <= few_enough;
  for (const std::uint32_t key : cell.partly) haulcast::prefetch(&fences.of(key)->region);
  for (const std::uint32_t key : cell.partly) fences.of(key)->region->prefetch();
  for (const std::uint32_t key : cell.partly) {
    boundary b{.what = fences.of(key), .middle = {}, .free2_m2 = 0, .inside = false};
    const auto known = few ? std::ranges::find(before_, b.what, &boundary::what) : before_.end();
    if (known != before_.end()) b = *known;
    if (!b.leaves_free(there)) measure(b, at, there);
    all_.push_back(b);
  }
}

}  // namespace haulcast::engine
