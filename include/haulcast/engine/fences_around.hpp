// What is known of the boundaries around the truck whose positions come now: most steps come nowhere near any of them.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "haulcast/engine/fences_in_force.hpp"

namespace haulcast::engine {

/// One truck at a time, since positions come in batches of a truck's. Of each boundary in the cell that the truck is in there
/// is a disc that it does not reach into: while the truck stays in it, that geofence need not be asked. Knowing this never
/// changes an answer: it is void where any geofence changes, and is no state.
class fences_around {
 public:
  struct crossed_fence {
    const geofence* what;
    bool inside;  // now
  };

  /// The geofences that the truck is in now and was not where it was followed before, or the other way round. Null: it is in
  /// another cell, or another truck than the last time, and what `found` and `last` say is that of fences_in_force::look().
  /// Valid until the next call. O(boundaries in the cell), and an exact test of those that are near.
  const std::vector<crossed_fence>* follow(std::uint32_t truck, fences_in_force& fences, geo::point to,
                                           fences_in_force::memo& last, std::vector<fences_in_force::found_fence>& found);
  /// The next position is not told from the one before: its truck was followed in another way, or its visits are no longer what
  /// the geofences say.
  void forget() noexcept { truck_ = none; }

 private:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  /// Metres on a map around the anchor, never less than there are.
  struct place {
    double x = 0;
    double y = 0;
  };
  struct boundary {
    const geofence* what;
    place middle;     // of the disc
    double free2_m2;  // the square of its radius
    bool inside;      // the disc is

    bool leaves_free(place p) const noexcept;
  };

  void drop_anchor(geo::point at) noexcept;
  place place_of(geo::point p) const noexcept;
  bool is_where_it_was(geo::point p) const noexcept;
  void look_round(const fences_in_force& fences, geo::point at, place there, const geo::region_index::cell_answer& cell);
  void measure(boundary& b, geo::point at, place there) const noexcept;

  std::uint32_t truck_ = none;
  bool is_measured_ = false;   // where_ and all_ are about its last position
  std::uint64_t changes_ = 0;  // of the geofences, when discs were measured
  geo::cell where_;
  geo::point anchor_;
  double east_m_ = 0;  // a degree; 0: there is no such map
  std::vector<boundary> all_;
  std::vector<boundary> before_;  // scratch
  std::vector<crossed_fence> crossed_;
};

}  // namespace haulcast::engine
