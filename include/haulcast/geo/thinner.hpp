// Thins a way: leaves out points that lie near straight lines between those that are kept.
#pragma once

#include <optional>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

/// Takes a way's points one after the other and says of each, once the next one is known, whether it is kept. What is left out
/// lies within the tolerance of the great circle between the kept points around it. (Directions that pass near every point
/// since the last kept one form a cone that only narrows: H. Imai and M. Iri, 1986, called it so.) First and last point are the
/// caller's to keep. On a sphere; O(1) memory, about 0.1 us a point.
class thinner {
 public:
  /// `first` is kept.
  thinner(double tolerance_m, point first) noexcept : tolerance_m_{tolerance_m}, kept_{first} {}

  /// True: the point given before this one is kept.
  bool add(point next) noexcept;

 private:
  void pass_near(point left_out) noexcept;
  bool leads_to(point next) const noexcept;

  double tolerance_m_;
  point kept_;
  std::optional<point> previous_;  // not decided yet
  // Of what was left out and is not near kept_ itself:
  bool bound_ = false;
  double reference_ = 0;  // a direction, in radians; the cone's sides are relative to it
  double from_ = 0;
  double to_ = 0;
  double farthest_m_ = 0;
};

}  // namespace haulcast::geo
