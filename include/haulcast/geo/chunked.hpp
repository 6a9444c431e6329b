// A row of elements that grows at its end and never moves what it holds.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace haulcast::geo {

/// Growing makes one chunk of `chunk_size` default elements and copies nothing, so the largest row holds up nobody. O(1)
/// access.
template <class T, std::size_t chunk_size>
class chunked {
  static_assert((chunk_size & (chunk_size - 1)) == 0, "a power of two");

 public:
  T& operator[](std::size_t i) noexcept { return chunks_[i / chunk_size][i % chunk_size]; }
  const T& operator[](std::size_t i) const noexcept { return chunks_[i / chunk_size][i % chunk_size]; }
  std::size_t size() const noexcept { return chunks_.size() * chunk_size; }

  /// Afterwards there is an element `i`.
  void reach(std::size_t i) {
    while (size() <= i) chunks_.push_back(std::make_unique<T[]>(chunk_size));
  }
  std::size_t bytes() const noexcept { return size() * sizeof(T) + chunks_.capacity() * sizeof(chunks_[0]); }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
};

}  // namespace haulcast::geo
