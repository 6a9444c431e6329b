// One truck's state: a small copyable fold over its positions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/base/bytes.hpp"
#include "haulcast/base/prefetch.hpp"
#include "haulcast/engine/options.hpp"
#include "haulcast/engine/position.hpp"
#include "haulcast/engine/window.hpp"

namespace haulcast::engine {

/// What a position turned out to be. The numbers are written to journals.
enum class verdict : std::uint8_t {
  live = 0,       // the truck's newest: moves live state
  late = 1,       // older than the newest: stored, moves nothing
  suspect = 2,    // no truck could have driven there: stored, marked, moves nothing
  duplicate = 3,  // sent before: the first one stands
};

/// Why a position is suspect. The numbers are written to journals.
enum class suspicion : std::uint8_t {
  none = 0,
  null_island = 1,        // exactly (0, 0)
  inaccurate = 2,         // accuracy worse than filters.max_accuracy_m
  implausible_speed = 3,  // too far from its neighbours in time
};

/// "null_island", as it stands in `"suspect": "<reason>"`.
std::string_view to_string(suspicion reason) noexcept;

struct judgement {
  verdict what = verdict::live;
  suspicion why = suspicion::none;
  friend bool operator==(const judgement&, const judgement&) = default;
};

enum class truck_status : std::uint8_t { moving, stopped, offline };
std::string_view to_string(truck_status status) noexcept;

/// Four cache lines, so that a position of a truck that was not heard for a while waits for as little memory as can be.
struct alignas(cache_line_bytes) truck {
  /// Suspect positions that agree with one another: the third in a row proves that the newest was the wrong one.
  struct rival {
    utc_time timestamp;
    geo::point point;
  };
  static constexpr std::uint8_t agreeing_to_win = 3;

  std::string id;
  std::uint64_t changed_at = 0;  // offset of the last record that concerned it
  utc_time heard_at;             // server time of its last batch
  bool online = false;
  bool moving = false;  // until it is seen driving it stands
  bool has_position = false;
  bool speeding = false;               // faster than may be where no geofence says how fast: told
  bool removed = false;                // by a command, and has not come back: kept for what it drove
  bool awaited = false;                // has an entry among the dues (not state: never saved)
  bool changed = false;                // since the last snapshot (not state: never saved)
  std::uint8_t agreeing = 0;           // how many suspect positions `against` stands for; 0: it means nothing
  utc_time newest_received_at;         // server time of the batch it came in
  kept_position newest;                // the last live one; meaningful with has_position
  std::optional<utc_time> slow_since;  // the first slow position of the run that is on
  engine::window window;
  rival against;

  /// Asks for all of it.
  void prefetch() const noexcept { prefetch_whole(*this); }
  /// What `p` is to this truck now. Changes nothing. Amortised O(1) in time order; a position out of order reads a chunk of the
  /// window.
  judgement judge(const position& p, const options& rules) const;
  /// Folds `p` in, judged so before. `duplicate` changes nothing.
  void apply(const position& p, judgement verdict, utc_time received_at, const options& rules);

  truck_status status() const noexcept {
    return !online ? truck_status::offline : moving ? truck_status::moving : truck_status::stopped;
  }

  void save(byte_writer& out) const;
  bool load(byte_reader& in);
};
static_assert(sizeof(truck) == 4 * cache_line_bytes);

}  // namespace haulcast::engine
