#include "cap.hpp"

#include <algorithm>

namespace haulcast::geo {

cap cap::around(const bbox& box) {
  const point center{(box.south + box.north) / 2, (box.west + box.east) / 2};
  const vec3 direction = unit(center);
  // East and west are alike, north and south are not.
  const double angle =
      std::max(geo::angle(direction, unit({box.south, box.west})), geo::angle(direction, unit({box.north, box.west})));
  return {center, direction, angle + rounding};
}

cap cap::around(const arc& line) {
  const vec3 middle = line.at(0.5);
  return {place(middle), middle, line.angle() / 2 + rounding};
}

}  // namespace haulcast::geo
