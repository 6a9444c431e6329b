#include "haulcast/geo/cover.hpp"

#include <array>
#include <bit>

#include "haulcast/geo/cells.hpp"

namespace haulcast::geo {

namespace {

/// A centimetre. What is asked for is a little more than the cell, so that rounding at its border misses nothing.
constexpr double slack = 1e-7;

struct tile {
  std::uint32_t column;
  std::uint32_t row;
};

/// Longitudes from west to east that do not cross the antimeridian.
struct longitudes {
  double west = 0;
  double east = -1;
  bool meet(const bbox& box) const noexcept { return west <= box.east && box.west <= east; }
};

class cover_maker {
 public:
  explicit cover_maker(const region& r) : region_{r}, south_{r.bounds().south - slack}, north_{r.bounds().north + slack} {
    const auto& [west, south, east, north] = r.bounds();
    const double first = west - slack;
    const double last = (west <= east ? east : east + 360) + slack;
    if (last - first >= 360 || south_ <= -90 || north_ >= 90) {
      parts_of_bounds_[0] = {-180, 180};  // a pole has every longitude
    } else if (first < -180) {
      parts_of_bounds_ = {longitudes{first + 360, 180}, longitudes{-180, last}};
    } else if (last > 180) {
      parts_of_bounds_ = {longitudes{first, 180}, longitudes{-180, last - 360}};
    } else {
      parts_of_bounds_[0] = {first, last};
    }
  }

  cover make() {
    for (std::uint32_t column : {0U, 1U}) find_roots({.depth = 1, .column = column, .row = 0});
    for (unsigned tier = 0; !boundary_.empty(); ++tier) follow_boundary(tier);
    return std::move(made_);
  }

 private:
  coverage ask(const cell& c) const {
    const bbox box = c.box();
    const bbox wide{.west = std::max(box.west - slack, -180.0),
                    .south = std::max(box.south - slack, -90.0),
                    .east = std::min(box.east + slack, 180.0),
                    .north = std::min(box.north + slack, 90.0)};
    if (wide.north < south_ || north_ < wide.south) return coverage::outside;
    if (!parts_of_bounds_[0].meet(wide) && !parts_of_bounds_[1].meet(wide)) return coverage::outside;
    const bool holds_bounds = parts_of_bounds_[1].east < -180 && wide.west <= parts_of_bounds_[0].west &&
                              parts_of_bounds_[0].east <= wide.east && wide.south <= south_ && north_ <= wide.north;
    return holds_bounds ? coverage::partly : region_.of(wide);
  }

  /// The tiles of tier 0 on the boundary; those inside are told at once.
  void find_roots(const cell& c) {
    const auto lies = ask(c);
    if (lies == coverage::outside) return;
    const unsigned deeper = depth_of_tiles(0) - c.depth;
    if (lies == coverage::inside) {
      for (std::uint32_t i = 0; i < 1U << (2 * deeper); ++i) {
        const std::uint32_t east = i & ((1U << deeper) - 1);
        made_.push_back(
            {.tier = 0, .inside = 0xFFFF, .column = (c.column << deeper) + east, .row = (c.row << deeper) + (i >> deeper)});
      }
    } else if (deeper == 0) {
      boundary_.push_back({c.column, c.row});
    } else {
      for (std::uint32_t i = 0; i < 4; ++i) find_roots({c.depth + 1, 2 * c.column + (i & 1), 2 * c.row + (i >> 1)});
    }
  }

  /// Four cells at once where they lie alike.
  cover_part look_into(unsigned tier, const tile& t) const {
    cover_part part{.tier = static_cast<std::uint8_t>(tier), .column = t.column, .row = t.row};
    const unsigned depth = depth_of_tiles(tier);
    for (std::uint32_t quarter = 0; quarter < 4; ++quarter) {
      const cell larger{depth + 1, 2 * t.column + (quarter & 1), 2 * t.row + (quarter >> 1)};
      const auto all = ask(larger);
      if (all == coverage::outside) continue;
      for (std::uint32_t i = 0; i < 4; ++i) {
        const cell c{depth + 2, 2 * larger.column + (i & 1), 2 * larger.row + (i >> 1)};
        const auto bit = static_cast<std::uint16_t>(1U << cell_in_tile(c.column, c.row));
        const auto lies = all == coverage::inside ? all : ask(c);
        if (lies == coverage::inside) part.inside |= bit;
        if (lies == coverage::partly) part.partly |= bit;
      }
    }
    return part;
  }

  void follow_boundary(unsigned tier) {
    std::size_t tiles_next = 0;
    const std::size_t first = made_.size();
    for (const tile& t : boundary_) {
      const auto part = look_into(tier, t);
      tiles_next += static_cast<std::size_t>(std::popcount(part.partly));
      if (part.inside != 0 || part.partly != 0) made_.push_back(part);
    }
    boundary_.clear();
    if (tier + 1 == tiers || tiles_next > boundary_tiles_max) return;
    for (std::size_t i = first; i < made_.size(); ++i) {
      auto& part = made_[i];
      for (; part.partly != 0; part.partly &= static_cast<std::uint16_t>(part.partly - 1)) {
        const auto at = static_cast<std::uint32_t>(std::countr_zero(part.partly));
        boundary_.push_back({4 * part.column + (at & 3), 4 * part.row + (at >> 2)});
      }
    }
    std::erase_if(made_, [](const cover_part& part) { return part.inside == 0 && part.partly == 0; });
  }

  const region& region_;
  double south_;
  double north_;
  std::array<longitudes, 2> parts_of_bounds_{longitudes{}, longitudes{.west = 0, .east = -181}};
  std::vector<tile> boundary_;
  cover made_;
};

}  // namespace

cover cover_of(const region& r) { return cover_maker{r}.make(); }

}  // namespace haulcast::geo
