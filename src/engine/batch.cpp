#include "haulcast/engine/batch.hpp"

#include <algorithm>
#include <array>

namespace haulcast::engine {

std::string_view to_string(reject_code code) noexcept {
  static constexpr std::array<std::string_view, reject_codes> names{
      "position_not_an_object", "duplicate_key",          "field_type_invalid",    "truck_id_missing",
      "truck_id_invalid",       "truck_not_yours",        "timestamp_missing",     "timestamp_invalid",
      "timestamp_in_future",    "timestamp_too_old",      "latitude_missing",      "latitude_out_of_range",
      "longitude_missing",      "longitude_out_of_range", "speed_out_of_range",    "heading_out_of_range",
      "accuracy_out_of_range",  "altitude_out_of_range",  "odometer_out_of_range", "fuel_level_out_of_range",
      "battery_out_of_range",   "trip_id_invalid",        "driver_id_invalid",     "engine_status_invalid",
      "attributes_invalid",     "too_many_trucks",        "truck_unknown"};
  return names[static_cast<std::size_t>(code)];
}

std::string_view batch::keep(std::string_view s) {
  constexpr std::size_t first_block_bytes = 1024;
  if (s.empty()) return {};
  if (texts_.empty() || texts_.back().size - text_used_ < s.size()) {
    const std::size_t size = std::max(texts_.empty() ? first_block_bytes : texts_.back().size * 2, s.size());
    texts_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    text_used_ = 0;
  }
  char* const at = texts_.back().memory.get() + text_used_;
  std::copy(s.begin(), s.end(), at);
  text_used_ += s.size();
  return {at, s.size()};
}

// Of its texts' memory the largest block stays: a batch like this one finds room in it, or in the next.
void batch::clear() noexcept {
  trucks.clear();
  positions.clear();
  rejected.clear();
  if (texts_.size() > 1) texts_.erase(texts_.begin(), texts_.end() - 1);
  text_used_ = 0;
}

std::size_t batch::capacity_bytes() const noexcept {
  std::size_t bytes = trucks.capacity() * sizeof(trucks[0]) + positions.capacity() * sizeof(positions[0]) +
                      rejected.capacity() * sizeof(rejected[0]);
  for (const block& b : texts_) bytes += b.size;
  return bytes;
}

}  // namespace haulcast::engine
