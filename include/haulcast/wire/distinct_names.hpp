// Whether the names of an object's members are all different.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace haulcast::wire {

/// Reused from object to object; the names belong to the caller. A few names are compared with one another, many are hashed
/// (about 10 ns each, so that a hostile MiB of them holds the loop for little more than a millisecond), and names made to
/// collide are sorted: n * log n at worst.
class distinct_names {
 public:
  void clear() noexcept { names_.clear(); }
  void add(std::string_view name) { names_.push_back(name); }
  std::size_t size() const noexcept { return names_.size(); }

  /// May put the names in another order.
  bool all_different() { return names_.size() < 2 || judge(); }

 private:
  bool judge();
  bool judge_by_sorting();

  std::vector<std::string_view> names_;
  std::vector<std::uint32_t> slots_;  // open addressing: places in names_, counted from 1
};

}  // namespace haulcast::wire
