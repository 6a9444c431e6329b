// First in, first out, in one piece of memory.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace haulcast {

/// A std::deque takes and frees a node every few elements, and keeps more than half a KiB even when empty. This one keeps its
/// memory while it is in use; emptied, it gives back what is above KeptMax elements: none for those of which there are ten
/// thousand, mostly empty. All operations amortised O(1). Iterators end with any change.
template <class T, std::size_t KeptMax = 0>
class fifo {
 public:
  bool empty() const noexcept { return first_ == items_.size(); }
  std::size_t size() const noexcept { return items_.size() - first_; }
  std::size_t capacity() const noexcept { return items_.capacity(); }
  T& front() noexcept {
    assert(!empty());
    return items_[first_];
  }
  const T& operator[](std::size_t i) const noexcept { return items_[first_ + i]; }
  T& operator[](std::size_t i) noexcept { return items_[first_ + i]; }
  auto begin() const noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto begin() noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const noexcept { return items_.end(); }
  auto end() noexcept { return items_.end(); }

  void push_back(T item) {
    if (items_.capacity() == 0) items_.reserve(first_capacity);
    if (items_.size() == items_.capacity() && first_ > items_.size() / 2) {
      items_.erase(items_.begin(), begin());
      first_ = 0;
    }
    items_.push_back(std::move(item));
  }
  /// Takes the oldest out.
  T pop_front() {
    assert(!empty());
    T oldest = std::move(items_[first_++]);
    if (empty()) clear();
    return oldest;
  }
  /// Drops all from there to the end.
  void cut(typename std::vector<T>::iterator from) {
    items_.erase(from, items_.end());
    if (empty()) clear();
  }
  void clear() {
    items_.clear();
    first_ = 0;
    if (items_.capacity() > KeptMax) std::vector<T>{}.swap(items_);
  }

 private:
  static constexpr std::size_t first_capacity = 8;

  std::vector<T> items_;
  std::size_t first_ = 0;  // those before it were taken
};

}  // namespace haulcast
