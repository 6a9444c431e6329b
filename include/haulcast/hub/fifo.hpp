// First in, first out, with no memory while empty.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace haulcast::hub {

/// A std::deque keeps more than half a KiB even when empty, and of what waits for ten thousand subscribers most is empty. All
/// operations amortised O(1).
template <class T>
class fifo {
 public:
  bool empty() const noexcept { return items_.empty(); }
  std::size_t size() const noexcept { return items_.size() - head_; }
  T& front() noexcept { return items_[head_]; }
  T& operator[](std::size_t i) noexcept { return items_[head_ + i]; }
  const T& operator[](std::size_t i) const noexcept { return items_[head_ + i]; }
  auto begin() noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  auto end() noexcept { return items_.end(); }
  auto begin() const noexcept { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  auto end() const noexcept { return items_.end(); }

  void push_back(T item) {
    if (items_.capacity() == 0) items_.reserve(first_capacity);
    items_.push_back(std::move(item));
  }
  void pop_front() {
    items_[head_] = T{};
    ++head_;
    if (head_ == items_.size()) {
      clear();
    } else if (head_ >= compact_from && head_ > items_.size() / 2) {
      items_.erase(items_.begin(), begin());
      head_ = 0;
    }
  }
  void clear() noexcept {
    std::vector<T>{}.swap(items_);
    head_ = 0;
  }

 private:
  static constexpr std::size_t first_capacity = 8;
  static constexpr std::size_t compact_from = 64;

  std::vector<T> items_;
  std::size_t head_ = 0;  // those before it are gone
};

}  // namespace haulcast::hub
