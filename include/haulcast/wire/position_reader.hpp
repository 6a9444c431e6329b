// One element of `positions` -> engine::position, or the first fault in it. What a batch_parser does for each.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/engine/batch.hpp"
#include "haulcast/wire/batch_parser.hpp"
#include "haulcast/wire/distinct_names.hpp"
#include "haulcast/wire/json_cursor.hpp"

namespace haulcast::wire {

/// The members of a position, in the order in which their faults are told.
enum class member : std::uint8_t {
  truck_id,
  timestamp,
  latitude,
  longitude,
  speed_kmh,
  heading,
  accuracy_m,
  altitude_m,
  odometer_km,
  fuel_level_pct,
  battery_pct,
  trip_id,
  driver_id,
  engine_status,
  attributes,
  unknown,  // ignored, but no two of the same name
};

/// Judges a position by itself; what concerns its neighbours (whose truck it is, the batch's own truck_id) the caller adds by
/// note(). Reused from position to position, so that reading one allocates nothing as a rule.
class position_reader {
 public:
  void begin(utc_time received_at, const batch_limits& limits) noexcept;

  /// Takes the element under `json` and fills `into`, whose texts point into the body or the reader until the next read().
  void read(json_cursor& json, engine::position& into);

  /// The element's truck_id: nothing when it has none (or null), empty when it has one that cannot be read.
  std::optional<std::string_view> truck_id() const noexcept { return truck_id_; }
  /// The first fault, if any.
  std::optional<engine::reject_code> fault() const noexcept { return fault_; }
  /// Adds a fault found at `where`: it stands when it comes before the one known.
  void note(member where, engine::reject_code code) noexcept { note(1 + static_cast<unsigned>(where), code); }

 private:
  static constexpr unsigned structure = 0;  // before every member

  static constexpr std::array<member, 16> all_unknown() noexcept {
    std::array<member, 16> order{};
    order.fill(member::unknown);
    return order;
  }
  void note(unsigned rank, engine::reject_code code) noexcept;
  bool read_guessed(json_cursor& json, engine::position& into);
  void read_member(json_cursor& json, json_text key, engine::position& into);
  void read_known(json_cursor& json, member which, engine::position& into);
  void read_number(json_cursor& json, member which, engine::position& into);
  void read_truck_id(json_cursor& json);
  void read_timestamp(json_cursor& json, engine::position& into);
  void read_id(json_cursor& json, member which, engine::reject_code invalid, std::string_view& into);
  void read_engine_status(json_cursor& json, std::string_view& into);
  void read_attributes(json_cursor& json, std::string_view& into);
  void judge_time(utc_time t, engine::position& into);
  void require(member which, engine::reject_code missing) noexcept;
  bool expect(json_cursor& json, member which, char first);
  std::string_view plain(json_text text);

  utc_time newest_{};
  utc_time oldest_{};
  // Phones send their members in the same order each time: the one that stood at a place in the last position is tried first.
  std::array<member, 16> order_ = all_unknown();
  std::size_t place_ = 0;
  unsigned seen_ = 0;    // bit per member: named
  unsigned absent_ = 0;  // bit per member: named, but null
  unsigned rank_ = 0;
  std::optional<engine::reject_code> fault_;
  std::optional<std::string_view> truck_id_;
  distinct_names unknown_names_;
  distinct_names attribute_names_;
  std::string scratch_;
  std::pmr::monotonic_buffer_resource unescaped_{512};
  bool unescaped_used_ = false;
};

}  // namespace haulcast::wire
