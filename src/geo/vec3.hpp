// Directions on the unit sphere, and the little vector algebra that great circles take.
#pragma once

#include <cmath>
#include <numbers>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

inline constexpr double radians = std::numbers::pi / 180;

/// Below this many radians (some 25 nanometres) two places are one: what rounding does to a direction stays well below it.
inline constexpr double rounding = 4e-15;

struct vec3 {
  double x = 0;
  double y = 0;
  double z = 0;

  friend bool operator==(const vec3&, const vec3&) = default;
  friend constexpr vec3 operator+(vec3 a, vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend constexpr vec3 operator-(vec3 a, vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend constexpr vec3 operator-(vec3 a) { return {-a.x, -a.y, -a.z}; }
  friend constexpr vec3 operator*(double s, vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
};

constexpr double dot(vec3 a, vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
constexpr vec3 cross(vec3 a, vec3 b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
constexpr double norm2(vec3 a) { return dot(a, a); }
inline double norm(vec3 a) { return std::sqrt(norm2(a)); }
inline vec3 normalized(vec3 a) { return (1 / norm(a)) * a; }

/// Normal to the great circle from `a` to `b`, on its left. The difference of neighbours is exact where their product is not.
constexpr vec3 normal(vec3 a, vec3 b) { return 0.5 * cross(a + b, b - a); }

inline vec3 unit(point p) {
  const double latitude = p.latitude * radians;
  const double longitude = p.longitude * radians;
  const double c = std::cos(latitude);
  return {c * std::cos(longitude), c * std::sin(longitude), std::sin(latitude)};
}

inline point place(vec3 v) { return {std::atan2(v.z, std::hypot(v.x, v.y)) / radians, std::atan2(v.y, v.x) / radians}; }

/// Exact for neighbours and for opposites.
inline double angle(vec3 a, vec3 b) { return 2 * std::atan2(norm(a - b), norm(a + b)); }

/// Of a chord of the unit sphere, given its square.
inline double angle_of_chord2(double chord2) { return 2 * std::asin(std::fmin(1.0, 0.5 * std::sqrt(chord2))); }
inline double chord2_of_angle(double angle) {
  if (angle >= std::numbers::pi) return 4;
  const double half = std::sin(angle / 2);
  return 4 * half * half;
}

/// Any direction that is square to this one.
inline vec3 square_to(vec3 v) { return normalized(std::fabs(v.z) < 0.9 ? cross(v, vec3{0, 0, 1}) : cross(v, vec3{1, 0, 0})); }

/// The great circle from `a` to `b`, by parts of its length.
class arc {
 public:
  arc(vec3 a, vec3 b) : from_{a}, angle_{geo::angle(a, b)} {
    const vec3 n = normal(a, b);
    const double length = norm(n);
    ahead_ = length > 0 ? normalized(cross(n, a)) : square_to(a);
  }
  double angle() const { return angle_; }
  vec3 at(double part) const { return std::cos(part * angle_) * from_ + std::sin(part * angle_) * ahead_; }
  /// Where it comes nearest to `p` on the whole great circle, as a part of its length from half a turn back to half a turn on.
  double nearest_part(vec3 p) const { return angle_ > 0 ? std::atan2(dot(p, ahead_), dot(p, from_)) / angle_ : 0; }

 private:
  vec3 from_;
  vec3 ahead_;
  double angle_;
};

}  // namespace haulcast::geo
