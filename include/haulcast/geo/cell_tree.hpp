// Which regions lie in which cells: a tree of tiles, each with a list of the regions that fill some of its cells or end there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "haulcast/geo/cell_lists.hpp"
#include "haulcast/geo/cells.hpp"
#include "haulcast/geo/chunked.hpp"
#include "haulcast/geo/cover.hpp"

namespace haulcast::geo {

/// A region is in the list of each tile that its cover names, and nowhere else: whoever asks for a place reads the lists of all
/// tiles from the root to the deepest one there. Tiles come in blocks of sixteen, those of one tile; a block without entries
/// goes.
class cell_tree {
 public:
  struct tile : cell_list {
    std::uint32_t block = 0;  // of the tiles in it; 0: none
  };
  static_assert(sizeof(tile) == 16, "four in a cache line");
  using tile_id = std::uint32_t;

  cell_tree();

  /// Makes the tiles down to that of the part. O(tiers).
  tile_id add(const cover_part& part, std::uint32_t key);
  /// O(length of the tile's list).
  void remove(tile_id from, std::uint32_t key);

  const tile& root(std::uint32_t column, std::uint32_t row) const noexcept { return at(row * root_columns + column); }
  /// Of a tile that has a block.
  const tile& child(const tile& of, unsigned cell) const noexcept { return blocks_[of.block].tiles[cell]; }

  /// A number that changes with every change in a tile of tier 0 or in a tile inside it.
  std::uint32_t generation(std::uint32_t column, std::uint32_t row) const noexcept {
    return generations_[row * root_columns + column];
  }
  std::size_t bytes() const noexcept;

 private:
  struct alignas(64) block {
    std::array<tile, 16> tiles;
  };
  struct block_use {
    tile_id parent = 0;
    std::uint32_t tiles = 0;  // that have entries or a block
  };
  static constexpr tile_id roots = root_columns * root_rows;  // blocks up to here are those of tier 0
  static constexpr std::uint32_t root_blocks = roots / 16;

  tile& at(tile_id id) noexcept { return blocks_[id / 16].tiles[id % 16]; }
  const tile& at(tile_id id) const noexcept { return blocks_[id / 16].tiles[id % 16]; }
  static bool is_empty(const tile& t) noexcept { return t.size == 0 && t.block == 0; }
  std::uint32_t make_block(tile_id parent);
  tile_id root_of(tile_id id) const noexcept;

  cell_lists lists_;
  chunked<block, 64> blocks_;
  chunked<block_use, 1024> uses_;
  std::vector<std::uint32_t> spare_blocks_;
  std::uint32_t next_block_ = root_blocks;
  std::vector<std::uint32_t> generations_;
};

}  // namespace haulcast::geo
