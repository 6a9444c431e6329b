#include "haulcast/geo/region.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "circle.hpp"
#include "corridor.hpp"
#include "polygon.hpp"

namespace haulcast::geo {
namespace {

using any_prepared = std::variant<prepared_circle, prepared_polygon, prepared_corridor>;

any_prepared prepare(const shape& of) {
  struct maker {
    any_prepared operator()(const circle& c) const { return prepared_circle{c}; }
    any_prepared operator()(const polygon& p) const { return prepared_polygon{p}; }
    any_prepared operator()(const corridor& c) const { return prepared_corridor{c}; }
  };
  return std::visit(maker{}, of);
}

/// Of boxes that may cross the antimeridian: whether they have any longitude in common.
bool share_longitude(const bbox& a, const bbox& b) {
  const auto holds = [](const bbox& box, double longitude) {
    return box.west <= box.east ? longitude >= box.west && longitude <= box.east
                                : longitude >= box.west || longitude <= box.east;
  };
  return holds(a, b.west) || holds(a, b.east) || holds(b, a.west) || holds(b, a.east) ||
         // 180 and -180 are one meridian.
         (holds(a, 180) && holds(b, -180)) || (holds(a, -180) && holds(b, 180));
}

/// The places of a way, asked for some twenty times for each crossing. Those of a short one, not near a pole, are told from
/// three by a parabola: to a hundredth of a millimetre, without trigonometry.
class way_places {
 public:
  way_places(point a, point b, const arc& way) : a_{a}, b_{b}, way_{way} {
    is_short_ = way.angle() < short_angle && std::max(std::abs(a.latitude), std::abs(b.latitude)) < short_latitude_max;
    if (!is_short_) return;
    const point middle = place(way.at(0.5));
    north_ = b.latitude - a.latitude;
    east_ = std::remainder(b.longitude - a.longitude, 360);
    bulge_north_ = 4 * (middle.latitude - a.latitude - north_ / 2);
    bulge_east_ = 4 * (std::remainder(middle.longitude - a.longitude, 360) - east_ / 2);
  }
  point operator()(double part) const {
    if (part <= 0) return a_;
    if (part >= 1) return b_;
    if (!is_short_) return place(way_.at(part));
    const double bulge = part * (1 - part);
    const double longitude = a_.longitude + part * east_ + bulge * bulge_east_;
    return {a_.latitude + part * north_ + bulge * bulge_north_,
            std::abs(longitude) > 180 ? std::remainder(longitude, 360) : longitude};
  }

 private:
  static constexpr double short_angle = 2e-4;  // 1.3 km
  static constexpr double short_latitude_max = 70;
  point a_, b_;
  const arc& way_;
  bool is_short_ = false;
  double north_ = 0, east_ = 0, bulge_north_ = 0, bulge_east_ = 0;
};

}  // namespace

struct region::prepared {
  any_prepared shape;
};

region::region(const shape& of) : prepared_{std::make_shared<const prepared>(prepare(of))} {}
region::~region() = default;
region::region(const region&) noexcept = default;
region& region::operator=(const region&) noexcept = default;

bool region::contains(point p) const noexcept {
  return std::visit([&](const auto& s) { return s.contains(p); }, prepared_->shape);
}

double region::signed_distance_m(point p, double reach_m) const noexcept {
  return std::visit([&](const auto& s) { return s.signed_distance_m(p, reach_m); }, prepared_->shape);
}

clearance region::clearance_of(point p, double reach_m) const noexcept {
  clearance found = std::visit([&](const auto& s) { return s.clearance_of(p, reach_m); }, prepared_->shape);
  found.free_m = std::max(found.free_m, 0.0);
  return found;
}

void region::crossings(point a, point b, std::vector<double>& out) const {
  const arc way{unit(a), unit(b)};
  const auto search = [&](const auto& s) {
    if (s.of(cap::around(way)) != coverage::partly) return;
    parts probes{0, 1};
    if (way.angle() > 0) s.probes(way, probes);
    std::ranges::sort(probes);
    const way_places at{a, b, way};
    find_changes(probes, way.angle(), [&](double part) { return s.contains(at(part)); }, out);
  };
  std::visit(search, prepared_->shape);
}

const bbox& region::bounds() const noexcept {
  return std::visit([](const auto& s) -> const bbox& { return s.bounds(); }, prepared_->shape);
}

coverage region::of(const bbox& box) const noexcept {
  const bbox& all = bounds();
  if (box.south > all.north || box.north < all.south || !share_longitude(all, box)) return coverage::outside;
  if (box.east - box.west > 180) return coverage::partly;
  return std::visit([piece = cap::around(box)](const auto& s) { return s.of(piece); }, prepared_->shape);
}

std::size_t region::bytes() const noexcept {
  return sizeof(prepared) + std::visit([](const auto& s) { return s.bytes(); }, prepared_->shape);
}

}  // namespace haulcast::geo
