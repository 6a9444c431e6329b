#include <gtest/gtest.h>

#include "geo/random_shapes.hpp"
#include "haulcast/geo/region.hpp"

namespace haulcast::geo {
namespace {

const point depot{52.52, 13.405};

TEST(Circle, HoldsWhatIsAtMostItsRadiusAway) {
  for (const double radius : {1.0, 50.0, 5'000.0, 100'000.0, 1'000'000.0}) {
    const region made{circle{depot, radius}};
    for (double heading = 0; heading < 360; heading += 7.5) {
      EXPECT_TRUE(made.contains(walk(depot, heading, radius - 1e-6))) << radius << " m at " << heading;
      EXPECT_FALSE(made.contains(walk(depot, heading, radius + 1e-6))) << radius << " m at " << heading;
    }
    EXPECT_TRUE(made.contains(depot));
  }
}

TEST(Circle, ItsRimIsInside) {
  const point rim = walk(depot, 90, 1000);
  EXPECT_TRUE(region(circle{depot, geodesic(depot, rim)}).contains(rim));
}

TEST(Circle, IsRoundAtThePolesAndAcrossTheAntimeridian) {
  for (const point center :
       {point{90, 0}, point{-90, 77}, point{89.999, 12}, point{-17, 180}, point{-17, -180}, point{0, 179.9999}}) {
    const region made{circle{center, 20'000}};
    for (double heading = 0; heading < 360; heading += 7.5) {
      EXPECT_TRUE(made.contains(walk(center, heading, 19'999.999)))
          << center.latitude << ' ' << center.longitude << " at " << heading;
      EXPECT_FALSE(made.contains(walk(center, heading, 20'000.001)))
          << center.latitude << ' ' << center.longitude << " at " << heading;
    }
  }
  EXPECT_TRUE(region(circle{{0, 180}, 10}).contains({0, -180}));
  EXPECT_TRUE(region(circle{{90, 0}, 10}).contains({90, 123}));
}

TEST(Circle, IsTheGeodesicWhereverAndHoweverLargeItIs) {
  random_shapes random{5};
  for (int i = 0; i < 20'000; ++i) {
    const circle of = random.a_circle();
    const region made{of};
    for (int k = 0; k < 5; ++k) {
      const point p = random.near(of);
      const double off = geodesic(of.center, p) - of.radius_m;
      EXPECT_EQ(made.contains(p), off <= 0) << of.radius_m << " m round " << of.center.latitude << ' ' << of.center.longitude;
      EXPECT_NEAR(made.signed_distance_m(p), off, 2e-3 + 1e-4 * std::fabs(off));
      EXPECT_EQ(made.signed_distance_m(p) <= 0, made.contains(p));
    }
  }
}

}  // namespace
}  // namespace haulcast::geo
