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

/// The change between two places of which one is inside, narrowed down by halves to less than `fine`; on the inner side.
template <class Inside>
double find_by_halves(double low, double high, bool inside_low, double fine, const Inside& inside) {
  while (high - low > fine) {
    const double middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    (inside(middle) == inside_low ? low : high) = middle;
  }
  return inside_low ? low : high;
}

/// `inside(part)` is asked at each of the probes, which are sorted and begin with 0 and end with 1; between two that differ
/// `find(low, high, inside_low)` is.
template <class Inside, class Find>
void find_changes(const parts& probes, const Inside& inside, const Find& find, std::vector<double>& out) {
  bool before = inside(probes.front());
  for (std::size_t i = 1; i < probes.size(); ++i) {
    const bool after = inside(probes[i]);
    if (after != before) out.push_back(find(probes[i - 1], probes[i], before));
    before = after;
  }
}

/// A tenth of a millimetre as part of a way.
inline double fine_part(double way_angle) { return way_angle > 0 ? 1.6e-11 / way_angle : 1; }

}  // namespace haulcast::geo
