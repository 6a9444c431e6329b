#include "haulcast/geo/polyline.hpp"

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "edge_tree.hpp"
#include "ellipsoid.hpp"
#include "reach.hpp"

namespace haulcast::geo {
namespace {

double turned_to_positive(double degrees) { return degrees < 0 ? degrees + 360 : degrees; }

}  // namespace

double bearing_deg(point from, point to) noexcept {
  double there = 0;
  double onward = 0;
  const double metres =
      GeographicLib::Geodesic::WGS84().Inverse(from.latitude, from.longitude, to.latitude, to.longitude, there, onward);
  const double degrees = metres > 0 ? turned_to_positive(there) : 0;
  return degrees < 360 ? degrees : 0;
}

double length_m(std::span<const point> line) noexcept {
  double all = 0;
  for (std::size_t i = 1; i < line.size(); ++i) all += geodesic_m(line[i - 1], line[i]);
  return all;
}

struct polyline::prepared {
  explicit prepared(std::span<const point> line) : points{line.begin(), line.end()}, edges{edge_tree::of_path(line)} {
    along.reserve(line.size());
    along.push_back(0);
    for (std::size_t i = 1; i < line.size(); ++i) along.push_back(along.back() + geodesic_m(line[i - 1], line[i]));
  }

  point place_at(std::size_t edge, double part) const {
    if (part <= 0) return points[edge];
    if (part >= 1) return points[edge + 1];
    return place(arc{edges.from(edge), edges.to(edge)}.at(part));
  }

  place_on_line found(std::size_t edge, double part, double distance) const {
    place_on_line there{.edge = edge, .along_m = along[edge], .on_line = place_at(edge, part), .distance_m = distance};
    there.along_m += part * (along[edge + 1] - along[edge]);
    // From the end of an edge it goes on as the next one does; at the very end as it came.
    if (part < 1) {
      there.bearing = bearing_deg(there.on_line, points[edge + 1]);
    } else {
      there.bearing = edge + 2 < points.size() ? bearing_deg(points[edge + 1], points[edge + 2]) : arriving(edge);
    }
    return there;
  }

  double arriving(std::size_t edge) const { return std::fmod(bearing_deg(points[edge + 1], points[edge]) + 180, 360); }

  double part_of(std::size_t edge, vec3 foot) const {
    const double whole = angle(edges.from(edge), edges.to(edge));
    return whole > 0 ? std::clamp(angle(edges.from(edge), foot) / whole, 0.0, 1.0) : 0;
  }

  place_on_line only_point(point p) const { return {.on_line = points[0], .distance_m = geodesic_m(p, points[0])}; }

  std::vector<point> points;
  std::vector<double> along;  // metres from the start to each vertex
  edge_tree edges;
};

polyline::polyline(std::span<const point> line) : prepared_{(assert(!line.empty()), std::make_shared<const prepared>(line))} {}

double polyline::length_m() const noexcept { return prepared_->along.back(); }
double polyline::along_m(std::size_t vertex) const noexcept { return prepared_->along[vertex]; }
std::size_t polyline::vertices() const noexcept { return prepared_->points.size(); }

place_on_line polyline::at(double along_m) const noexcept {
  const auto& along = prepared_->along;
  if (along.size() == 1) return {.on_line = prepared_->points[0]};
  const auto after = std::upper_bound(along.begin() + 1, along.end() - 1, along_m);
  const auto edge = static_cast<std::size_t>(after - along.begin()) - 1;
  const double length = along[edge + 1] - along[edge];
  return prepared_->found(edge, length > 0 ? std::clamp((along_m - along[edge]) / length, 0.0, 1.0) : 0, 0);
}

place_on_line polyline::nearest(point p) const noexcept {
  if (vertices() == 1) return prepared_->only_point(p);
  const vec3 there = unit(p);
  const auto best = prepared_->edges.nearest(there);
  return prepared_->found(best.edge, prepared_->part_of(best.edge, best.foot), metres_between(p, there, best.foot));
}

place_on_line polyline::nearest(point p, double from_m, double to_m) const noexcept {
  if (vertices() == 1) return prepared_->only_point(p);
  const vec3 there = unit(p);
  const auto& along = prepared_->along;
  place_on_line best = at(from_m);
  const place_on_line last = at(to_m);
  double best2 = norm2(unit(best.on_line) - there);
  if (const double last2 = norm2(unit(last.on_line) - there); last2 < best2) {
    best = last;
    best2 = last2;
  }
  best.distance_m = metres_between(p, there, unit(best.on_line));
  for (std::size_t edge = at(from_m).edge; edge <= last.edge; ++edge) {
    const auto foot = nearest_of(prepared_->edges.from(edge), prepared_->edges.to(edge), there);
    if (foot.chord2 >= best2) continue;
    const double part = prepared_->part_of(edge, foot.foot);
    const double at_m = along[edge] + part * (along[edge + 1] - along[edge]);
    if (at_m < from_m || at_m > to_m) continue;
    best2 = foot.chord2;
    best = prepared_->found(edge, part, metres_between(p, there, foot.foot));
  }
  return best;
}

std::size_t polyline::bytes() const noexcept {
  return sizeof(prepared) + prepared_->points.capacity() * sizeof(point) + prepared_->along.capacity() * sizeof(double) +
         prepared_->edges.bytes();
}

}  // namespace haulcast::geo
