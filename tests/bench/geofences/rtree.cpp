#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <cstdint>
#include <iterator>
#include <memory>
#include <variant>

#include "geofences/peers.hpp"

namespace haulcast::bench {
namespace {

namespace bg = boost::geometry;
using flat_point = bg::model::point<double, 2, bg::cs::cartesian>;
using flat_box = bg::model::box<flat_point>;
using boxed = std::pair<flat_box, std::uint32_t>;
using rtree = bg::index::rtree<boxed, bg::index::rstar<16>>;

using round_point = bg::model::point<double, 2, bg::cs::spherical_equatorial<bg::degree>>;
using round_polygon = bg::model::polygon<round_point>;
using round_line = bg::model::linestring<round_point>;
constexpr double earth_radius_m = 6'371'008.8;

round_point round(geo::point p) { return {p.longitude, p.latitude}; }

/// Asks the exact test about every box that holds the point; the R-tree is made in one go, which makes the best one.
template <class Contains>
counter over_boxes(std::vector<boxed> boxes, Contains contains) {
  const auto tree = std::make_shared<rtree>(boxes);
  return [tree, contains = std::move(contains), found = std::vector<boxed>{}](const geo::point* p, std::size_t count) mutable {
    std::size_t sum = 0;
    for (const auto* end = p + count; p != end; ++p) {
      found.clear();
      tree->query(bg::index::contains(flat_point{p->longitude, p->latitude}), std::back_inserter(found));
      for (const auto& [box, which] : found) sum += contains(which, *p) ? 1 : 0;
    }
    return sum;
  };
}

template <class Fences>
std::vector<boxed> boxes_of(const Fences& fences) {
  std::vector<boxed> boxes;
  for (const auto& fence : fences) {
    const geo::bbox box = geo::region{fence}.bounds();
    boxes.push_back({flat_box{{box.west, box.south}, {box.east, box.north}}, static_cast<std::uint32_t>(boxes.size())});
  }
  return boxes;
}

struct round_circle {
  round_point center;
  double radius_m;
};
struct round_corridor {
  round_line path;
  double half_width_m;
};
using round_shape = std::variant<round_circle, round_polygon, round_corridor>;

round_shape round(const geo::shape& s) {
  if (const auto* c = std::get_if<geo::circle>(&s)) return round_circle{round(c->center), c->radius_m};
  if (const auto* c = std::get_if<geo::corridor>(&s)) {
    round_corridor made{.path = {}, .half_width_m = c->width_m / 2};
    for (const auto& p : c->path) made.path.push_back(round(p));
    return made;
  }
  round_polygon made;
  for (const auto& p : std::get<geo::polygon>(s).rings[0]) bg::append(made.outer(), round(p));
  bg::correct(made);
  return made;
}

bool contains(const round_shape& s, const round_point& p) {
  if (const auto* c = std::get_if<round_circle>(&s)) return bg::distance(p, c->center) * earth_radius_m <= c->radius_m;
  if (const auto* c = std::get_if<round_corridor>(&s)) return bg::distance(p, c->path) * earth_radius_m <= c->half_width_m;
  return bg::covered_by(p, std::get<round_polygon>(s));
}

}  // namespace

counter rtree_and_region(const std::vector<geo::region>& fences) {
  std::vector<boxed> boxes;
  for (const auto& fence : fences) {
    const auto& [west, south, east, north] = fence.bounds();
    boxes.push_back({flat_box{{west, south}, {east, north}}, static_cast<std::uint32_t>(boxes.size())});
  }
  return over_boxes(std::move(boxes), [fences](std::uint32_t which, geo::point p) { return fences[which].contains(p); });
}

counter rtree_and_spherical(const std::vector<geo::shape>& fences) {
  std::vector<round_shape> shapes;
  for (const auto& fence : fences) shapes.push_back(round(fence));
  return over_boxes(boxes_of(fences), [all = std::make_shared<std::vector<round_shape>>(std::move(shapes))](
                                          std::uint32_t which, geo::point p) { return contains((*all)[which], round(p)); });
}

}  // namespace haulcast::bench
