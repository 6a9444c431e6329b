// Objects that are used over and over, for the memory they have grown to.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace haulcast {

/// Keeps up to `kept_max` of what is given back; more are freed. Whoever gives one back has cleared it, and sees to it that a
/// single large one does not stay. One thread.
template <class T>
class recycler {
 public:
  explicit recycler(std::size_t kept_max) : kept_max_{kept_max} { kept_.reserve(kept_max); }

  std::unique_ptr<T> take() {
    if (kept_.empty()) return std::make_unique<T>();
    auto one = std::move(kept_.back());
    kept_.pop_back();
    return one;
  }
  void give_back(std::unique_ptr<T> one) {
    if (one && kept_.size() < kept_max_) kept_.push_back(std::move(one));
  }
  std::size_t kept() const noexcept { return kept_.size(); }

 private:
  std::size_t kept_max_;
  std::vector<std::unique_ptr<T>> kept_;
};

}  // namespace haulcast
