// Which geofences a truck is in, as the rules believe: a small copyable fold over its positions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/time.hpp"
#include "haulcast/engine/geofence.hpp"
#include "haulcast/geo/point.hpp"

namespace haulcast {
class byte_reader;
class byte_writer;
}  // namespace haulcast

namespace haulcast::engine {

/// Where and when a truck crossed a boundary.
struct crossing {
  utc_time when;
  geo::point where;
  bool between = false;  // two positions; otherwise it is one of them
};

/// One geofence that a truck is believed to be in, or that it seems to have entered.
struct visit {
  // First what every position asks.
  const geofence* fence = nullptr;   // by which it was judged last; set by whoever looks it up (not state, as the next)
  double speed_limit_kmh = unknown;  // its
  std::uint32_t run = 0;             // positions in a row that say otherwise than what is believed, see below
  bool inside = false;               // it is believed to be in; otherwise only its newest positions say so
  bool dwelled = false;              // and has been there for long
  bool trespassing = false;          // where nobody may be: told
  bool speeding = false;             // faster than may be there: told
  utc_time entered_at;               // of one that is inside
  seconds dwell_after{0};            // as it was when it was judged last: it may be gone when its end is told
  std::string geofence_id;
  std::string geofence_name;  // likewise
  bool tells_exit = true;     // likewise
  std::uint64_t version = 0;  // likewise

  /// Of a run.
  crossing since;
  double evidence = 0;  // what they weigh together
  geo::point from;      // where the truck was before it crossed
  double doubt_m = 0;   // the worst accuracy of that and of the positions since

  /// From now on it is judged by this geofence.
  void judge_by(const geofence& g);
  /// It is judged by this one already, which somebody looked up.
  void found(const geofence& g);
  /// When it will have dwelled. None: it has, or seems to have left before.
  std::optional<utc_time> dwells_at() const noexcept {
    if (!inside || dwelled) return std::nullopt;
    const utc_time due = entered_at + dwell_after;
    if (run > 0 && since.when < due) return std::nullopt;
    return due;
  }
};

/// In the order of their geofences' ids, at most `most`; what a truck enters beyond that is not followed.
class visits {
 public:
  static constexpr std::size_t most = 64;

  std::vector<visit>& all() noexcept { return all_; }
  const std::vector<visit>& all() const noexcept { return all_; }
  bool empty() const noexcept { return all_.empty(); }
  bool full() const noexcept { return all_.size() >= most; }
  /// Null: there is none. O(log visits).
  visit* find(std::string_view geofence_id) noexcept;
  /// The same of one that was looked up. Quick.
  const visit* of(const geofence* g) const noexcept;
  /// There must be none, and room. Others move.
  visit& add(const geofence& g);
  void drop(std::string_view geofence_id);
  /// The earliest of them all.
  std::optional<utc_time> dwells_at() const noexcept;

  void save(byte_writer& out) const;
  /// False: bytes that no save wrote. `fence` is null in each.
  bool load(byte_reader& in);

 private:
  std::vector<visit> all_;
};

}  // namespace haulcast::engine
