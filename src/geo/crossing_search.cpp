#include "crossing_search.hpp"

#include <algorithm>

namespace haulcast::geo {

void add_middles(parts& of) {
  std::sort(of.begin(), of.end());
  const auto count = of.size();
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (of[i + 1] - of[i] > 1e-12) of.push_back((of[i] + of[i + 1]) / 2);
  }
  std::sort(of.begin(), of.end());
}

}  // namespace haulcast::geo
