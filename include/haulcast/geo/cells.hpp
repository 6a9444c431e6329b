// The grid in which geofences are found: the map in squares of degrees, each of them four of the next depth.
#pragma once

#include <algorithm>
#include <cstdint>

#include "haulcast/geo/point.hpp"

namespace haulcast::geo {

/// A cell of depth d is a square of 360/2^d degrees; columns are counted from longitude -180, rows from latitude -90. Its
/// corners are exact numbers, which is why a side is not a round number of metres: 156 km at depth 8, 611 m at 16, 153 m at 18,
/// all at the equator. Towards the poles a cell is as high and less wide.
struct cell {
  unsigned depth = 0;
  std::uint32_t column = 0;
  std::uint32_t row = 0;

  static constexpr unsigned depth_max = 18;
  static constexpr double columns = 1U << depth_max;  // at that depth
  static constexpr double rows = columns / 2;
  static constexpr double per_degree = columns / 360;

  bbox box() const noexcept {
    const double side = 360.0 / static_cast<double>(1U << depth);
    const double west = -180 + side * column;
    const double south = -90 + side * row;
    return {.west = west, .south = south, .east = west + side, .north = south + side};
  }

  /// That of the greatest depth in which the point lies: east and north of a border, but inside the map.
  static cell of(point p) noexcept {
    return {.depth = depth_max,
            .column = static_cast<std::uint32_t>(std::clamp((p.longitude + 180) * per_degree, 0.0, columns - 1)),
            .row = static_cast<std::uint32_t>(std::clamp((p.latitude + 90) * per_degree, 0.0, rows - 1))};
  }
};

/// The tree of cells: tiles, and in each 4 by 4 cells, two depths deeper; a cell may be a tile again. The 64 by 32 tiles of
/// tier 0 (5.6 degrees) are always there; the cells of the last tier are those of the greatest depth.
inline constexpr unsigned tiers = 6;
constexpr unsigned depth_of_tiles(unsigned tier) noexcept { return 6 + 2 * tier; }
static_assert(depth_of_tiles(tiers) == cell::depth_max);
inline constexpr std::uint32_t root_columns = 1U << depth_of_tiles(0);
inline constexpr std::uint32_t root_rows = root_columns / 2;

/// By how many bits a place at the greatest depth is shifted to become a cell of that tier.
constexpr unsigned shift_of_cells(unsigned tier) noexcept { return cell::depth_max - depth_of_tiles(tier + 1); }

/// Which of the sixteen cells of its tile: row by row from the south-west.
constexpr unsigned cell_in_tile(std::uint32_t column, std::uint32_t row) noexcept { return (row & 3) << 2 | (column & 3); }

}  // namespace haulcast::geo
