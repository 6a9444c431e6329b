#include "circle.hpp"

#include <algorithm>
#include <cmath>

#include "bounds.hpp"
#include "ellipsoid.hpp"
#include "reach.hpp"

namespace haulcast::geo {
namespace {

constexpr double rounding_m = 1e-6;

/// Metres from the earth's centre.
vec3 space(point p) {
  const vec3 up = unit(p);
  const double n = equatorial_radius_m / std::sqrt(1 - eccentricity2 * up.z * up.z);
  return {n * up.x, n * up.y, n * (1 - eccentricity2) * up.z};
}

// A curve that is nowhere curved more than a circle of this radius has chords at least as long as the circle's (A. Schur 1921).
// One nowhere curved less, and hardly twisted, has chords at most as long but for what the twist of geodesics (a 300th of their
// curvature) adds: less than a hundred-millionth, for which the second radius is that much larger.
constexpr double bent_most_m = radius_least_m;
constexpr double bent_least_m = radius_most_m * (1 + 1e-6);

double chord_m(double metres, double radius) {
  return 2 * radius * std::sin(std::min(metres / (2 * radius), std::numbers::pi / 2));
}
double along_m(double chord, double radius) { return 2 * radius * std::asin(std::min(1.0, chord / (2 * radius))); }
double square(double x) { return x * x; }

constexpr double around_radius_max_m = 5'000;
constexpr double around_latitude_max = 75;
constexpr double around_degrees = 0.25;
constexpr double doubt_m = 0.5;

}  // namespace

prepared_circle::prepared_circle(const circle& of)
    : center_{of.center},
      radius_m_{of.radius_m},
      radius2_{square(of.radius_m)},
      bounds_{bounds_of_cap(of.center, of.radius_m / radius_least_m)},
      in_space_{space(of.center)},
      chord2_inside_{square(std::max(0.0, chord_m(of.radius_m, bent_most_m) - rounding_m))},
      chord2_outside_{square(chord_m(of.radius_m, bent_least_m) + rounding_m)} {
  measure_box();
  measure_surroundings();
}

prepared_circle::scale prepared_circle::scale_at(double latitude) noexcept {
  const radii at = radii_at(square(std::sin(latitude * radians)));
  return {square(at.north * radians), square(at.east * std::cos(latitude * radians) * radians)};
}

/// Both radii of curvature grow, and parallels shrink, from the equator to the poles.
void prepared_circle::measure_box() noexcept {
  flat_ = bounds_.south > -90 && bounds_.north < 90;
  if (!flat_) return;
  const double farthest = std::max(std::fabs(bounds_.south), std::fabs(bounds_.north));
  const double nearest =
      bounds_.south <= 0 && bounds_.north >= 0 ? 0 : std::min(std::fabs(bounds_.south), std::fabs(bounds_.north));
  const scale far = scale_at(farthest);
  const scale near = scale_at(nearest);
  constexpr double hair = 1e-12;  // for rounding
  least_ = {near.north2 * (1 - hair), far.east2 * (1 - hair)};
  most_ = {far.north2 * (1 + hair), near.east2 * (1 + hair)};
}

/// For small circles only, away from the poles: within a belt of latitudes that holds all shortest ways from the surroundings
/// to the centre, and in which the scales are nearly the same.
void prepared_circle::measure_surroundings() noexcept {
  const double highest = std::max(std::fabs(bounds_.south), std::fabs(bounds_.north));
  if (radius_m_ > around_radius_max_m || highest > around_latitude_max) return;
  const double nearest = std::max(0.0, std::fabs(center_.latitude) - around_degrees);
  const scale far = scale_at(std::fabs(center_.latitude) + around_degrees);
  const scale near = scale_at(nearest);
  least_around_ = {near.north2, far.east2};
  most_around_ = {far.north2, near.east2};
  middle_ = scale_at(center_.latitude);
  const scale above = scale_at(center_.latitude + around_degrees / 2);
  const scale below = scale_at(center_.latitude - around_degrees / 2);
  growth_ = {(above.north2 - below.north2) / (2 * around_degrees), (above.east2 - below.east2) / (2 * around_degrees)};
}

bool prepared_circle::contains(point p) const noexcept {
  if (!bounds_.contains(p)) return false;
  if (flat_) {
    double east = p.longitude - center_.longitude;
    if (east > 180) east -= 360;
    if (east < -180) east += 360;
    const double north2 = square(p.latitude - center_.latitude);
    const double east2 = square(east);
    // The straight line of the map is a way there. And a way no longer than the radius would not leave the box.
    if (most_.north2 * north2 + most_.east2 * east2 <= radius2_) return true;
    if (least_.north2 * north2 + least_.east2 * east2 > radius2_) return false;
  }
  const double chord2 = norm2(space(p) - in_space_);
  if (chord2 < chord2_inside_) return true;
  if (chord2 > chord2_outside_) return false;
  return geodesic_m(center_, p) <= radius_m_;
}

prepared_circle::between prepared_circle::distance_m(const vec3& there) const noexcept {
  const double chord = norm(there - in_space_);
  return {along_m(chord, bent_least_m), along_m(chord, bent_most_m)};
}

double prepared_circle::signed_distance_m(point p, double) const noexcept {
  const double north = p.latitude - center_.latitude, east = p.longitude - center_.longitude;
  if (is_near(north, east)) {
    const double off = std::sqrt(std::max(0.0, off2(north, east) + radius2_)) - radius_m_;
    return contains(p) ? -std::fabs(off) : std::max(std::fabs(off), 1e-9);
  }
  const auto [least, most] = distance_m(space(p));
  double off = (least + most) / 2 - radius_m_;
  if (most - least > 1e-3 + 1e-4 * std::fabs(off)) off = geodesic_m(center_, p) - radius_m_;
  return contains(p) ? -std::fabs(off) : std::max(std::fabs(off), 1e-9);
}

clearance prepared_circle::clearance_of(point p, double reach_m) const noexcept {
  const double north = p.latitude - center_.latitude, east = p.longitude - center_.longitude;
  if (!is_near(north, east)) {
    return {contains(p), surely_free_m(signed_distance_m(p, reach_m))};
  }
  const double least = std::sqrt(least_around_.north2 * square(north) + least_around_.east2 * square(east)) - radius_m_;
  const double most = std::sqrt(most_around_.north2 * square(north) + most_around_.east2 * square(east)) - radius_m_;
  if (least > doubt_m) return {false, least - doubt_m};
  if (most < -doubt_m) return {true, -most - doubt_m};
  return {contains(p), 0};
}

bool prepared_circle::is_near(double north, double east) const noexcept {
  return least_around_.north2 != 0 && std::fabs(north) < around_degrees / 2 && std::fabs(east) < around_degrees;
}

double prepared_circle::off2(double north, double east) const noexcept {
  return (middle_.north2 + growth_.north2 * north) * square(north) + (middle_.east2 + growth_.east2 * north) * square(east) -
         radius2_;
}

// First as if the way were straight and the scale the same all along, then two of Newton's steps.
bool prepared_circle::meets(const short_way& way, parts& out) const noexcept {
  struct place {
    double north, east;
  };
  const auto place_at = [&](double part) {
    const point p = way.at(part);
    return place{p.latitude - center_.latitude, p.longitude - center_.longitude};
  };
  const place from = place_at(0), to = place_at(1);
  if (!is_near(from.north, from.east) || !is_near(to.north, to.east)) return false;
  const scale here{middle_.north2 + growth_.north2 * from.north, middle_.east2 + growth_.east2 * from.north};
  const double north = to.north - from.north, east = to.east - from.east;
  const double length2 = here.north2 * square(north) + here.east2 * square(east);
  const double ahead = here.north2 * from.north * north + here.east2 * from.east * east;
  const double before2 = off2(from.north, from.east);
  const double room2 = square(ahead) - length2 * before2;
  if (length2 == 0) return true;
  if (room2 < 0) {
    // Hardly: as far as the scale is not the same.
    if (const double part = -ahead / length2; part > 0 && part < 1) out.insert(out.end(), 2, part);
    return true;
  }
  const double root = std::sqrt(room2);
  for (const double aside : {-root, root}) {
    double part = (aside - ahead) / length2;
    if (part < -1 || part > 2) continue;
    for (int i = 0; i < 2 && root > 0; ++i) {
      const place p = place_at(part);
      part -= off2(p.north, p.east) / (2 * aside);
    }
    if (part > 0 && part < 1) out.push_back(part);
  }
  return true;
}

/// Coming nearer until its nearest place, then farther away again. On the ellipsoid that place is another than on the sphere by
/// up to a 300th of the distance, which matters where the way just touches the disc.
void prepared_circle::probes(const arc& way, parts& out) const {
  const vec3 center = unit(center_);
  double nearest = std::clamp(way.nearest_part(center), 0.0, 1.0);
  const auto off_at = [&](double part) { return signed_distance_m(place(way.at(part)), 0); };
  if (const double off = off_at(nearest); off > 0 && off < 2e-5 * radius_m_ + 0.01) {
    const double slack = 0.004 * radius_m_ / (way.angle() * radius_least_m);
    double low = std::max(0.0, nearest - slack);
    double high = std::min(1.0, nearest + slack);
    for (int i = 0; i < 60; ++i) {
      const double a = low + (high - low) * 0.4;
      const double b = low + (high - low) * 0.6;
      (off_at(a) < off_at(b) ? high : low) = off_at(a) < off_at(b) ? b : a;
    }
    nearest = (low + high) / 2;
  }
  out.push_back(nearest);
}

coverage prepared_circle::of(const cap& piece) const noexcept {
  const auto [least, most] = distance_m(space(piece.center));
  const double rim = piece.angle * radius_most_m;
  if (least - rim > radius_m_) return coverage::outside;
  if (most + rim < radius_m_) return coverage::inside;
  return coverage::partly;
}

}  // namespace haulcast::geo
