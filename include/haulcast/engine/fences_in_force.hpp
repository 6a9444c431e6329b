// The active geofences of a world, found by where a truck is and was.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/geofence.hpp"
#include "haulcast/geo/region_index.hpp"

namespace haulcast::engine {

/// Part of a world. Which keys they have in the index depends on the past, and nothing that is told may depend on it: callers
/// sort.
class fences_in_force {
 public:
  using memo = geo::region_index::memo;

  bool empty() const noexcept { return keys_.empty(); }
  /// No geofence has less.
  double least_hysteresis_m() const noexcept { return least_hysteresis_m_; }
  /// In the place of another one of its id; not at all if it is not active.
  void put(std::shared_ptr<const geofence> g);
  void remove(std::string_view id);

  struct found_fence {
    const geofence* what;
    bool no_boundary;  // on the way: whoever was in it all the time still is
  };
  /// Those that a truck is in at `to`, and with `from` those whose boundary it may have crossed on its way. False, and `found`
  /// is left alone: it is in those that it was in, and crossed none.
  /// Whether look() would be false.
  bool knows(bool from_elsewhere, geo::point to, const memo& last) const noexcept {
    return from_elsewhere ? index_.knows(last, to, 0) : index_.knows(last, to);
  }
  bool look(std::optional<geo::point> from, geo::point to, memo& last, std::vector<found_fence>& found);
  /// Keys of those around a place.
  const geo::region_index::cell_answer& around(geo::point at, memo& last) const { return index_.around(at, last); }
  const geofence* of(std::uint32_t key) const noexcept { return by_key_[key].get(); }
  /// Grows with every change.
  std::uint64_t changes() const noexcept { return changes_; }

 private:
  std::uint64_t changes_ = 1;
  double least_hysteresis_m_ = geofence::hysteresis_max_m;  // of all that ever were
  geo::region_index index_;
  std::vector<std::shared_ptr<const geofence>> by_key_;
  std::vector<std::uint32_t> free_keys_;
  std::map<std::string, std::uint32_t, std::less<>> keys_;
  std::vector<geo::region_candidate> candidates_;  // scratch
  std::vector<std::uint32_t> containing_;          // scratch
};

}  // namespace haulcast::engine
