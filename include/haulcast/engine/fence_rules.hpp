// What a truck's positions mean to geofences: entered, dwelled, left, where it may not be, faster than it may.
//
// What is believed changes only on evidence that noise does not give (docs/decisions/0017-geofence-rules.md), and is told with
// the time at which the boundary was crossed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/event.hpp"
#include "haulcast/engine/geofence.hpp"
#include "haulcast/engine/visits.hpp"

namespace haulcast::engine {

/// A change of what is believed, for those who show which trucks are in a geofence.
struct visit_change {
  std::string geofence_id;
  bool inside = false;
  utc_time since;  // of one that is inside
};

/// Gathers what one input means to one truck, and gives it in order: by time; at the same moment what ends before what begins;
/// then by geofence.
class fence_events {
 public:
  enum class place : std::uint8_t { dwelled, normalised, left, entered, trespassing, speeding, left_at_once };

  void clear() noexcept;
  bool empty() const noexcept { return told_.empty() && changes.empty() && refused == 0; }
  void add(place order, event e) { told_.push_back({order, told_.size(), std::move(e)}); }
  void change(const visit& v, bool inside) { changes.push_back({v.geofence_id, inside, v.entered_at}); }
  /// Appends what was gathered, sorted.
  void give(std::vector<event>& to);

  std::vector<visit_change> changes;
  std::uint32_t refused = 0;  // entered, and not followed: the truck is in too many

 private:
  struct entry {
    place order;
    std::size_t number;  // as they came
    event what;
  };
  std::vector<entry> told_;
};

/// A position that may be farther off than this tells about where a truck is, and not of which boundaries it crossed on a
/// straight way from there.
inline constexpr double exact_enough_m = 100;

/// Whether two connected positions that are so far apart, and so exact, may be taken for a way through whatever lies between
/// them, where no geofence has less hysteresis than that. It also depends on the geofence; where this is false it is none for
/// any.
bool may_be_far(double way_m, double from_accuracy_m, double to_accuracy_m, double least_hysteresis_m) noexcept;

/// One truck and its newest position. Pure: no clock, no I/O. Scratch memory is kept between calls by whoever owns it.
struct fence_step {
  std::string_view truck_id;
  const position& now;
  /// The one before; none: it is the first.
  std::optional<geo::point> before_where{};
  utc_time before_when{};
  double before_accuracy_m = unknown;
  /// The truck went straight from there to here, as far as is known: between them crossings are interpolated.
  bool connected = false;
  /// Their distance, where they are and may_be_far; otherwise geofences between them do not matter.
  std::optional<double> far_m{};

  /// Judges the position by one geofence, which is active and concerns the truck. O(log vertices) and what is crossed.
  void judge(visits& all, const geofence& g, std::vector<double>& scratch, fence_events& out) const;
  /// What else it means to the visits: dwelling, speed. Behind all judging.
  void look_around(visits& all, fence_events& out) const;
};

/// What time brings: visits that have lasted long enough at `now`. `where`: the truck's newest position.
void dwell_until(visits& all, utc_time now, std::string_view truck_id, const kept_position& where, fence_events& out);

/// What became of geofences: visits whose geofence is gone, not active, not about this truck any more, or elsewhere, end at
/// `now`. `lookup(id)` gives the geofence in force or null; every visit that is left has it as its `fence` then. False: nothing
/// has become of any. O(visits) look-ups.
struct newest_place {
  std::string_view truck_id;
  const kept_position& where;
};
bool settle(visits& all, const geofence* (*lookup)(const void* in, std::string_view id), const void* in, utc_time now,
            const newest_place& truck, fence_events& out);

/// All visits end at `now`, because the truck was taken away.
void end_all(visits& all, utc_time now, const newest_place& truck, fence_events& out);

}  // namespace haulcast::engine
