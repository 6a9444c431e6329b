// What the engine derived: one immutable fact.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/engine/position.hpp"

namespace haulcast::engine {

/// The numbers are written to journals: append, never renumber.
enum class event_type : std::uint8_t {
  truck_online = 0,      // heard again, or for the first time; `time` is when the server heard it
  truck_offline = 1,     // silent for engine.offline_after_s (`time` is when that became due), or removed
  geofence_entered = 2,  // `time` is when the boundary was crossed, as for the next
  geofence_exited = 3,
  geofence_dwelled = 4,  // has been inside for long; `time` is when that became due
  zone_violated = 5,     // entered where nobody may be, or was inside when that began
  speed_violated = 6,    // faster than may be, in a geofence or elsewhere
  speed_normalised = 7,  // not any more, or not inside any more
};
inline constexpr std::size_t event_types = 8;

/// "truck.online"
std::string_view to_string(event_type type) noexcept;

/// Why a truck left a geofence other than by driving. The numbers are written to journals: append, never renumber.
enum class exit_reason : std::uint8_t {
  none = 0,
  deleted = 1,   // the geofence; or the truck was removed
  disabled = 2,  // it is not active any more
  changed = 3,   // it is elsewhere, or about other trucks
};
/// "deleted"; empty for none.
std::string_view to_string(exit_reason reason) noexcept;

/// The geofence that an event is about, or of one about speed the limit that holds elsewhere.
struct fence_facts {
  std::string geofence_id;    // empty: it is about none
  std::string geofence_name;  // empty: it has none
  exit_reason reason = exit_reason::none;
  double speed_limit_kmh = unknown;  // of an event about speed
};

/// Its id (record offset and index) is given by the journal; the engine knows only the order.
struct event {
  event_type type = event_type::truck_online;
  utc_time time;
  std::string truck_id;
  std::optional<kept_position> where;  // the truck's newest position then; none if it never had one
  std::optional<fence_facts> fence{};  // of an event about a geofence
  bool late = false;                   // told after the fact
  bool interpolated = false;           // `where` lies between two positions
};

/// Where an event stands in the journal, and so its CloudEvents id: the record's offset (16 digits), '-', its index in the
/// record (5 digits). Fixed width, sorts as text in the order of the journal.
struct event_id {
  std::uint64_t offset = 0;
  std::uint32_t index = 0;

  static constexpr std::size_t width = 22;
  static constexpr std::uint32_t last_index = 99'999;  // "after every event of this record"
  std::string to_string() const;
  /// Accepts exactly what to_string gives, and "0" for the beginning.
  static std::optional<event_id> parse(std::string_view text) noexcept;

  friend auto operator<=>(const event_id&, const event_id&) = default;
};

}  // namespace haulcast::engine
