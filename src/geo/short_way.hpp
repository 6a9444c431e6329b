// The way between two positions of a truck that are near each other: its places without trigonometry.
#pragma once

#include <cmath>
#include <optional>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

/// The great circle from `a` to `b` as a parabola of the map, which it is to a hundredth of a millimetre.
class short_way {
 public:
  /// None: it is longer than a kilometre or so, or near a pole.
  static std::optional<short_way> of(point a, point b) noexcept;

  point at(double part) const noexcept {
    if (part <= 0) return a_;
    if (part >= 1) return b_;
    const double bulge = part * (1 - part);
    const double longitude = a_.longitude + part * east_ + bulge * bulge_east_;
    return {a_.latitude + part * north_ + bulge * bulge_north_,
            std::fabs(longitude) > 180 ? std::remainder(longitude, 360) : longitude};
  }
  /// Radians; off by a thousandth at most.
  double angle() const noexcept { return angle_; }

 private:
  short_way(point a, point b) noexcept : a_{a}, b_{b} {}

  point a_, b_;
  double angle_ = 0;
  double north_ = 0, east_ = 0, bulge_north_ = 0, bulge_east_ = 0;
};

}  // namespace haulcast::geo
