#include "haulcast/hub/viewport_index.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace haulcast::hub {

namespace {

constexpr std::array cell_degrees{1.0 / 16, 1.0, 16.0, 360.0};
constexpr std::int64_t cells_max = 16;

struct range {
  std::int64_t first;
  std::int64_t last;
  std::int64_t count() const noexcept { return last - first + 1; }
};

std::int64_t coordinate(double degrees, double from, double cell) noexcept {
  return static_cast<std::int64_t>(std::floor((degrees - from) / cell));
}

std::uint64_t key(std::int64_t row, std::int64_t column) noexcept {
  return static_cast<std::uint64_t>(row) << 32 | static_cast<std::uint64_t>(column);
}

}  // namespace

std::uint64_t viewport_index::cell_of(std::size_t level, geo::point p) noexcept {
  const double cell = cell_degrees[level];
  return key(coordinate(p.latitude, -90, cell), coordinate(p.longitude, -180, cell));
}

// One that crosses the antimeridian has columns on both sides of it.
template <class F>
void viewport_index::for_each_cell(const geo::bbox& box, F&& f) {
  for (std::size_t level = 0; level < levels; ++level) {
    const double cell = cell_degrees[level];
    const range rows{coordinate(box.south, -90, cell), coordinate(box.north, -90, cell)};
    const std::int64_t west = coordinate(box.west, -180, cell);
    const std::int64_t east = coordinate(box.east, -180, cell);
    const std::int64_t end = coordinate(180, -180, cell);
    std::array<range, 2> columns{range{west, east}, range{0, -1}};
    if (box.west > box.east) columns = {range{west, end}, range{0, std::min(east, west - 1)}};
    if (level + 1 < levels && rows.count() * (columns[0].count() + columns[1].count()) > cells_max) continue;
    for (std::int64_t row = rows.first; row <= rows.last; ++row) {
      for (const range& side : columns) {
        for (std::int64_t column = side.first; column <= side.last; ++column) f(level, key(row, column));
      }
    }
    return;
  }
}

std::size_t viewport_index::count_near(geo::point p) const {
  std::size_t sum = 0;
  for (std::size_t level = 0; level < levels; ++level) {
    if (cells_[level].empty()) continue;
    const auto cell = cells_[level].find(cell_of(level, p));
    if (cell != cells_[level].end()) sum += cell->second.size();
  }
  return sum;
}

void viewport_index::add(subscriber* who, const geo::bbox& box) {
  for_each_cell(box, [&](std::size_t level, std::uint64_t cell) { cells_[level][cell].push_back({who, box}); });
  ++count_;
}

void viewport_index::remove(subscriber* who, const geo::bbox& box) {
  for_each_cell(box, [&](std::size_t level, std::uint64_t cell) {
    const auto found = cells_[level].find(cell);
    if (found == cells_[level].end()) return;
    std::erase_if(found->second, [&](const viewport& v) { return v.who == who; });
    if (found->second.empty()) cells_[level].erase(found);
  });
  --count_;
}

}  // namespace haulcast::hub
