// Shapes of all sizes in all places, and points near what is hard about them: for tests that ask a second opinion.
#pragma once

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

/// Along the ellipsoid.
inline point walk(point from, double azimuth_deg, double metres) {
  point to;
  GeographicLib::Geodesic::WGS84().Direct(from.latitude, from.longitude, azimuth_deg, metres, to.latitude, to.longitude);
  return to;
}

inline double geodesic(point a, point b) {
  double metres = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.latitude, a.longitude, b.latitude, b.longitude, metres);
  return metres;
}

inline double longest_edge(const std::vector<point>& line) {
  double longest = 0;
  for (std::size_t i = 1; i < line.size(); ++i) longest = std::max(longest, geodesic(line[i - 1], line[i]));
  return longest;
}

/// On the great circle (of geodetic latitude) from `a` to `b`.
inline point on_great_circle(point a, point b, double part) {
  constexpr double degree = std::numbers::pi / 180;
  struct space {
    double x, y, z;
  };
  const auto up = [](point p) {
    return space{std::cos(p.latitude * degree) * std::cos(p.longitude * degree),
                 std::cos(p.latitude * degree) * std::sin(p.longitude * degree), std::sin(p.latitude * degree)};
  };
  const space u = up(a);
  const space v = up(b);
  const double angle = 2 * std::asin(std::min(1.0, std::hypot(u.x - v.x, u.y - v.y, u.z - v.z) / 2));
  const double s = angle > 1e-9 ? std::sin((1 - part) * angle) / std::sin(angle) : 1 - part;
  const double t = angle > 1e-9 ? std::sin(part * angle) / std::sin(angle) : part;
  const space w{s * u.x + t * v.x, s * u.y + t * v.y, s * u.z + t * v.z};
  return {std::atan2(w.z, std::hypot(w.x, w.y)) / degree, std::atan2(w.y, w.x) / degree};
}

class random_shapes {
 public:
  explicit random_shapes(std::uint64_t seed) : random_{seed} {}

  double between(double low, double high) { return low + (high - low) * unit_(random_); }
  /// As many between 1 and 10 as between 10 and 100.
  double log_between(double low, double high) { return low * std::pow(high / low, unit_(random_)); }
  std::size_t count(std::size_t low, std::size_t high) { return low + random_() % (high - low + 1); }
  bool one_in(std::size_t n) { return random_() % n == 0; }

  /// A third by the antimeridian, at a pole, at the equator or at Greenwich.
  point anywhere() {
    point p{std::asin(between(-1, 1)) * 180 / std::numbers::pi, between(-180, 180)};
    const double off = (one_in(2) ? 1 : -1) * log_between(1e-5, 5);
    switch (random_() % 12) {
      case 0: p.longitude = off > 0 ? -180 + off : 180 + off; break;
      case 1: p.latitude = 90 - std::fabs(off); break;
      case 2: p.latitude = -90 + std::fabs(off); break;
      case 3: p = {off, off / 3}; break;
      default: break;
    }
    return p;
  }

  circle a_circle() { return {anywhere(), log_between(radius_min_m, radius_max_m)}; }

  /// Spiky, round a centre, so that it does not meet itself; a quarter with a hole or two of the same form.
  polygon a_polygon() { return a_polygon(anywhere()); }
  polygon a_polygon(point center, double radius_most_m = 4e6) {
    const double radius = (one_in(8) ? between(1e6, radius_most_m) : log_between(20, 2e6)) / 6'371'000;
    const std::size_t corners = one_in(20) ? count(100, 1000) : count(3, 24);
    std::vector<double> turns;
    std::vector<double> spread;
    for (std::size_t i = 0; i < corners; ++i) {
      turns.push_back(360.0 * (static_cast<double>(i) + between(-0.24, 0.24)) / static_cast<double>(corners));
      spread.push_back(std::tan(radius) * between(0.35, 1));
    }
    polygon made;
    made.rings.push_back(ring_about(center, turns, spread, 1));
    if (one_in(4)) made.rings.push_back(ring_about(center, turns, spread, between(0.2, 0.8)));
    if (one_in(2)) std::ranges::reverse(made.rings.front());
    return made;
  }

  /// Two areas left and right of a crooked border, which both have vertex for vertex.
  std::pair<polygon, polygon> two_neighbours() {
    const double size = log_between(10, 2e6);
    const double heading = between(-180, 180);
    point at = anywhere();
    const point left = walk(walk(at, heading, size / 2), heading - 90, size);
    const point right = walk(walk(at, heading, size / 2), heading + 90, size);
    ring border{at};
    const std::size_t steps = count(2, 12);
    for (std::size_t i = 0; i < steps; ++i)
      border.push_back(at = walk(at, heading + between(-30, 30), size / static_cast<double>(steps)));
    const auto closed = [&border](point apex) {
      ring made{border};
      made.insert(made.end(), {apex, border.front()});
      return polygon{{made}};
    };
    return {closed(left), closed(right)};
  }

  /// Near one of the vertices from the first to the last but one, or the edges between them: the border.
  point near_border(const polygon& of) {
    const auto& r = of.rings[0];
    const std::size_t i = random_() % (r.size() - 3);
    const point on = one_in(5) ? r[i] : on_great_circle(r[i], r[i + 1], unit_(random_));
    return one_in(20) ? on : walk(on, between(-180, 180), log_between(1e-3, geodesic(r[i], r[i + 1])));
  }

  corridor a_corridor() {
    corridor made{{anywhere()}, log_between(radius_min_m, one_in(5) ? radius_max_m : 2'000)};
    const double step = log_between(std::max(20.0, made.width_m / 50), one_in(5) ? 3'000'000 : 30'000);
    double heading = between(-180, 180);
    for (std::size_t i = count(1, one_in(20) ? 300 : 12); i > 0; --i) {
      made.path.push_back(walk(made.path.back(), heading, step * between(0.3, 1)));
      heading += one_in(12) ? between(-180, 180) : between(-40, 40);
    }
    return made;
  }

  /// Nearly all close to the boundary, on both sides, from a millimetre on.
  point near(const shape& s) {
    if (one_in(25)) return anywhere();
    return std::visit([this](const auto& of) { return near_boundary(of); }, s);
  }

 private:
  static ring ring_about(point center, const std::vector<double>& turns, const std::vector<double>& spread, double scale) {
    constexpr double degree = std::numbers::pi / 180;
    ring made;
    const double s = std::sin(center.latitude * degree);
    const double c = std::cos(center.latitude * degree);
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const double away = std::atan(scale * spread[i]);  // scaled as seen from the earth's middle: straight edges stay straight
      const double turn = turns[i] * degree;
      const double z = s * std::cos(away) + c * std::sin(away) * std::cos(turn);
      const double longitude =
          center.longitude + std::atan2(std::sin(turn) * std::sin(away) * c, std::cos(away) - s * z) / degree;
      made.push_back({std::asin(std::clamp(z, -1.0, 1.0)) / degree, std::remainder(longitude, 360)});
    }
    made.push_back(made.front());
    return made;
  }

  double offset(double size) { return (one_in(2) ? 1 : -1) * log_between(1e-3, std::max(1.0, size)); }

  point near_boundary(const circle& c) {
    return walk(c.center, between(-180, 180), std::max(0.0, c.radius_m + offset(c.radius_m)));
  }

  point near_boundary(const polygon& p) {
    const auto& of = p.rings[random_() % p.rings.size()];
    const std::size_t i = random_() % (of.size() - 1);
    const point on = one_in(5) ? of[i] : on_great_circle(of[i], of[i + 1], unit_(random_));
    return one_in(50) ? on : walk(on, between(-180, 180), std::fabs(offset(geodesic(of[i], of[i + 1]))));
  }

  point near_boundary(const corridor& c) {
    const std::size_t i = random_() % (c.path.size() - 1);
    const point on = one_in(4) ? c.path[one_in(2) ? i : i + 1] : on_great_circle(c.path[i], c.path[i + 1], unit_(random_));
    double along = 0;
    double back = 0;
    double metres = 0;
    GeographicLib::Geodesic::WGS84().Inverse(on.latitude, on.longitude, c.path[i + 1].latitude, c.path[i + 1].longitude, metres,
                                             along, back);
    const double aside = one_in(4) ? between(-180, 180) : one_in(2) ? 90 : -90;
    return walk(on, along + aside, std::max(0.0, c.width_m / 2 + offset(c.width_m / 2)));
  }

  std::mt19937_64 random_;
  std::uniform_real_distribution<double> unit_{0, 1};
};

}  // namespace haulcast::geo
