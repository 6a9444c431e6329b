// A geodesic disc made ready.
#pragma once

#include <vector>

#include "cap.hpp"
#include "crossing_search.hpp"
#include "haulcast/geo/region.hpp"
#include "short_way.hpp"

namespace haulcast::geo {

/// Three steps, each asked only where the one before leaves it open: metres per degree within the disc's box, the straight line
/// through the earth, the geodesic itself. What the first two say is proven by bounds on the ellipsoid's curvature.
class prepared_circle {
 public:
  explicit prepared_circle(const circle& of);

  bool contains(point p) const noexcept;
  double signed_distance_m(point p, double reach_m) const noexcept;
  clearance clearance_of(point p, double reach_m) const noexcept;
  void probes(const arc& way, parts& out) const;
  /// Adds where the way meets the boundary, if anywhere, to a fraction of a millimetre. False: that is not known so simply.
  bool meets(const short_way& way, parts& out) const noexcept;
  const bbox& bounds() const noexcept { return bounds_; }
  coverage of(const cap& piece) const noexcept;
  std::size_t bytes() const noexcept { return 0; }

 private:
  /// Squares of metres per degree, the least and the most within the box.
  struct scale {
    double north2 = 0;
    double east2 = 0;
  };
  static scale scale_at(double latitude) noexcept;
  struct between {
    double least, most;
  };
  between distance_m(const vec3& in_space) const noexcept;
  /// So many degrees away the scales are known.
  bool is_near(double north, double east) const noexcept;
  /// The square of the distance, less that of the radius, of a place that is so many degrees away: on the map, with the scale
  /// of the latitude half way.
  double off2(double north, double east) const noexcept;
  void measure_box() noexcept;
  void measure_surroundings() noexcept;

  point center_;
  double radius_m_;
  double radius2_;
  bool flat_ = false;  // the first step can be taken
  scale least_, most_;
  scale least_around_, most_around_;  // also up to some kilometre outside of the box; 0: not known
  scale middle_, growth_;             // there: at the centre, and for each degree that a place is farther north
  bbox bounds_;
  vec3 in_space_;
  double chord2_inside_, chord2_outside_;
};

}  // namespace haulcast::geo
