#include "haulcast/geo/cell_lists.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace haulcast::geo {

namespace {

/// At least two entries, so that the address of the next one fits.
std::uint32_t room_for(std::uint32_t size) noexcept { return size == 0 ? 0 : std::max(2U, std::bit_ceil(size)); }

static_assert(2 * sizeof(cell_entry) >= sizeof(cell_entry*));

}  // namespace

void cell_lists::append(cell_list& to, cell_entry entry) {
  if (to.size == room_for(to.size)) {
    cell_entry* const roomier = take(room_for(to.size + 1));
    std::copy_n(to.entries, to.size, roomier);
    if (to.size != 0) give_back(to.entries, to.size);
    to.entries = roomier;
  }
  to.entries[to.size++] = entry;
}

void cell_lists::remove(cell_list& from, std::uint32_t key) {
  cell_entry* const last = from.entries + from.size - 1;
  cell_entry* const found = std::find_if(from.entries, last, [key](const cell_entry& e) { return e.key == key; });
  assert(found->key == key);
  *found = *last;
  const std::uint32_t room = room_for(from.size--);
  if (room_for(from.size) == room) return;
  cell_entry* const roomy = from.entries;
  from.entries = from.size == 0 ? nullptr : take(room_for(from.size));
  std::copy_n(roomy, from.size, from.entries);
  give_back(roomy, room);
}

cell_entry* cell_lists::take(std::uint32_t room) {
  cell_entry*& stock = stock_[static_cast<std::size_t>(std::countr_zero(room))];
  if (stock != nullptr) {
    cell_entry* const taken = stock;
    std::memcpy(&stock, taken, sizeof stock);
    return taken;
  }
  if (room > free_entries_) {
    const std::uint32_t size = std::max(room, chunk_entries);
    chunks_.push_back(std::make_unique_for_overwrite<cell_entry[]>(size));
    bytes_ += size * sizeof(cell_entry);
    if (size == room) return chunks_.back().get();
    // What was left of the chunk before goes to the stock, piece by piece.
    while (free_entries_ >= 2) {
      const std::uint32_t piece = std::bit_floor(free_entries_);
      give_back(free_, piece);
      free_ += piece;
      free_entries_ -= piece;
    }
    free_ = chunks_.back().get();
    free_entries_ = size;
  }
  cell_entry* const taken = free_;
  free_ += room;
  free_entries_ -= room;
  return taken;
}

void cell_lists::give_back(cell_entry* entries, std::uint32_t room) {
  cell_entry*& stock = stock_[static_cast<std::size_t>(std::countr_zero(room))];
  std::memcpy(static_cast<void*>(entries), &stock, sizeof stock);
  stock = entries;
}

}  // namespace haulcast::geo
