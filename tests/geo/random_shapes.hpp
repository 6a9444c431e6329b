// Shapes and points that indexes and regions are tried with: everywhere on the earth, and where it is hardest.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

/// The point at that distance and bearing, on a sphere.
inline point toward(point from, double bearing_degrees, double metres) {
  constexpr double radians = std::numbers::pi / 180;
  const double angle = metres / 6'371'008.8;
  const double latitude = from.latitude * radians;
  const double bearing = bearing_degrees * radians;
  const double sine = std::sin(latitude) * std::cos(angle) + std::cos(latitude) * std::sin(angle) * std::cos(bearing);
  const double east =
      std::atan2(std::sin(bearing) * std::sin(angle) * std::cos(latitude), std::cos(angle) - std::sin(latitude) * sine);
  const double longitude = std::remainder(from.longitude + east / radians, 360);
  return {std::asin(std::clamp(sine, -1.0, 1.0)) / radians, longitude};
}

/// The same seed gives the same shapes.
class random_shapes {
 public:
  explicit random_shapes(unsigned seed) : dice_{seed} {}

  double between(double least, double most) { return std::uniform_real_distribution{least, most}(dice_); }
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(dice_); }
  bool once_in(std::size_t times) { return below(times) == 0; }

  /// Anywhere, or in a town, at the antimeridian, around a pole, on a border of large cells.
  point anywhere() {
    switch (below(6)) {
      case 0: return {between(47.3, 47.5), between(8.4, 8.7)};
      case 1: return {between(-60, 70), std::remainder(180 + between(-0.3, 0.3), 360)};
      case 2: return {(once_in(2) ? 1 : -1) * (90 - std::pow(between(0, 1), 4) * 5), between(-180, 180)};
      case 3: return {22.5 * static_cast<double>(below(3)), 45.0 * static_cast<double>(below(4))};
      default: return {std::asin(between(-1, 1)) * 180 / std::numbers::pi, between(-180, 180)};
    }
  }

  /// From metres to the largest, as many small as large ones.
  double size_m(double least = 2, double most = 1'000'000) { return std::exp(between(std::log(least), std::log(most))); }

  circle any_circle() { return {anywhere(), size_m()}; }

  /// A star: corners in turn around a middle, so that no edge crosses another; one in three with a hole.
  polygon any_polygon() {
    const point middle = anywhere();
    const double size = size_m(5, 500'000);
    polygon made{{star(middle, size, size / 2)}};
    if (once_in(3)) made.rings.push_back(star(middle, size / 4, size / 8));
    return made;
  }

  corridor any_corridor() {
    corridor made{{anywhere()}, size_m(2, 20'000)};
    double bearing = between(0, 360);
    const double step = size_m(10, 60'000);
    for (std::size_t left = 1 + below(12); left > 0; --left) {
      bearing += between(-40, 40);
      made.path.push_back(toward(made.path.back(), bearing, step));
    }
    return made;
  }

  shape any_shape() {
    switch (below(3)) {
      case 0: return any_polygon();
      case 1: return any_corridor();
      default: return any_circle();
    }
  }

  /// Where answers about the shape are hardest: at its corners and around its boundary.
  point about(const shape& s) {
    if (const auto* c = std::get_if<circle>(&s)) return toward(c->center, between(0, 360), c->radius_m * between(0.9, 1.1));
    const auto* of = std::get_if<polygon>(&s);
    const ring& corners = of != nullptr ? of->rings[below(of->rings.size())] : std::get<corridor>(s).path;
    const point corner = corners[below(corners.size())];
    if (once_in(8)) return corner;
    const double size = distance_m(corners[0], corners[1]);
    const double width = of != nullptr ? 0 : std::get<corridor>(s).width_m;
    return toward(corner, between(0, 360), std::max(size, width) * std::pow(between(0, 1), 3) * 2);
  }

 private:
  ring star(point middle, double most, double least) {
    const std::size_t corners = 4 + below(20);
    const double turn = between(0, 360);
    ring made;
    for (std::size_t i = 0; i < corners; ++i) {
      const double bearing = turn + 360.0 * static_cast<double>(i) / static_cast<double>(corners);
      made.push_back(toward(middle, bearing, between(least, most)));
    }
    made.push_back(made.front());
    return made;
  }

  std::mt19937_64 dice_;
};

}  // namespace haulcast::geo
