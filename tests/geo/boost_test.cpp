// The second opinion of Boost.Geometry, on the sphere and on the ellipsoid.
#include <gtest/gtest.h>

#include <boost/geometry.hpp>

#include "geo/random_shapes.hpp"
#include "haulcast/geo/region.hpp"

namespace haulcast::geo {
namespace {

namespace bg = boost::geometry;
using on_sphere = bg::model::point<double, 2, bg::cs::spherical_equatorial<bg::degree>>;
using on_ellipsoid = bg::model::point<double, 2, bg::cs::geographic<bg::degree>>;

template <class Point>
auto polygon_of(const polygon& area) {
  bg::model::polygon<Point> made;
  bg::interior_rings(made).resize(area.rings.size() - 1);
  for (std::size_t i = 0; i < area.rings.size(); ++i) {
    auto& ring = i == 0 ? bg::exterior_ring(made) : bg::interior_rings(made)[i - 1];
    for (const point p : area.rings[i]) ring.emplace_back(p.longitude, p.latitude);
  }
  bg::correct(made);
  return made;
}

/// Away from the poles, where Boost 1.81 is not at home.
point temperate(random_shapes& random) {
  for (;;) {
    const point p = random.anywhere();
    if (std::fabs(p.latitude) < 60) return p;
  }
}

TEST(BoostGeometry, SaysTheSameOfWhatIsInAPolygon) {
  random_shapes random{53};
  for (int i = 0; i < 300; ++i) {
    const polygon area = random.a_polygon(temperate(random), 1.5e6);
    const auto theirs = polygon_of<on_sphere>(area);
    const region ours{area};
    for (int k = 0; k < 20; ++k) {
      const point p = random.near(area);
      if (ours.contains(p) != bg::covered_by(on_sphere{p.longitude, p.latitude}, theirs))
        EXPECT_LT(std::fabs(ours.signed_distance_m(p)), 0.01) << p.latitude << ' ' << p.longitude;
    }
  }
}

/// Boost's search for the nearest place on a geodesic leaves off decimetres before it (0.134 m where it should be 0), and
/// geodesics are not quite great circles over geodetic latitude.
TEST(BoostGeometry, SaysTheSameOfTheMetresToAPolygonsBoundary) {
  random_shapes random{59};
  int compared = 0;
  for (int i = 0; i < 200; ++i) {
    polygon area = random.a_polygon(temperate(random));
    if (area.rings[0].size() > 30 || longest_edge(area.rings[0]) > 30'000) continue;
    ++compared;
    bg::model::linestring<on_ellipsoid> boundary;
    area.rings.resize(1);
    for (const point p : area.rings[0]) boundary.emplace_back(p.longitude, p.latitude);
    const region ours{area};
    for (int k = 0; k < 10; ++k) {
      const point p = random.near(area);
      const double theirs = bg::distance(on_ellipsoid{p.longitude, p.latitude}, boundary);
      if (theirs > 50'000) continue;
      EXPECT_NEAR(std::fabs(ours.signed_distance_m(p)), theirs, 0.3 + 0.007 * theirs) << p.latitude << ' ' << p.longitude;
    }
  }
  EXPECT_GT(compared, 30);
}

}  // namespace
}  // namespace haulcast::geo
