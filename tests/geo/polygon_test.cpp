#include <gtest/gtest.h>

#include "geo/random_shapes.hpp"
#include "geo/slow_polygon.hpp"
#include "haulcast/geo/region.hpp"

namespace haulcast::geo {
namespace {

TEST(Polygon, AgreesWithASlowReferenceWhereverAndHoweverLargeItIs) {
  random_shapes random{31};
  std::size_t inside = 0;
  for (int i = 0; i < 1000; ++i) {
    const point center = random.anywhere();
    const polygon area = random.a_polygon(center, 9e6);
    const region made{area};
    for (int k = 0; k < 10; ++k) {
      const point p = random.near(area);
      const bool expected = slowly_inside(area, center, p);
      inside += expected;
      if (made.contains(p) != expected)
        EXPECT_LT(std::fabs(made.signed_distance_m(p)), 1e-6)
            << i << ": " << p.latitude << ' ' << p.longitude << " of the polygon round " << center.latitude << ' '
            << center.longitude;
    }
  }
  EXPECT_GT(inside, 2'500U);
}

}  // namespace
}  // namespace haulcast::geo
