#include "haulcast/engine/position.hpp"

#include <cmath>

namespace haulcast::engine {

namespace {

bool same_number(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

bool same(const position& a, const position& b) noexcept {
  return a.timestamp == b.timestamp && a.point == b.point && same_number(a.speed_kmh, b.speed_kmh) &&
         same_number(a.heading, b.heading) && same_number(a.altitude_m, b.altitude_m) &&
         same_number(a.accuracy_m, b.accuracy_m) && same_number(a.odometer_km, b.odometer_km) &&
         same_number(a.fuel_level_pct, b.fuel_level_pct) && same_number(a.battery_pct, b.battery_pct) &&
         a.engine_status == b.engine_status && a.trip_id == b.trip_id && a.driver_id == b.driver_id &&
         a.attributes == b.attributes;
}

void kept_position::assign(const position& p) {
  const std::string_view texts[] = {p.engine_status, p.trip_id, p.driver_id, p.attributes};
  texts_.clear();
  for (std::size_t i = 0; i < lengths_.size(); ++i) {
    lengths_[i] = static_cast<std::uint16_t>(texts[i].size());
    texts_.append(texts[i]);
  }
  numbers_ = p;
  numbers_.engine_status = numbers_.trip_id = numbers_.driver_id = numbers_.attributes = {};
}

position kept_position::get() const noexcept {
  position p = numbers_;
  std::size_t from = 0;
  std::string_view* const texts[] = {&p.engine_status, &p.trip_id, &p.driver_id, &p.attributes};
  for (std::size_t i = 0; i < lengths_.size(); ++i) {
    *texts[i] = std::string_view{texts_}.substr(from, lengths_[i]);
    from += lengths_[i];
  }
  return p;
}

}  // namespace haulcast::engine
