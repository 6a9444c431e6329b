// A shape made ready to be asked about, again and again: is a point inside, how far is the boundary, where is it crossed.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "haulcast/geo/shape.hpp"

namespace haulcast::geo {

/// How a region lies to a box of the map.
enum class coverage {
  outside,  // no point of the box is in the region
  partly,   // some may be
  inside,   // all are
};

/// Around a place: the boundary is surely not nearer than that, on the ellipsoid. It may be 0 anywhere.
struct clearance {
  bool inside = false;
  double free_m = 0;
};

/// Immutable; made of a shape that has no problem, and copied by sharing. Answers are a pure function of the shape: the same on
/// every machine and in every replay. The boundary belongs to the region. No method allocates unless it says so.
class region {
 public:
  explicit region(const shape& of);
  ~region();
  region(const region&) noexcept;
  region& operator=(const region&) noexcept;

  /// Exact to 1 m for circles and for shapes of up to 50 km, beyond that to 2e-5 of the longest edge.
  bool contains(point p) const noexcept;

  /// Metres to the boundary, negative inside; contains(p) says the sign. Where it is farther than `reach_m`, any number
  /// beyond that (with the right sign) may be the answer, and comes sooner. To about a thousandth, to centimetres near the
  /// boundary. Inside a corridor it is what is left to half the width, also where the boundary is farther because the path
  /// bends.
  double signed_distance_m(point p, double reach_m = std::numeric_limits<double>::infinity()) const noexcept;

  /// contains(p), and a distance that falls short of the boundary, by one per cent and some metres mostly: several times as
  /// quick as signed_distance_m. What is farther than `reach_m` need not be told apart from that.
  clearance clearance_of(point p, double reach_m) const noexcept;

  /// Where the shortest line from `a` to `b` crosses the boundary, as parts of its length from 0 to 1, ascending; between two
  /// of them the line is all inside or all outside. Their number is odd when contains() tells `a` and `b` apart; a touch
  /// without length is none. To a millimetre. Appends to `out`, and allocates where there is much to look at. Meant
  /// for two positions of a truck: up to some 100 km. Between two arms of a corridor, a gap of a hundredth of its width may be
  /// missed.
  void crossings(point a, point b, std::vector<double>& out) const;

  /// A box of the map that holds all of it. Around a pole it is as wide as the earth.
  const bbox& bounds() const noexcept;

  /// `partly` is always a right answer, the others never a wrong one. Of a box that does not cross the antimeridian. What is
  /// asked is the circle round the box: boxes are told apart from the boundary when they are farther from it than half their
  /// diagonal, of corridors and a hundredth of their width.
  coverage of(const bbox& box) const noexcept;

  std::size_t bytes() const noexcept;
  /// Asks for the memory that answers begin with.
  void prefetch() const noexcept { __builtin_prefetch(prepared_.get()); }

 private:
  struct prepared;
  std::shared_ptr<const prepared> prepared_;
};

}  // namespace haulcast::geo
