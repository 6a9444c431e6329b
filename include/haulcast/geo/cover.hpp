// Which cells of the map a region lies in: few large ones inside, small ones along its boundary.
#pragma once

#include <cstdint>
#include <vector>

#include "haulcast/geo/region.hpp"

namespace haulcast::geo {

/// A tile and its sixteen cells, a bit each: `inside` is wholly in the region, `partly` may be crossed by its boundary, and the
/// others have nothing of it, or it is said in tiles of the next tier.
struct cover_part {
  std::uint8_t tier = 0;
  std::uint16_t inside = 0;
  std::uint16_t partly = 0;
  std::uint32_t column = 0;  // of the tile
  std::uint32_t row = 0;
};
using cover = std::vector<cover_part>;

/// The boundary is followed to ever smaller cells while these lie in at most so many tiles: a circle of 5 km ends with cells of
/// 611 m, one of 2 km with the smallest.
inline constexpr std::size_t boundary_tiles_max = 32;

/// Cells that only touch the region, by rounding or at a border, are `partly`, also from the other side of the antimeridian. At most some hundred parts; a region with parts
/// of an ocean in it up to 2,048. Asks `region::of` about twenty times for each part, so this may be done where the region is
/// made, and off the loop.
cover cover_of(const region& r);

}  // namespace haulcast::geo
