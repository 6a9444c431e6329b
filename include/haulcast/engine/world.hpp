// Turns inputs (batches, commands, ticks, starts) into the new state of every truck and the events that follow.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/block_vector.hpp"
#include "haulcast/base/bytes.hpp"
#include "haulcast/engine/batch.hpp"
#include "haulcast/engine/command.hpp"
#include "haulcast/engine/event.hpp"
#include "haulcast/engine/fence_rules.hpp"
#include "haulcast/engine/fences_around.hpp"
#include "haulcast/engine/fences_in_force.hpp"
#include "haulcast/engine/geofences.hpp"
#include "haulcast/engine/id_index.hpp"
#include "haulcast/engine/options.hpp"
#include "haulcast/engine/retry_keys.hpp"
#include "haulcast/engine/truck.hpp"
#include "haulcast/engine/trucks_inside.hpp"

namespace haulcast::engine {

/// A place in the journal: the number of a record, from 1, without gaps.
using offset_t = std::uint64_t;
/// A truck's place in one world; another world (after a recovery) may give it another.
using truck_index = std::uint32_t;

/// Server time passed, and these trucks were due for something. Which they are is asked of due() before and recorded, so that
/// a replay over trucks restored at different offsets need not ask again.
struct tick {
  utc_time now;
  std::vector<std::string_view> trucks;
};

/// Memory ran short: these trucks forget the oldest part of their windows beyond `bytes_max`. Which they are depends on all
/// trucks together, so it is decided before and recorded.
struct trim {
  utc_time now;
  std::uint32_t bytes_max = 0;
  std::vector<std::string_view> trucks;
};

/// The server started (or went on after a failed commit), with these rules from now on.
struct started {
  utc_time now;
  options rules;
  std::uint32_t engine_version = version;
};

/// What one input brought about. Reused by the caller: clear() keeps the memory.
struct outcome {
  struct truck_change {
    truck_index truck = 0;
    truck_status status = truck_status::offline;  // after the input
  };
  struct registry_change {
    truck_index truck = 0;
    std::string truck_id;
    truck_status status = truck_status::offline;  // of a command: after it
    std::shared_ptr<const registration> now;      // null: removed
  };
  struct geofence_change {
    std::string geofence_id;
    std::shared_ptr<const geofence> now;  // null: removed
  };
  struct visit_told {
    std::string truck_id;
    visit_change what;
  };
  std::vector<truck_change> trucks;       // of a batch: in the order of batch::trucks; of a tick: those that changed
  std::vector<judgement> judgements;      // of a batch: in the order of batch::positions
  std::vector<event> events;              // in order
  std::vector<registry_change> registry;  // in order; of a batch: removed trucks that it brought back
  std::optional<geofence_change> fence;   // of a command about one
  std::vector<std::shared_ptr<const geofence>> enforced;  // of an import, in order
  std::vector<visit_told> visits;                         // in order
  std::uint32_t visits_refused = 0;  // geofences that trucks entered which are in too many to follow one more
  command_outcome decided;           // of a command
  bool partly_skipped = false;       // a truck already held this record's effect (recovery only)

  void clear() noexcept;
};

/// All trucks. Pure: no clock, no I/O, no randomness; the same inputs at the same offsets give the same state and events,
/// byte for byte. Time is each position's `timestamp` for what trucks do and the input's server time for silence.
/// Not thread-safe: owned by the event loop, or by whoever recovers.
///
/// Recovery gives trucks restored from snapshots taken at different offsets, then applies the journal's tail: a truck that
/// already holds a record's effect (truck::changed_at >= offset) is left as it is.
class world {
 public:
  /// Room for so many trucks is set aside (as address space, not memory), so that no later input has to rehash them all.
  explicit world(std::size_t max_trucks);
  world(world&&) = default;
  world& operator=(world&&) = default;

  /// O(positions); a truck not known yet is created. Positions are judged and applied in array order.
  void apply(const batch& input, offset_t offset, outcome& out);
  void apply(const tick& input, offset_t offset, outcome& out);
  void apply(const trim& input, offset_t offset, outcome& out);
  void apply(const started& input, offset_t offset, outcome& out);
  /// Decides it, and carries it out if it changes something: out.decided. Otherwise the world is as before, and the input need
  /// not be recorded. One whose retry key is known is not decided anew: it comes to what it came to then, or to key_reused.
  void apply(const command& input, offset_t offset, outcome& out);
  /// In a replay, of a command whose truck held the record already: remembers what it came to, if it has a retry key.
  void recall(const command& input, command_status decided, offset_t offset);

  /// The trucks that something is due for at `now`, at most `max`: their silence is long enough, in the order it fell due; then
  /// they have dwelled somewhere, in that order; then a geofence that they are in has changed. Applying a tick with them
  /// settles them. Amortised O(log trucks) for each truck that was heard since it was last looked at.
  std::vector<std::string_view> due(utc_time now, std::size_t max);

  /// Trucks to trim to `bytes_max`, those that are silent only or any, found by looking at `most` trucks from `hand` on (which
  /// moves on, around the fleet): no look ever walks all of them.
  std::vector<std::string_view> trimmable(truck_index& hand, std::size_t most, std::size_t bytes_max, bool silent_only) const;

  const options& rules() const noexcept { return rules_; }
  offset_t rules_changed_at() const noexcept { return rules_changed_at_; }
  /// The newest server time of any input.
  utc_time now() const noexcept { return now_; }
  std::size_t size() const noexcept { return trucks_.size(); }
  std::size_t window_bytes() const noexcept { return window_bytes_; }
  std::optional<truck_index> find(std::string_view truck_id) const;
  /// Asks for the memory that finding these takes, and touching them.
  void prefetch(const std::vector<std::string_view>& truck_ids) const;
  const truck& at(truck_index index) const { return trucks_[index]; }
  /// Null: it was removed, or has said nothing but positions.
  const std::shared_ptr<const registration>& registration_of(truck_index index) const { return registrations_[index]; }
  truck_status status(truck_index index) const;

  /// The geofences that the truck is in or seems to have entered.
  const engine::visits& visits_of(truck_index index) const { return presences_[index].in; }

  /// Whether that command was told what it came to before, under its retry key, or is another one under a known key:
  /// out.decided says which.
  bool answer_again(const command& input, offset_t offset, outcome& out) const;
  /// Those of an import that are not in force yet, in their order.
  const std::deque<std::shared_ptr<geofence>>& staged() const noexcept { return import_.staged; }
  /// How many geofences of a complete import are still to come into force.
  std::size_t imports_left() const noexcept { return import_.complete ? import_.staged.size() : 0; }
  /// Makes regions and covers of those, which come from a journal without: 60 us each, and so not on the loop.
  void prepare_import();
  /// Nobody will complete the import under way: what was staged is the caller's, to free it where that holds up nobody. It is
  /// no part of the state before it is complete, so a replay need not know.
  std::deque<std::shared_ptr<geofence>> forget_staged();

  const retry_keys& retries() const noexcept { return retries_; }
  const engine::geofences& geofences() const noexcept { return geofences_; }

  /// A snapshot pass saves the trucks that changed before it began; those that change while it is on belong to the next one.
  /// The same for blocks of retry keys.
  void begin_pass();
  /// Up to `max` trucks of the pass that were not taken yet; empty: it is complete.
  std::vector<truck_index> take_changed(std::size_t max);

  /// One block of retry keys of the pass, the oldest that was not taken yet; none: they are all taken.
  std::optional<std::uint64_t> take_changed_retries() { return retries_.take_changed(); }

  /// Trucks of the pass that were not taken yet.
  std::size_t left_of_pass() const noexcept { return passing_.size(); }

  /// The geofences that changed before now, as they are: what a pass has to save with the rules. O(1), if no pass failed.
  std::vector<geofence_changes> take_changed_geofences() { return geofences_.take_changed(); }
  void give_back_geofences(std::vector<geofence_changes> taken) { geofences_.give_back(std::move(taken)); }

  /// Has the next pass save it, changed or not.
  void mark_changed(std::string_view truck_id);
  void mark_retries_changed() noexcept { retries_.mark_changed(); }

  /// One entity each as bytes, for snapshots and for comparing worlds.
  void save_rules(byte_writer& out) const;
  /// What is left of a complete import; for comparing only: passes wait until nothing is.
  void save_import(byte_writer& out) const;
  void save_truck(truck_index index, byte_writer& out) const;
  /// Restoring is only for an empty world's first life: before any input is applied. False: bytes that no save wrote.
  bool restore_rules(std::string_view bytes);
  bool restore_truck(std::string_view bytes);
  bool restore_retries(const std::vector<std::string_view>& rows);
  /// Of read_geofence, which may have been asked elsewhere. False for null, too.
  bool restore_geofence(std::shared_ptr<const geofence> read);

 private:
  struct due_entry {
    utc_time when;
    truck_index truck;
    friend bool operator>(const due_entry& a, const due_entry& b) {
      return a.when != b.when ? a.when > b.when : a.truck > b.truck;
    }
  };

  /// Beside each truck: what it takes to know in which geofences it is.
  struct presence {
    engine::visits in;
    fences_in_force::memo memo;          // not state, as the rest
    std::uint64_t settled = 0;           // geofence_changes_ when its visits were held against them last
    utc_time awaited = utc_time::max();  // the soonest entry that dwell_dues_ has for it
  };
  /// A truck before a position was folded in.
  struct truck_moment {
    bool known = false;    // it had a position
    bool trusted = false;  // that nobody doubts
    utc_time when;
    geo::point where;
    double accuracy_m = unknown;
  };
  struct import_under_way {
    std::deque<std::shared_ptr<geofence>> staged;
    import_counts counts;  // if it is carried out
    bool complete = false;
  };
  struct unsettled_fence {
    truck_index from = 0;  // where the look at its trucks goes on
    bool found_some = false;
  };

  truck_index index_of(std::string_view truck_id);
  static const geofence* in_force(const void* geofences, std::string_view id);
  bool settle_visits(truck_index index, utc_time now, outcome& out);
  void give_visits(truck_index index, outcome& out);
  void follow(truck_index index, const truck_moment& before, const position& p, outcome& out);
  void watch_speed(truck_index index, const position& p, outcome& out);
  void connect(fence_step& step, const truck_moment& before) const;
  void choose_judged(truck_index index, const fence_step& step);
  void choose_among_all(const engine::visits& in, std::string_view truck_id);
  void choose_crossed(const engine::visits& in, std::string_view truck_id,
                      const std::vector<fences_around::crossed_fence>& crossed);
  void await_dwelling(truck_index index);
  void find_dwelling(utc_time now, std::size_t max, std::vector<truck_index>& found);
  void find_unsettled(std::size_t max, std::vector<truck_index>& found);
  void fence_has_changed(const std::string& id);
  void end_visits(truck_index index, utc_time now, outcome& out);
  void recount_visits();
  void decide(const register_truck& asked, utc_time now, offset_t offset, outcome& out);
  void decide(const remove_truck& asked, utc_time now, offset_t offset, outcome& out);
  void decide(const put_geofence& asked, utc_time now, offset_t offset, outcome& out);
  void decide(const remove_geofence& asked, utc_time now, offset_t offset, outcome& out);
  void decide(const stage_geofences& asked, utc_time now, offset_t offset, outcome& out);
  void decide(const import_geofences& asked, utc_time now, offset_t offset, outcome& out);
  void decide(const enforce_geofences& asked, utc_time now, offset_t offset, outcome& out);
  void enforce(const std::shared_ptr<geofence>& what, offset_t offset);
  void remember(const command& input, const command_outcome& came_to, offset_t offset);
  std::optional<std::uint64_t> version_of(std::optional<truck_index> known) const;
  void set_registration(truck_index index, registration what, offset_t offset, outcome& out);
  void come_online(truck_index index, verdict heard_by, utc_time now, offset_t offset, outcome& out);
  void look_up(const batch& input, outcome& out);
  void touch(truck_index index, offset_t offset);
  utc_time offline_due(const truck& t) const;
  void await_silence(truck_index index);
  void count_silence_anew();

  options rules_;
  utc_time now_;
  utc_time started_at_;
  offset_t rules_changed_at_ = 0;
  block_vector<truck> trucks_;                                       // never moves a truck: views of ids stay valid
  block_vector<std::shared_ptr<const registration>> registrations_;  // of trucks_, place by place
  id_index by_id_;
  std::priority_queue<due_entry, std::vector<due_entry>, std::greater<>> dues_;  // one entry at most for each truck
  std::vector<truck_index> changed_;                                             // since the pass began
  std::vector<truck_index> passing_;                                             // changed before it, not taken yet
  retry_keys retries_;
  engine::geofences geofences_;
  fences_in_force fences_;            // the active ones of geofences_
  block_vector<presence> presences_;  // of trucks_, place by place
  trucks_inside inside_;
  std::priority_queue<due_entry, std::vector<due_entry>, std::greater<>> dwell_dues_;  // mostly one entry for each truck
  import_under_way import_;
  std::map<std::string, unsettled_fence, std::less<>> unsettled_;  // changed, with trucks in them
  bool follows_ = false;                                           // there was a geofence or a visit once
  std::uint64_t geofence_changes_ = 1;                             // to those that trucks may be in
  fences_around around_;                                           // the truck followed last
  fence_events fence_events_;                                      // scratch, as those below
  std::vector<fences_in_force::found_fence> found_fences_;
  std::vector<const geofence*> judged_;
  std::vector<double> crossings_;
  std::vector<bool> skip_;
  std::size_t window_bytes_ = 0;
};

}  // namespace haulcast::engine
