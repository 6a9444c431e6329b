#include "haulcast/geo/region.hpp"

#include <algorithm>
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

void region::crossings(point a, point b, std::vector<double>& out) const {
  const arc way{unit(a), unit(b)};
  const auto search = [&](const auto& s) {
    if (s.of(cap::around(way)) != coverage::partly) return;
    parts probes{0, 1};
    if (way.angle() > 0) s.probes(way, probes);
    std::ranges::sort(probes);
    find_changes(
        probes, way.angle(), [&](double part) { return s.contains(part <= 0   ? a
                                                                  : part >= 1 ? b
                                                                              : place(way.at(part))); }, out);
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
