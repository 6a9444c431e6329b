#include "line_search.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "degrees.hpp"

namespace haulcast::geo {

namespace {

constexpr double short_degrees = 0.1;      // straight enough, but for the bulge
constexpr double short_latitude_max = 85;  // up to there
constexpr double piece_m = 8'000;
constexpr double belt_latitude = 89;  // meridians are no longer nearly parallel
constexpr double rounding_m = 0.02;
constexpr double earth_radius_m = 6'371'008.8;

using vector3 = std::array<double, 3>;

vector3 on_sphere(point p) noexcept {
  const double latitude = p.latitude * radians_per_degree;
  const double longitude = p.longitude * radians_per_degree;
  return {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude), std::sin(latitude)};
}

point on_map(const vector3& v) noexcept {
  return {std::atan2(v[2], std::hypot(v[0], v[1])) / radians_per_degree, std::atan2(v[1], v[0]) / radians_per_degree};
}

/// The shorter way round.
double eastward(double from, double to) noexcept {
  const double d = to - from;
  return d > 180 ? d - 360 : d < -180 ? d + 360 : d;
}

/// std::floor is a call where the processor is not known to have an instruction for it.
std::int32_t floor_of(double value) noexcept {
  const auto toward_zero = static_cast<std::int32_t>(value);
  return toward_zero - (value < toward_zero ? 1 : 0);
}

}  // namespace

std::optional<unsigned> line_search::run(point a, point b, double margin_m) {
  const double to_east = eastward(a.longitude, b.longitude);
  const double to_north = b.latitude - a.latitude;
  const double highest = std::max(std::abs(a.latitude), std::abs(b.latitude));
  if (std::abs(to_east) < short_degrees && std::abs(to_north) < short_degrees && highest < short_latitude_max) {
    find_piece(a, to_east, to_north, margin_m);
  } else {
    run_in_pieces(a, b, margin_m);
  }
  if (!single_) keep_each_once();
  const bool known = single_ && whole_ && std::ranges::all_of(out_, &region_candidate::all_inside);
  return known ? std::optional{deepest_} : std::nullopt;
}

/// Whoever takes the earth for an ellipsoid has another shortest line, by a hundredth of what it bulges at most.
void line_search::run_in_pieces(point a, point b, double margin_m) {
  const double length_m = distance_m(a, b);
  const double angle = length_m / earth_radius_m;
  const int pieces = std::max(1, static_cast<int>(std::ceil(length_m / piece_m)));
  const double margin = margin_m + 0.01 * length_m * length_m / (8 * earth_radius_m);
  const vector3 first = on_sphere(a);
  const vector3 last = on_sphere(b);
  whole_ = pieces == 1;
  point begin = a;
  for (int i = 1; i <= pieces; ++i) {
    point end = b;
    if (i < pieces) {
      const double part = angle * i / pieces;
      vector3 between;
      for (std::size_t k = 0; k < 3; ++k) between[k] = std::sin(angle - part) * first[k] + std::sin(part) * last[k];
      end = on_map(between);
    }
    find_piece(begin, eastward(begin.longitude, end.longitude), end.latitude - begin.latitude, margin);
    begin = end;
  }
}

void line_search::find_belt(double south, double north) {
  whole_ = single_ = false;
  from_ = to_ = {};
  least_ = {0, (south + 90) * cell::per_degree};
  greatest_ = {cell::columns - 1, (north + 90) * cell::per_degree};
  wide_x_ = cell::columns;
  from_.y = to_.y = (least_.y + greatest_.y) / 2;
  wide_y_ = (greatest_.y - least_.y) / 2;
  find();
}

void line_search::find_piece(point a, double to_east, double to_north, double margin_m) {
  const double south = std::min(a.latitude, a.latitude + to_north);
  const double north = std::max(a.latitude, a.latitude + to_north);
  const double highest = std::max(std::abs(south), std::abs(north));
  const auto margin = degrees::around({highest, 0}, margin_m + rounding_m);
  if (highest + margin.latitude > belt_latitude) {
    const double beyond = margin.latitude + degrees::around({}, piece_m).latitude;
    return find_belt(south - beyond, north + beyond);
  }
  const double east = std::abs(to_east) * radians_per_degree;
  const double bulge_to_north = east * east / 8 / radians_per_degree;  // twice what it is, and so is the other
  const double bulge_to_east = std::abs(to_east) * (north - south) * radians_per_degree * stretch_of_longitude(highest) / 4;
  wide_x_ = (margin.longitude + bulge_to_east) * cell::per_degree;
  wide_y_ = (margin.latitude + bulge_to_north) * cell::per_degree;
  from_ = {(a.longitude + 180) * cell::per_degree, (a.latitude + 90) * cell::per_degree};
  to_ = {from_.x + to_east * cell::per_degree, from_.y + to_north * cell::per_degree};
  least_ = {std::min(from_.x, to_.x) - wide_x_, std::min(from_.y, to_.y) - wide_y_};
  greatest_ = {std::max(from_.x, to_.x) + wide_x_, std::max(from_.y, to_.y) + wide_y_};
  find();
}

void line_search::find() {
  constexpr int bits = cell::depth_max - depth_of_tiles(0);
  constexpr auto columns = static_cast<std::int32_t>(root_columns);
  first_ = {floor_of(least_.x), floor_of(least_.y)};
  last_ = {floor_of(greatest_.x), floor_of(greatest_.y)};
  const std::int32_t west = first_.x >> bits;
  const std::int32_t east = std::min(last_.x >> bits, west + columns - 1);
  const std::int32_t south = std::max(first_.y >> bits, 0);
  const std::int32_t north = std::min(last_.y >> bits, static_cast<std::int32_t>(root_rows) - 1);
  if (west != east || south != north) single_ = false;
  for (std::int32_t row = south; row <= north; ++row) {
    for (std::int32_t column = west; column <= east; ++column) {
      const auto& root = tree_.root(static_cast<std::uint32_t>(column & (columns - 1)), static_cast<std::uint32_t>(row));
      walk(root, 0, {column << bits, row << bits});
    }
  }
}

void line_search::walk(const cell_tree::tile& t, unsigned tier, corner at) {
  deepest_ = tier;
  const unsigned touched = cells_touched(tier, at);
  if (!std::has_single_bit(touched)) single_ = false;
  const std::int32_t side = std::int32_t{1} << shift_of_cells(tier);
  const bool all_here =
      whole_ && least_.x >= at.x && greatest_.x <= at.x + 4 * side && least_.y >= at.y && greatest_.y <= at.y + 4 * side;
  for (const cell_entry& e : t) {
    if (((e.inside | e.partly) & touched) == 0) continue;
    out_.push_back({.key = e.key, .all_inside = all_here && (touched & ~unsigned{e.inside}) == 0});
  }
  if (t.block == 0) return;
  for (unsigned left = touched; left != 0; left &= left - 1) {
    const auto which = static_cast<unsigned>(std::countr_zero(left));
    const auto& inner = tree_.child(t, which);
    if (inner.size == 0 && inner.block == 0) continue;
    const corner its{at.x + side * static_cast<std::int32_t>(which & 3), at.y + side * static_cast<std::int32_t>(which >> 2)};
    walk(inner, tier + 1, its);
  }
}

/// Row by row, from where the line comes into the row to where it leaves it.
unsigned line_search::cells_touched(unsigned tier, corner at) const noexcept {
  const int bits = static_cast<int>(shift_of_cells(tier));
  const auto columns = [&](std::int32_t west, std::int32_t east) {
    const int first = std::max((west - at.x) >> bits, 0);
    const int last = std::min((east - at.x) >> bits, 3);
    return first > last ? 0U : (2U << last) - (1U << first);
  };
  const int south = std::max((first_.y - at.y) >> bits, 0);
  const int north = std::min((last_.y - at.y) >> bits, 3);
  const unsigned all = columns(first_.x, last_.x);
  if (south == north) return all << (4 * south);
  unsigned touched = 0;
  const double climb = to_.y - from_.y;
  for (int row = south; row <= north; ++row) {
    unsigned in_row = all;
    if (!std::has_single_bit(all) && climb != 0) {
      const double bottom = at.y + (row << bits) - wide_y_;
      const double top = at.y + ((row + 1) << bits) + wide_y_;
      const double one = std::clamp((bottom - from_.y) / climb, 0.0, 1.0);
      const double other = std::clamp((top - from_.y) / climb, 0.0, 1.0);
      const double x1 = from_.x + one * (to_.x - from_.x);
      const double x2 = from_.x + other * (to_.x - from_.x);
      in_row = columns(floor_of(std::min(x1, x2) - wide_x_), floor_of(std::max(x1, x2) + wide_x_));
    }
    touched |= in_row << (4 * row);
  }
  return touched;
}

/// What was found in several tiles is not all inside in one of them.
void line_search::keep_each_once() {
  std::ranges::sort(out_, {}, &region_candidate::key);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < out_.size(); ++i) {
    if (kept != 0 && out_[kept - 1].key == out_[i].key) {
      out_[kept - 1].all_inside = false;
    } else {
      out_[kept++] = out_[i];
    }
  }
  out_.resize(kept);
}

}  // namespace haulcast::geo
