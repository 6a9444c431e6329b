// All geofences in force: which of them a position is in, which are near, and which a truck may have passed on its way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "haulcast/geo/cell_tree.hpp"
#include "haulcast/geo/cover.hpp"
#include "haulcast/geo/region.hpp"

namespace haulcast::geo {

/// One that may matter where somebody asked.
struct region_candidate {
  std::uint32_t key;
  bool all_inside;  // all that was asked about is inside and the boundary not within the margin; otherwise ask the region

  friend bool operator==(const region_candidate&, const region_candidate&) = default;
};

/// Regions under keys that the caller chooses: small numbers, used again when they are free, since room is taken up to the
/// largest one. Answers do not depend on the order of changes. Points are valid WGS 84 degrees. Owned by one thread.
///
/// A region lies in the tiles of its cover, so that most places are known to be in or out without a look at the shape. A change
/// costs a step for each part of the cover, whatever the number of regions, and never moves what is there.
class region_index {
 public:
  /// What one truck's last answer leaves behind: a cell in which every region has all or nothing, at most 10 km wide. Knowing
  /// it makes the next answer quick and never another one. Becomes void by itself where regions change. Not to be kept in
  /// files, and of use to the index only that filled it.
  class memo {
    friend region_index;
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t column_ = none;
    std::uint32_t row_and_depth_ = 0;
    std::uint32_t generation_ = 0;
  };

  using candidate = region_candidate;

  /// What is known about a cell: the regions that have all of it, and those to be asked about each point.
  struct cell_answer {
    cell where;                 // the deepest one there is at the place
    std::uint64_t changes = 0;  // of the index, when this was found; 0: never
    std::vector<std::uint32_t> inside;
    std::vector<std::uint32_t> partly;
  };

  /// Nothing may be there under this key. `its_cover` is cover_of(r), made beforehand where its time does not matter.
  void insert(std::uint32_t key, region r, const cover& its_cover);
  void insert(std::uint32_t key, const region& r) { insert(key, r, cover_of(r)); }
  /// False when there is none under this key.
  bool erase(std::uint32_t key);
  /// Null when there is none under this key. Valid until it is erased.
  const region* find(std::uint32_t key) const noexcept;

  /// The regions that contain the point, each once, in no order. `out` is cleared first.
  void containing(point p, std::vector<std::uint32_t>& out) const;
  /// The same; false, and `out` is left alone, when they are known to be those of the last answer that filled `last`.
  bool containing(point p, memo& last, std::vector<std::uint32_t>& out) const;

  /// The cell that the place is in, for those who ask the regions themselves; `last` as above. Valid until the next question.
  const cell_answer& around(point p, memo& last) const;

  /// All regions that contain the point or whose boundary is at most that far from it, and perhaps some a little beyond; each
  /// once, in no order. The margin is meant to be small beside the earth.
  void near(point p, double margin_m, std::vector<candidate>& out) const { along(p, p, margin_m, out); }
  /// The same of every point of the shortest line from `a` to `b`. Its time grows with the tiles on the line: see
  /// docs/decisions/0016-geofence-index.md.
  void along(point a, point b, double margin_m, std::vector<candidate>& out) const;
  /// The same for a truck that came from `a`, about which `last` was filled, by this or by `containing`; false, and `out` is
  /// left alone, when no boundary is on its way or within the margin of `b`: it is still in the regions it was in.
  bool along(point a, point b, double margin_m, memo& last, std::vector<candidate>& out) const;

  /// Whether `containing`, or `along` with a margin, would be false.
  bool knows(const memo& last, point p) const noexcept { return knows(last, cell::of(p)); }
  bool knows(const memo& last, point p, double margin_m) const noexcept;

  std::size_t size() const noexcept { return size_; }
  /// Without the regions themselves, which know their own.
  std::size_t bytes() const noexcept;

 private:
  struct record {
    std::optional<region> shape;
    std::unique_ptr<cell_tree::tile_id[]> tiles;
    std::uint32_t tile_count = 0;
  };

  bool knows(const memo& last, cell at) const noexcept;
  void remember(memo& last, cell at, unsigned shift) const noexcept;
  const cell_answer& look_up(cell at) const;

  cell_tree tree_;
  chunked<record, 1024> records_;
  std::size_t size_ = 0;
  std::size_t tiles_named_ = 0;
  std::uint64_t changes_ = 1;
  mutable cell_answer last_;  // positions come in batches of a truck's, most of them in the cell of the one before
};

}  // namespace haulcast::geo
