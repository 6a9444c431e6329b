#include "haulcast/engine/position.hpp"

#include <cmath>

namespace haulcast::engine {

namespace {

constexpr std::array numbers{&position::speed_kmh,   &position::heading,        &position::altitude_m, &position::accuracy_m,
                             &position::odometer_km, &position::fuel_level_pct, &position::battery_pct};
constexpr std::array texts{&position::engine_status, &position::trip_id, &position::driver_id, &position::attributes};

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

kept_position::kept_position() { numbers_.fill(unknown); }

void kept_position::assign(const position& p) {
  timestamp_ = p.timestamp;
  point_ = p.point;
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers_[i] = p.*numbers[i];
  texts_.clear();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = p.*texts[i];
    lengths_[i] = static_cast<std::uint16_t>(text.size());
    if (!text.empty()) texts_.append(text);
  }
}

position kept_position::get() const noexcept {
  position p;
  p.timestamp = timestamp_;
  p.point = point_;
  for (std::size_t i = 0; i < numbers.size(); ++i) p.*numbers[i] = numbers_[i];
  std::size_t from = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    p.*texts[i] = std::string_view{texts_}.substr(from, lengths_[i]);
    from += lengths_[i];
  }
  return p;
}

}  // namespace haulcast::engine
