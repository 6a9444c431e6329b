#include "haulcast/geo/region.hpp"

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <optional>
#include <variant>

#include "circle.hpp"
#include "corridor.hpp"
#include "polygon.hpp"
#include "short_way.hpp"

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

/// Of a way along which the boundary is met at these parts, if anywhere: where it changes sides there. Only inside may its ends
/// be other than what is next to them, since the boundary is inside.
template <class Shape>
void find_among(parts& meetings, const Shape& s, const short_way& way, std::vector<double>& out) {
  const auto inside = [&](double part) { return s.contains(way.at(part)); };
  const bool first = inside(0), last = inside(1);
  if (meetings.empty()) {
    if (first != last) out.push_back(find_by_halves(0, 1, first, fine_part(way.angle()), inside));
    return;
  }
  std::ranges::sort(meetings);
  bool before = first && inside(meetings.front() / 2);
  if (before != first) out.push_back(0);
  for (std::size_t i = 0; i < meetings.size(); ++i) {
    const bool is_last = i + 1 == meetings.size();
    const bool after = is_last ? last && inside((meetings[i] + 1) / 2) : inside((meetings[i] + meetings[i + 1]) / 2);
    if (after != before) out.push_back(meetings[i]);
    before = after;
  }
  if (before != last) out.push_back(1);
}

/// None: both ends are on the same side of it.
template <class Off>
std::optional<double> find_root(double low, double high, double fine, const Off& off) {
  const double off_low = off(low), off_high = off(high);
  if ((off_low < 0) == (off_high < 0) || off_low == 0 || off_high == 0) return std::nullopt;
  std::uintmax_t steps = 100;
  const auto narrow = [fine](double a, double b) { return b - a < fine; };
  const auto [a, b] = boost::math::tools::toms748_solve(off, low, high, off_low, off_high, narrow, steps);
  return off_low < 0 ? a : b;
}

template <class Shape>
void find_along(const Shape& s, point a, point b, std::vector<double>& out) {
  const arc way{unit(a), unit(b)};
  if (s.of(cap::around(way)) != coverage::partly) return;
  parts probes{0, 1};
  if (way.angle() > 0) s.probes(way, probes);
  std::ranges::sort(probes);
  const auto nearly = short_way::of(a, b);
  const auto at = [&](double part) { return part <= 0 ? a : part >= 1 ? b : nearly ? nearly->at(part) : place(way.at(part)); };
  const auto inside = [&](double part) { return s.contains(at(part)); };
  const double fine = fine_part(way.angle());
  const auto find = [&](double low, double high, bool inside_low) {
    if constexpr (requires { s.off_m(a); }) {
      if (const auto root = find_root(low, high, fine, [&](double part) { return s.off_m(at(part)); })) return *root;
    }
    return find_by_halves(low, high, inside_low, fine, inside);
  };
  find_changes(probes, inside, find, out);
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

clearance region::clearance_of(point p, double reach_m) const noexcept {
  clearance found = std::visit([&](const auto& s) { return s.clearance_of(p, reach_m); }, prepared_->shape);
  found.free_m = std::max(found.free_m, 0.0);
  return found;
}

void region::crossings(point a, point b, std::vector<double>& out) const {
  const auto search = [&](const auto& s) {
    if constexpr (requires(const short_way& way, parts& meetings) { s.meets(way, meetings); }) {
      const auto nearly = short_way::of(a, b);
      if (parts meetings; nearly && s.meets(*nearly, meetings)) return find_among(meetings, s, *nearly, out);
    }
    find_along(s, a, b, out);
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
