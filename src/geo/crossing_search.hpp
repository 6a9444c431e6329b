// Where a way changes sides, once it is known between which places it changes at most once.
#pragma once

#include <boost/container/small_vector.hpp>
#include <vector>

#include "vec3.hpp"

namespace haulcast::geo {

/// Parts of a way's length, from 0 to 1.
using parts = boost::container::small_vector<double, 32>;

/// Adds the middles between those that are there, and sorts all: something may begin and end between any two of them.
void add_middles(parts& of);

/// `inside(part)` is asked at each of the probes, which are sorted and begin with 0 and end with 1; between two that differ the
/// change is narrowed down to a tenth of a millimetre.
template <class Inside>
void find_changes(const parts& probes, double way_angle, const Inside& inside, std::vector<double>& out) {
  const double fine = way_angle > 0 ? 1.6e-11 / way_angle : 1;
  bool before = inside(probes.front());
  for (std::size_t i = 1; i < probes.size(); ++i) {
    const bool after = inside(probes[i]);
    if (after == before) continue;
    double low = probes[i - 1];
    double high = probes[i];
    while (high - low > fine) {
      const double middle = (low + high) / 2;
      if (middle <= low || middle >= high) break;
      (inside(middle) == before ? low : high) = middle;
    }
    out.push_back(before ? low : high);  // on the inner side
    before = after;
  }
}

}  // namespace haulcast::geo
