#include "edge_tree.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace haulcast::geo {
namespace {

/// The distance from [low, high] along one axis.
double beyond(double at, double low, double high) { return std::max({low - at, at - high, 0.0}); }

}  // namespace

box3 box3::of_edge(vec3 a, vec3 b) {
  // An arc of the angle w is nowhere farther than 1 - cos(w / 2) from its chord.
  const double middle = std::min(1.0, norm(0.5 * (a + b)));
  const double pad = (1 - middle) + rounding;
  return {.low = {std::min(a.x, b.x) - pad, std::min(a.y, b.y) - pad, std::min(a.z, b.z) - pad},
          .high = {std::max(a.x, b.x) + pad, std::max(a.y, b.y) + pad, std::max(a.z, b.z) + pad}};
}

void box3::add(const box3& other) {
  low = {std::min(low.x, other.low.x), std::min(low.y, other.low.y), std::min(low.z, other.low.z)};
  high = {std::max(high.x, other.high.x), std::max(high.y, other.high.y), std::max(high.z, other.high.z)};
}

bool box3::overlaps(const box3& other) const {
  return low.x <= other.high.x && other.low.x <= high.x && low.y <= other.high.y && other.low.y <= high.y &&
         low.z <= other.high.z && other.low.z <= high.z;
}

double box3::distance2(vec3 p) const {
  return norm2({beyond(p.x, low.x, high.x), beyond(p.y, low.y, high.y), beyond(p.z, low.z, high.z)});
}

bool box3::meets_plane(vec3 n) const {
  const vec3 half = 0.5 * (high - low);
  const double reach = std::fabs(n.x) * half.x + std::fabs(n.y) * half.y + std::fabs(n.z) * half.z;
  return std::fabs(dot(n, 0.5 * (high + low))) <= reach + rounding;
}

nearest_on_edge nearest_of(vec3 a, vec3 b, vec3 p) {
  const vec3 n = normal(a, b);
  const vec3 beside = cross(p, n);
  if (dot(beside, a) > 0 && dot(beside, b) < 0) {  // between the ends, seen from the edge
    const double off = dot(n, p);
    const double sin2 = std::min(1.0, off * off / norm2(n));
    const vec3 foot = normalized(p - (off / norm2(n)) * n);
    return {.chord2 = 2 * sin2 / (1 + std::sqrt(1 - sin2)), .foot = foot};
  }
  const double to_a = norm2(p - a);
  const double to_b = norm2(p - b);
  return to_a <= to_b ? nearest_on_edge{to_a, a} : nearest_on_edge{to_b, b};
}

edge_tree::edge_tree(std::span<const std::vector<vec3>> lines) {
  std::size_t count = 0;
  for (const auto& line : lines) count += line.size();
  vertices_.reserve(count);
  ends_.reserve(lines.size());
  for (const auto& line : lines) {
    vertices_.insert(vertices_.end(), line.begin(), line.end());
    ends_.push_back(static_cast<std::uint32_t>(vertices_.size() - 1));
  }
  if (slots() <= few) return;
  boxes_ = {slots(), [this](std::size_t i) { return has_edge(i) ? box3::of_edge(from(i), to(i)) : box3{}; }};
}

edge_tree edge_tree::of_path(std::span<const point> path) {
  std::vector<vec3> line;
  line.reserve(path.size());
  for (const point p : path) line.push_back(unit(p));
  return edge_tree{std::span{&line, 1}};
}

bool edge_tree::has_edge(std::size_t vertex) const {
  return ends_.size() == 1 || !std::ranges::binary_search(ends_, static_cast<std::uint32_t>(vertex));
}

std::size_t edge_tree::line_of(std::size_t edge) const {
  const auto end = std::ranges::lower_bound(ends_, static_cast<std::uint32_t>(edge));
  return static_cast<std::size_t>(end - ends_.begin());
}

void edge_tree::nearest_among(std::size_t begin, std::size_t end, vec3 p, nearest_on_edge& best) const {
  for (std::size_t i = begin; i < end; ++i) {
    if (!has_edge(i)) continue;
    const auto found = nearest_of(from(i), to(i), p);
    if (found.chord2 < best.chord2) best = {found.chord2, found.foot, i};
  }
}

void edge_tree::nearest_in(box_levels<box3>::node node, vec3 p, double enough, nearest_on_edge& best) const {
  const auto [begin, end] = boxes_.below(node);
  if (node.level == 0) return nearest_among(begin, end, p, best);
  std::array<std::pair<double, std::size_t>, box_levels<box3>::fanout> near_first;
  const std::size_t count = end - begin;
  for (std::size_t i = 0; i < count; ++i) near_first[i] = {boxes_.box({node.level - 1, begin + i}).distance2(p), begin + i};
  std::sort(near_first.begin(), near_first.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    if (near_first[i].first >= best.chord2 || best.chord2 < enough) return;
    nearest_in({node.level - 1, near_first[i].second}, p, enough, best);
  }
}

nearest_on_edge edge_tree::nearest(vec3 p, double chord2_limit, double chord2_enough) const {
  nearest_on_edge best{.chord2 = chord2_limit, .foot = p};
  if (boxes_.empty()) {
    nearest_among(0, slots(), p, best);
  } else if (boxes_.box(boxes_.root()).distance2(p) < best.chord2) {
    nearest_in(boxes_.root(), p, chord2_enough, best);
  }
  return best;
}

std::size_t edge_tree::bytes() const noexcept {
  return vertices_.capacity() * sizeof(vec3) + ends_.capacity() * sizeof(std::uint32_t) + boxes_.bytes();
}

}  // namespace haulcast::geo
