#include "short_way.hpp"

#include <algorithm>

#include "vec3.hpp"

namespace haulcast::geo {
namespace {

constexpr double angle_max = 2e-4;  // 1.3 km
constexpr double latitude_max = 70;

}  // namespace

// On a great circle the second derivatives are f'' = -sin f cos f l'^2 and l'' = 2 tan f f' l' (f latitude, l longitude).
std::optional<short_way> short_way::of(point a, point b) noexcept {
  if (std::max(std::fabs(a.latitude), std::fabs(b.latitude)) > latitude_max) return std::nullopt;
  short_way made{a, b};
  made.north_ = b.latitude - a.latitude;
  made.east_ = b.longitude - a.longitude;
  if (std::fabs(made.east_) > 180) made.east_ = std::remainder(made.east_, 360);
  constexpr double degrees_max = angle_max / radians / 0.3;  // less than the cosine of 70 degrees
  if (std::fabs(made.north_) > degrees_max || std::fabs(made.east_) > degrees_max) return std::nullopt;
  const double middle = (a.latitude + b.latitude) / 2 * radians;
  const double sine = std::sin(middle), cosine = std::cos(middle);
  const double north = made.north_ * radians, east = made.east_ * radians;
  made.angle_ = std::sqrt(north * north + cosine * cosine * east * east);
  if (made.angle_ > angle_max) return std::nullopt;
  made.bulge_north_ = sine * cosine * east * made.east_ / 2;
  made.bulge_east_ = -sine / cosine * north * made.east_;
  return made;
}

}  // namespace haulcast::geo
