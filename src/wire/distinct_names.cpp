#include "haulcast/wire/distinct_names.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>

namespace haulcast::wire {

bool distinct_names::judge() {
  constexpr std::size_t few = 8;
  if (names_.size() <= few) {
    for (auto i = names_.begin(); i != names_.end(); ++i) {
      if (std::find(std::next(i), names_.end(), *i) != names_.end()) return false;
    }
    return true;
  }
  slots_.assign(std::bit_ceil(names_.size() * 2), 0);
  std::size_t steps_left = names_.size() * 8;  // names that are not chosen to collide need 1.5 each
  for (std::uint32_t n = 0; n < names_.size(); ++n) {
    std::size_t at = std::hash<std::string_view>{}(names_[n]) & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (names_[slots_[at] - 1] == names_[n]) return false;
      if (--steps_left == 0) return judge_by_sorting();
    }
    slots_[at] = n + 1;
  }
  return true;
}

bool distinct_names::judge_by_sorting() {
  std::ranges::sort(names_);
  return std::ranges::adjacent_find(names_) == names_.end();
}

}  // namespace haulcast::wire
