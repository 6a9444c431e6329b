// Finds the regions that a line on the earth, made a little wide, may touch.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "haulcast/geo/cell_tree.hpp"
#include "haulcast/geo/point.hpp"
#include "haulcast/geo/region_index.hpp"

namespace haulcast::geo {

/// Short lines are straight on the map but for what they bulge, which is added to their width; long ones are cut into such. At
/// the poles, where this ends, everything in a belt of latitudes is found.
class line_search {
 public:
  line_search(const cell_tree& tree, std::vector<region_candidate>& out) : tree_{tree}, out_{out} {}

  /// Appends each region once. Says in which tier a single cell has all of the line and its margin and every region has all or
  /// nothing of that cell; if there is none: nothing.
  std::optional<unsigned> run(point a, point b, double margin_m);

 private:
  /// On the map, in cells of the greatest depth: columns go on beyond the antimeridian.
  struct place {
    double x = 0;
    double y = 0;
  };
  /// Of a cell of the greatest depth.
  struct corner {
    std::int32_t x = 0;
    std::int32_t y = 0;
  };

  void run_in_pieces(point a, point b, double margin_m);
  void find_belt(double south, double north);
  void find_piece(point a, double to_east, double to_north, double margin_m);
  void find();
  void walk(const cell_tree::tile& t, unsigned tier, corner at);
  unsigned cells_touched(unsigned tier, corner at) const noexcept;
  void keep_each_once();

  const cell_tree& tree_;
  std::vector<region_candidate>& out_;
  place from_, to_;  // the piece being looked for
  double wide_x_ = 0, wide_y_ = 0;
  place least_, greatest_;  // of the piece, its width included
  corner first_, last_;     // the cells these are in
  bool whole_ = true;       // the piece is the line
  bool single_ = true;      // one cell of each tier so far
  unsigned deepest_ = 0;    // the tier of the last tile
};

}  // namespace haulcast::geo
