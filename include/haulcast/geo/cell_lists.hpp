// Memory of the many short lists that a tree of cells consists of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace haulcast::geo {

/// One region in the list of a tile: which of the sixteen cells it fills, and which its boundary may cross.
struct cell_entry {
  std::uint32_t key;
  std::uint16_t inside;
  std::uint16_t partly;
};

/// A list without order, 16 bytes. Its room follows from its length: the next power of two.
struct cell_list {
  cell_entry* entries = nullptr;
  std::uint32_t size = 0;

  const cell_entry* begin() const noexcept { return entries; }
  const cell_entry* end() const noexcept { return entries + size; }
};

/// Owns the entries of all lists. Room that a list has outgrown goes to a stock of its size and is used again, but not given
/// back to the system: memory is bounded by the most that there ever was of each size.
class cell_lists {
 public:
  /// O(1), now and then O(size).
  void append(cell_list& to, cell_entry entry);
  /// O(size). There is one with that key.
  void remove(cell_list& from, std::uint32_t key);
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::uint32_t chunk_entries = 4096;

  cell_entry* take(std::uint32_t room);
  void give_back(cell_entry* entries, std::uint32_t room);

  std::array<cell_entry*, 33> stock_{};  // by the logarithm of their room; each begins with the address of the next
  std::vector<std::unique_ptr<cell_entry[]>> chunks_;
  cell_entry* free_ = nullptr;  // what is left of the newest chunk
  std::uint32_t free_entries_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace haulcast::geo
