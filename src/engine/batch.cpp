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
      "attributes_invalid",     "too_many_trucks"};
  return names[static_cast<std::size_t>(code)];
}

std::string_view batch::keep(std::string_view s) {
  if (s.empty()) return {};
  auto* const at = static_cast<char*>(text.allocate(s.size(), 1));
  std::copy(s.begin(), s.end(), at);
  return {at, s.size()};
}

}  // namespace haulcast::engine
