// Which subscribers look at a place: rectangles of any size, found in a few look-ups.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "haulcast/geo/point.hpp"

namespace haulcast::hub {

class subscriber;

/// Grids of 1/16, 1, 16 and 360 degrees: a viewport lies in the cells of the finest grid in which it covers at most sixteen. A
/// point is looked up in each grid that is in use. Adding and removing O(16).
class viewport_index {
 public:
  void add(subscriber* who, const geo::bbox& box);
  void remove(subscriber* who, const geo::bbox& box);
  bool empty() const noexcept { return count_ == 0; }

  /// Those that may contain the point: at least as many as do.
  std::size_t count_near(geo::point p) const;

  /// Calls `found(subscriber*)` for each whose viewport contains the point, each once.
  template <class F>
  void find(geo::point p, F&& found) const {
    for (std::size_t level = 0; level < levels; ++level) {
      if (cells_[level].empty()) continue;
      const auto cell = cells_[level].find(cell_of(level, p));
      if (cell == cells_[level].end()) continue;
      for (const auto& [who, box] : cell->second) {
        if (box.contains(p)) found(who);
      }
    }
  }

 private:
  struct viewport {
    subscriber* who;
    geo::bbox box;
  };
  static constexpr std::size_t levels = 4;

  static std::uint64_t cell_of(std::size_t level, geo::point p) noexcept;
  template <class F>
  static void for_each_cell(const geo::bbox& box, F&& f);

  boost::unordered_flat_map<std::uint64_t, std::vector<viewport>> cells_[levels];
  std::size_t count_ = 0;
};

}  // namespace haulcast::hub
