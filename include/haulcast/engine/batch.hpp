// One batch of positions as it was admitted: what the engine applies and the journal records.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/position.hpp"

namespace haulcast::engine {

/// Why a position was refused at the door. The numbers are written to journals: append, never renumber.
enum class reject_code : std::uint8_t {
  position_not_an_object = 0,  // an element of `positions` that is no object
  duplicate_key = 1,           // a member given twice
  field_type_invalid = 2,      // a number where a text belongs, and the like
  truck_id_missing = 3,
  truck_id_invalid = 4,  // not 1-128 of A-Z a-z 0-9 . _ : -
  truck_not_yours = 5,   // the token does not cover it
  timestamp_missing = 6,
  timestamp_invalid = 7,
  timestamp_in_future = 8,  // more than ingest.future_tolerance_s ahead of received_at
  timestamp_too_old = 9,    // more than ingest.max_age_days behind received_at
  latitude_missing = 10,
  latitude_out_of_range = 11,
  longitude_missing = 12,
  longitude_out_of_range = 13,
  speed_out_of_range = 14,
  heading_out_of_range = 15,
  accuracy_out_of_range = 16,
  altitude_out_of_range = 17,
  odometer_out_of_range = 18,
  fuel_level_out_of_range = 19,
  battery_out_of_range = 20,
  trip_id_invalid = 21,
  driver_id_invalid = 22,
  engine_status_invalid = 23,
  attributes_invalid = 24,
  too_many_trucks = 25,  // engine.max_trucks reached and this truck is not known
  truck_unknown = 26,    // not registered, and ingest.register_unknown_trucks is off; told in the place of truck_id's faults
};
inline constexpr std::size_t reject_codes = 27;

/// The code's stable name, as it stands in answers: "latitude_out_of_range".
std::string_view to_string(reject_code code) noexcept;

struct batch_position {
  std::uint32_t index = 0;  // place in the `positions` array that was sent
  std::uint32_t truck = 0;  // place in batch::trucks
  position where;
};

struct rejected_position {
  std::uint32_t index = 0;
  reject_code code = reject_code::position_not_an_object;
  std::string_view truck_id;  // empty when it could not be read
  std::string_view raw;       // the element's JSON as sent, cut to `rejected_raw_bytes`
};
inline constexpr std::size_t rejected_raw_bytes = 512;

/// Positions in the order they were sent, those refused beside them. The texts that positions point to live in the batch's own
/// memory, which never moves; so a batch is neither copied nor moved, but held by pointer.
struct batch {
  batch() = default;
  batch(const batch&) = delete;
  batch& operator=(const batch&) = delete;

  /// Copies a text into the batch's own memory.
  std::string_view keep(std::string_view s);
  /// Empty again, with the memory it has grown to.
  void clear() noexcept;
  /// About what it holds of memory, used or not.
  std::size_t capacity_bytes() const noexcept;

  utc_time received_at;                   // the server's
  std::vector<std::string_view> trucks;   // distinct ids, in order of first appearance
  std::vector<batch_position> positions;  // those that passed
  std::vector<rejected_position> rejected;

 private:
  struct block {
    std::unique_ptr<char[]> memory;
    std::size_t size = 0;
  };
  std::vector<block> texts_;   // each twice as large as the one before; the last is being filled
  std::size_t text_used_ = 0;  // of the last
};

}  // namespace haulcast::engine
