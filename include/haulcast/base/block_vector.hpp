// A sequence that grows at its end and never moves what it holds.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace haulcast {

/// Unlike std::deque, whose blocks of 512 bytes hold one large element each: neighbours lie beside one another, and the list of
/// blocks stays small enough for the cache. References and views into elements stay valid for the container's life, also when
/// it is moved. O(1) access; growing costs a block each `block_size` elements.
template <class T, std::size_t block_size = 256>
class block_vector {
  static_assert((block_size & (block_size - 1)) == 0, "a power of two");

 public:
  T& operator[](std::size_t i) noexcept { return blocks_[i / block_size][i % block_size]; }
  const T& operator[](std::size_t i) const noexcept { return blocks_[i / block_size][i % block_size]; }
  T& back() noexcept { return blocks_.back().back(); }
  std::size_t size() const noexcept { return size_; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ % block_size == 0) {
      blocks_.emplace_back();
      blocks_.back().reserve(block_size);
    }
    ++size_;
    return blocks_.back().emplace_back(std::forward<Args>(args)...);
  }

 private:
  std::vector<std::vector<T>> blocks_;  // each reserved whole before its first element, so it never reallocates
  std::size_t size_ = 0;
};

}  // namespace haulcast
