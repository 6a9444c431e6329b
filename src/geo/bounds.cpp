#include "bounds.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace haulcast::geo {
namespace {

constexpr double pad = 1e-9;  // degrees, a tenth of a millimetre: more than rounding takes away

double wrapped(double longitude) { return std::remainder(longitude, 360.0); }

/// Follows edges and keeps the latitudes and, counted on beyond 180, the longitudes that they reach.
class reach {
 public:
  explicit reach(point start)
      : longitude_{start.longitude},
        west_{start.longitude},
        east_{start.longitude},
        south_{start.latitude},
        north_{start.latitude} {}

  void go(point from, point to) {
    const double step = wrapped(to.longitude - from.longitude);
    longitude_ += step;
    west_ = std::min(west_, longitude_);
    east_ = std::max(east_, longitude_);
    south_ = std::min(south_, to.latitude);
    north_ = std::max(north_, to.latitude);
    bulge(unit(from), unit(to));
    if (std::fabs(from.latitude) >= 90 || std::fabs(to.latitude) >= 90 || std::fabs(step) > 180 - 1e-9) through_pole_ = true;
  }

  bool round_the_earth() const { return through_pole_ || east_ - west_ >= 360 - 2 * pad; }
  double west() const { return west_; }
  double east() const { return east_; }
  double south() const { return south_; }
  double north() const { return north_; }

 private:
  /// A great circle is nearest to a pole between the edge's ends, or at one of them.
  void bulge(vec3 a, vec3 b) {
    const vec3 n = normal(a, b);
    const double length = norm(n);
    if (length == 0) return;
    const vec3 top{-n.x * n.z, -n.y * n.z, n.x * n.x + n.y * n.y};
    const double summit = std::acos(std::min(1.0, std::fabs(n.z) / length)) / radians;
    const vec3 beside = cross(top, n);
    if (dot(beside, a) >= 0 && dot(beside, b) <= 0) north_ = std::max(north_, summit);
    if (dot(beside, a) <= 0 && dot(beside, b) >= 0) south_ = std::min(south_, -summit);
  }

  double longitude_;
  double west_, east_, south_, north_;
  bool through_pole_ = false;
};

bbox box(double west, double south, double east, double north) {
  bbox made{.west = -180, .south = std::max(-90.0, south - pad), .east = 180, .north = std::min(90.0, north + pad)};
  if (east - west + 2 * pad >= 360) return made;
  made.west = wrapped(west - pad);
  made.east = wrapped(east + pad);
  return made;
}

constexpr double all_round = 360;

/// As seen from latitudes no farther from the equator than this one, how many degrees of longitude so many radians take.
double widest(double latitude, double angle) {
  const double squeezed = std::sin(angle) / std::cos(latitude * radians);
  return squeezed < 1 ? std::asin(squeezed) / radians : all_round;
}

bbox grown(double west, double south, double east, double north, double angle) {
  const double degrees = angle / radians;
  const double farthest = std::max(std::fabs(south), std::fabs(north));
  const bool reaches_pole = farthest + degrees >= 90 - pad || angle >= std::numbers::pi / 2;
  const double beside = reaches_pole ? all_round : widest(farthest, angle);
  return box(west - beside, south - degrees, east + beside, north + degrees);
}

}  // namespace

bbox bounds_of_cap(point center, double angle) {
  return grown(center.longitude, center.latitude, center.longitude, center.latitude, angle);
}

bbox bounds_of_path(const std::vector<point>& path, double angle) {
  reach all{path.front()};
  for (std::size_t i = 0; i + 1 < path.size(); ++i) all.go(path[i], path[i + 1]);
  const double more = all.round_the_earth() ? all_round : 0;
  return grown(all.west() - more, all.south(), all.east() + more, all.north(), angle);
}

bbox bounds_of_ring(const ring& outer, bool holds_north_pole, bool holds_south_pole) {
  reach all{outer.front()};
  for (std::size_t i = 0; i + 1 < outer.size(); ++i) all.go(outer[i], outer[i + 1]);
  const bool round = all.round_the_earth() || holds_north_pole || holds_south_pole;
  const double more = round ? all_round : 0;
  return box(all.west() - more, holds_south_pole ? -90 : all.south(), all.east() + more, holds_north_pole ? 90 : all.north());
}

}  // namespace haulcast::geo
