#include "flat_rings.hpp"

#include <algorithm>
#include <cmath>

#include "vec3.hpp"

namespace haulcast::geo {
namespace {

/// On the plane, where a direction's rounding grows with the distance from the centre.
constexpr double flat_rounding = 1e-14;
constexpr double view = 0.5;  // cosine of 60 degrees
constexpr std::size_t few = 32;
constexpr std::size_t few_enough = 64;
constexpr double small_plane2 = 1e-3;  // some 200 km

/// sin(x) and 1 - cos(x). Near the centre, where nearly all questions are, by the first terms of their series, to the last bit
/// or two.
struct turn {
  double sine;
  double versine;
};

turn turn_by(double x) {
  if (std::fabs(x) > 0.1) {
    const double half = std::sin(x / 2);
    return {std::sin(x), 2 * half * half};
  }
  const double x2 = x * x;
  return {x * (1 - x2 / 6 * (1 - x2 / 20 * (1 - x2 / 42 * (1 - x2 / 72)))),
          x2 / 2 * (1 - x2 / 12 * (1 - x2 / 30 * (1 - x2 / 56 * (1 - x2 / 90))))};
}

point middle_of(const ring& outer) {
  vec3 sum{};
  for (std::size_t i = 0; i + 1 < outer.size(); ++i) sum = sum + unit(outer[i]);
  return norm2(sum) > 0 ? place(sum) : point{};
}

}  // namespace

void flat_rings::strip::add(const strip& other) {
  x_high = std::max(x_high, other.x_high);
  y_low = std::min(y_low, other.y_low);
  y_high = std::max(y_high, other.y_high);
}

bool flat_rings::strip::meets(flat p) const {
  return p.y >= y_low - flat_rounding && p.y <= y_high + flat_rounding && p.x <= x_high + flat_rounding;
}

flat_rings::flat_rings(point center)
    : center_{center}, sin_center_{std::sin(center.latitude * radians)}, cos_center_{std::cos(center.latitude * radians)} {}

std::optional<flat_rings> flat_rings::of(const polygon& area) {
  flat_rings made{middle_of(area.rings.front())};
  for (const auto& ring : area.rings) {
    for (const auto& vertex : ring) {
      const auto there = made.project(vertex);
      if (!there) return std::nullopt;
      made.vertices_.push_back(*there);
      made.far2_ = std::max(made.far2_, there->x * there->x + there->y * there->y);
    }
    made.ends_.push_back(static_cast<std::uint32_t>(made.vertices_.size() - 1));
  }
  made.vertices_.shrink_to_fit();
  const std::size_t edges = made.vertices_.size() - 1;
  if (edges > few) made.boxes_ = {edges, [&](std::size_t i) { return made.has_edge(i) ? made.strip_of(i) : strip{}; }};
  return made;
}

std::optional<flat_rings::flat> flat_rings::project(point p) const {
  double east = p.longitude - center_.longitude;
  if (east > 180) east -= 360;
  if (east < -180) east += 360;
  const auto [sin_north, versin_north] = turn_by((p.latitude - center_.latitude) * radians);
  const auto [sin_east, versin_east] = turn_by(east * radians);
  const double cos_latitude = cos_center_ * (1 - versin_north) - sin_center_ * sin_north;
  const double up = 1 - versin_north - cos_center_ * cos_latitude * versin_east;
  if (up < view) return std::nullopt;
  return flat{cos_latitude * sin_east / up, (sin_north + sin_center_ * cos_latitude * versin_east) / up};
}

bool flat_rings::has_edge(std::size_t vertex) const {
  return ends_.size() == 1 || !std::ranges::binary_search(ends_, static_cast<std::uint32_t>(vertex));
}

flat_rings::strip flat_rings::strip_of(std::size_t edge) const {
  const auto [a, b] = std::pair{vertices_[edge], vertices_[edge + 1]};
  return {std::max(a.x, b.x), std::min(a.y, b.y), std::max(a.y, b.y)};
}

bool flat_rings::count(std::size_t edge, flat p, bool& odd) const {
  const flat a = vertices_[edge];
  const flat b = vertices_[edge + 1];
  if (p.y < std::min(a.y, b.y) - flat_rounding || p.y > std::max(a.y, b.y) + flat_rounding) return true;
  if (p.x > std::max(a.x, b.x) + flat_rounding) return true;
  const bool crosses = (a.y > p.y) != (b.y > p.y);
  if (p.x < std::min(a.x, b.x) - flat_rounding) {
    odd ^= crosses;
    return true;
  }
  const flat along{b.x - a.x, b.y - a.y};
  const double left = along.x * (p.y - a.y) - along.y * (p.x - a.x);
  if (left * left <= flat_rounding * flat_rounding * (along.x * along.x + along.y * along.y)) return false;
  odd ^= crosses && (left > 0) == (along.y > 0);
  return true;
}

bool flat_rings::inside(point p) const {
  const auto there = project(p);
  if (!there) return false;
  bool odd = false;
  if (boxes_.empty()) {
    for (std::size_t i = 0; i + 1 < vertices_.size(); ++i)
      if (has_edge(i) && !count(i, *there, odd)) return true;
    return odd;
  }
  const bool off_edges = boxes_.walk(
      boxes_.root(), [&](const strip& box) { return box.meets(*there); },
      [&](std::size_t i) { return !has_edge(i) || count(i, *there, odd); });
  return !off_edges || odd;
}

bool flat_rings::meets(point from, point to, parts& out) const {
  if (far2_ > small_plane2) return false;  // there a line's parts are not those of the way
  const auto a = project(from), b = project(to);
  if (!a || !b) return true;
  const flat way{b->x - a->x, b->y - a->y};
  const auto off = [&](flat p) { return way.x * (p.y - a->y) - way.y * (p.x - a->x); };
  const auto add = [&](double part) {
    if (part > 0 && part < 1) out.push_back(part);
  };
  const double length2 = way.x * way.x + way.y * way.y;
  const double doubt = flat_rounding * std::sqrt(length2);
  const auto ask = [&](std::size_t edge) {
    if (!has_edge(edge)) return true;
    const flat c = vertices_[edge], d = vertices_[edge + 1];
    const double off_c = off(c), off_d = off(d);
    if ((off_c > doubt && off_d > doubt) || (off_c < -doubt && off_d < -doubt)) return true;
    const auto part_at = [&](flat p) { return ((p.x - a->x) * way.x + (p.y - a->y) * way.y) / length2; };
    if (std::fabs(off_c - off_d) > 4 * doubt) {
      const double part = off_c / (off_c - off_d);
      add(part_at({c.x + part * (d.x - c.x), c.y + part * (d.y - c.y)}));
    } else {  // along the way
      add(part_at(c));
      add(part_at(d));
    }
    return true;
  };
  if (length2 == 0) return true;
  if (boxes_.empty()) {
    for (std::size_t i = 0; i + 1 < vertices_.size(); ++i) ask(i);
  } else {
    const double west = std::min(a->x, b->x), south = std::min(a->y, b->y), north = std::max(a->y, b->y);
    boxes_.walk(
        boxes_.root(),
        [&](const strip& box) {
          return box.y_low <= north + flat_rounding && box.y_high >= south - flat_rounding &&
                 box.x_high >= west - flat_rounding;
        },
        ask);
  }
  return true;
}

std::optional<flat_rings::nearest_edge> flat_rings::nearest(point p) const {
  if (far2_ > small_plane2 || ends_.size() != 1 || vertices_.size() > few_enough) return std::nullopt;
  const auto there = project(p);
  if (!there) return std::nullopt;
  const double far2 = std::max(far2_, there->x * there->x + there->y * there->y);
  if (far2 > small_plane2) return std::nullopt;
  const auto foot_on = [](flat a, flat along) {
    const double part = -(a.x * along.x + a.y * along.y) / (along.x * along.x + along.y * along.y);
    const double on_edge = std::clamp(part, 0.0, 1.0);
    return flat{a.x + on_edge * along.x, a.y + on_edge * along.y};
  };
  // Hardly any branches, since which edge is near is as good as chance.
  double least2 = 1e300;
  flat nearest;
  unsigned odd = 0;
  flat a{vertices_[0].x - there->x, vertices_[0].y - there->y};
  for (std::size_t i = 1; i < vertices_.size(); ++i) {
    const flat b{vertices_[i].x - there->x, vertices_[i].y - there->y};
    const flat along{b.x - a.x, b.y - a.y};
    const unsigned passes = (a.y > 0) ^ (b.y > 0);
    odd ^= passes & static_cast<unsigned>((a.x * along.y > a.y * along.x) == (along.y > 0));
    const flat off = foot_on(a, along);
    if (const double off2 = off.x * off.x + off.y * off.y; off2 < least2) {
      least2 = off2;
      nearest = off;
    }
    a = b;
  }
  return nearest_edge{.inside = odd != 0, .to_x = nearest.x, .to_y = nearest.y, .far2 = far2};
}

std::size_t flat_rings::bytes() const noexcept {
  return vertices_.capacity() * sizeof(flat) + ends_.capacity() * sizeof(std::uint32_t) + boxes_.bytes();
}

}  // namespace haulcast::geo
