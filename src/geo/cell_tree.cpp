#include "haulcast/geo/cell_tree.hpp"

namespace haulcast::geo {

cell_tree::cell_tree() : generations_(roots) {
  blocks_.reach(root_blocks - 1);
  uses_.reach(root_blocks - 1);
}

cell_tree::tile_id cell_tree::add(const cover_part& part, std::uint32_t key) {
  const unsigned from_root = 2U * part.tier;
  tile_id id = (part.row >> from_root) * root_columns + (part.column >> from_root);
  ++generations_[id];
  for (unsigned shift = from_root; shift != 0;) {
    shift -= 2;
    if (at(id).block == 0) {
      const std::uint32_t made = make_block(id);
      if (is_empty(at(id))) ++uses_[id / 16].tiles;
      at(id).block = made;
    }
    id = at(id).block * 16 + cell_in_tile(part.column >> shift, part.row >> shift);
  }
  if (is_empty(at(id))) ++uses_[id / 16].tiles;
  lists_.append(at(id), {.key = key, .inside = part.inside, .partly = part.partly});
  return id;
}

void cell_tree::remove(tile_id from, std::uint32_t key) {
  ++generations_[root_of(from)];
  lists_.remove(at(from), key);
  while (is_empty(at(from)) && --uses_[from / 16].tiles == 0 && from >= roots) {
    spare_blocks_.push_back(from / 16);
    from = uses_[from / 16].parent;
    at(from).block = 0;
  }
}

std::uint32_t cell_tree::make_block(tile_id parent) {
  std::uint32_t made = next_block_;
  if (spare_blocks_.empty()) {
    blocks_.reach(made);
    uses_.reach(made);
    ++next_block_;
  } else {
    made = spare_blocks_.back();
    spare_blocks_.pop_back();
  }
  uses_[made] = {.parent = parent};
  return made;
}

cell_tree::tile_id cell_tree::root_of(tile_id id) const noexcept {
  while (id >= roots) id = uses_[id / 16].parent;
  return id;
}

std::size_t cell_tree::bytes() const noexcept {
  return lists_.bytes() + blocks_.bytes() + uses_.bytes() + spare_blocks_.capacity() * sizeof(std::uint32_t) +
         generations_.capacity() * sizeof(std::uint32_t);
}

}  // namespace haulcast::geo
