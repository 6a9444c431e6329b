#include "geofences/peers.hpp"

#ifdef HAULCAST_BENCH_GEOS
#include <geos_c.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "geo/random_shapes.hpp"
#endif

namespace haulcast::bench {

#ifdef HAULCAST_BENCH_GEOS

namespace {

/// One flat map for all: longitudes as at 50 degrees, so that the width of a corridor is about right everywhere.
constexpr double squeeze = 0.6427876;
constexpr double degree_m = 111'195;

class geos_index {
 public:
  explicit geos_index(const std::vector<geo::shape>& fences) {
    tree_ = GEOSSTRtree_create_r(geos_, 16);
    fences_.reserve(fences.size());
    for (const auto& fence : fences) {
      GEOSGeometry* made = flat(fence);
      fences_.push_back({made, GEOSPrepare_r(geos_, made)});
      GEOSSTRtree_insert_r(geos_, tree_, made, &fences_.back());
    }
  }
  geos_index(const geos_index&) = delete;
  geos_index& operator=(const geos_index&) = delete;
  ~geos_index() {
    for (const auto& [made, prepared] : fences_) {
      GEOSPreparedGeom_destroy_r(geos_, prepared);
      GEOSGeom_destroy_r(geos_, made);
    }
    GEOSSTRtree_destroy_r(geos_, tree_);
    GEOS_finish_r(geos_);
  }

  std::size_t count(geo::point p) {
    GEOSGeometry* at = GEOSGeom_createPointFromXY_r(geos_, p.longitude * squeeze, p.latitude);
    question asked{geos_, at, 0};
    GEOSSTRtree_query_r(geos_, tree_, at, &geos_index::try_one, &asked);
    GEOSGeom_destroy_r(geos_, at);
    return asked.found;
  }

 private:
  struct fence {
    GEOSGeometry* made;
    const GEOSPreparedGeometry* prepared;
  };
  struct question {
    GEOSContextHandle_t geos;
    const GEOSGeometry* at;
    std::size_t found;
  };

  static void try_one(void* item, void* user) {
    auto& asked = *static_cast<question*>(user);
    asked.found += GEOSPreparedCovers_r(asked.geos, static_cast<fence*>(item)->prepared, asked.at) == 1 ? 1 : 0;
  }

  GEOSCoordSequence* flat(const geo::ring& ring) {
    GEOSCoordSequence* all = GEOSCoordSeq_create_r(geos_, static_cast<unsigned>(ring.size()), 2);
    for (unsigned i = 0; i < ring.size(); ++i) {
      GEOSCoordSeq_setXY_r(geos_, all, i, ring[i].longitude * squeeze, ring[i].latitude);
    }
    return all;
  }

  GEOSGeometry* flat(const geo::shape& s) {
    if (const auto* p = std::get_if<geo::polygon>(&s)) return filled(p->rings[0]);
    if (const auto* c = std::get_if<geo::corridor>(&s)) {
      GEOSGeometry* path = GEOSGeom_createLineString_r(geos_, flat(c->path));
      GEOSGeometry* wide = GEOSBuffer_r(geos_, path, c->width_m / 2 / degree_m, 8);
      GEOSGeom_destroy_r(geos_, path);
      return wide;
    }
    const auto& c = std::get<geo::circle>(s);
    geo::ring corners;
    // As large as the circle: the corners lie a little outside.
    constexpr double corner = 32;
    const double radius = c.radius_m * std::sqrt(2 * std::numbers::pi / corner / std::sin(2 * std::numbers::pi / corner));
    for (int i = 0; i < 32; ++i) corners.push_back(geo::walk(c.center, i * 360 / corner, radius));
    corners.push_back(corners.front());
    return filled(corners);
  }

  GEOSGeometry* filled(const geo::ring& ring) {
    return GEOSGeom_createPolygon_r(geos_, GEOSGeom_createLinearRing_r(geos_, flat(ring)), nullptr, 0);
  }

  GEOSContextHandle_t geos_ = GEOS_init_r();
  GEOSSTRtree* tree_ = nullptr;
  std::vector<fence> fences_;
};

}  // namespace

counter prepared_geos(const std::vector<geo::shape>& fences) {
  return [index = std::make_shared<geos_index>(fences)](const geo::point* p, std::size_t count) {
    std::size_t sum = 0;
    for (const auto* end = p + count; p != end; ++p) sum += index->count(*p);
    return sum;
  };
}

#else

counter prepared_geos(const std::vector<geo::shape>&) { return {}; }

#endif

}  // namespace haulcast::bench
