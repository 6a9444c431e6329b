#include "haulcast/engine/codec.hpp"

#include <array>
#include <cmath>
#include <optional>

namespace haulcast::engine {

namespace {

constexpr double measure_scale = 1e3;
constexpr double place_scale = 1e7;

// Which members follow. A text that equals the one before it is not written.
enum : std::uint64_t {
  number_bit = 1,  // seven of them, in the order of `numbers`
  engine_status_bit = 1 << 7,
  trip_id_bit = 1 << 8,
  driver_id_bit = 1 << 9,
  attributes_bit = 1 << 10,
  exact_place_bit = 1 << 11,  // latitude and longitude as their eight bytes
};

constexpr std::array numbers{&position::speed_kmh,   &position::heading,        &position::altitude_m, &position::accuracy_m,
                             &position::odometer_km, &position::fuel_level_pct, &position::battery_pct};

struct text_member {
  std::uint64_t bit;
  std::string_view position::* text;
};
constexpr std::array texts{text_member{engine_status_bit, &position::engine_status},
                           text_member{trip_id_bit, &position::trip_id}, text_member{driver_id_bit, &position::driver_id},
                           text_member{attributes_bit, &position::attributes}};

// The whole number n with n / scale == value to the last bit, if there is one. -0.0 has none: its sign would be lost.
std::optional<std::int64_t> scaled(double value, double scale) noexcept {
  const double wide = value * scale;
  if (!(std::fabs(wide) < 1e15)) return std::nullopt;
  const auto n = static_cast<std::int64_t>(wide + (wide < 0 ? -0.5 : 0.5));
  if (static_cast<double>(n) / scale != value || (n == 0 && std::signbit(value))) return std::nullopt;
  return n;
}

std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// The lowest bit says which form: scaled, or eight raw bytes.
void encode_number(byte_writer& out, double value) {
  if (const auto n = scaled(value, measure_scale)) return out.varint(zigzag(*n) << 1);
  out.varint(1);
  out.raw(value);
}

double decode_number(byte_reader& in) noexcept {
  const std::uint64_t head = in.varint();
  return (head & 1) != 0 ? in.raw() : static_cast<double>(unzigzag(head >> 1)) / measure_scale;
}

std::int64_t place_units(double degrees) noexcept { return scaled(degrees, place_scale).value_or(0); }

// Subtraction and addition that wrap instead of overflowing: decoded bytes may be anything.
std::int64_t minus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

void position_encoder::encode(byte_writer& out, const position& p) {
  const auto latitude = scaled(p.point.latitude, place_scale);
  const auto longitude = scaled(p.point.longitude, place_scale);
  std::uint64_t mask = latitude && longitude ? 0 : exact_place_bit;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isnan(p.*numbers[i])) mask |= number_bit << i;
  }
  for (const auto& [bit, text] : texts) {
    if (p.*text != before_.*text) mask |= bit;
  }
  out.varint(mask);
  out.svarint(minus(to_epoch_ms(p.timestamp), to_epoch_ms(before_.timestamp)));
  if ((mask & exact_place_bit) != 0) {
    out.raw(p.point.latitude);
    out.raw(p.point.longitude);
  } else {
    out.svarint(*latitude - place_units(before_.point.latitude));
    out.svarint(*longitude - place_units(before_.point.longitude));
  }
  for (const auto number : numbers) {
    if (!std::isnan(p.*number)) encode_number(out, p.*number);
  }
  for (const auto& [bit, text] : texts) {
    if ((mask & bit) != 0) out.text(p.*text);
  }
  before_ = p;
}

position position_decoder::decode(byte_reader& in) {
  position p;
  const std::uint64_t mask = in.varint();
  p.timestamp = from_epoch_ms(plus(to_epoch_ms(before_.timestamp), in.svarint()));
  if ((mask & exact_place_bit) != 0) {
    p.point.latitude = in.raw();
    p.point.longitude = in.raw();
  } else {
    p.point.latitude = static_cast<double>(plus(place_units(before_.point.latitude), in.svarint())) / place_scale;
    p.point.longitude = static_cast<double>(plus(place_units(before_.point.longitude), in.svarint())) / place_scale;
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if ((mask & (number_bit << i)) != 0) p.*numbers[i] = decode_number(in);
  }
  for (const auto& [bit, text] : texts) p.*text = (mask & bit) != 0 ? in.text() : before_.*text;
  before_ = p;
  return p;
}

namespace {
enum : std::uint8_t { late_bit = 1, interpolated_bit = 2, position_bit = 4 };
}  // namespace

void encode(byte_writer& out, const event& e, utc_time base) {
  out.u8(static_cast<std::uint8_t>(e.type));
  out.u8(static_cast<std::uint8_t>((e.late ? late_bit : 0) | (e.interpolated ? interpolated_bit : 0) |
                                   (e.where ? position_bit : 0)));
  out.svarint(minus(to_epoch_ms(e.time), to_epoch_ms(base)));
  out.text(e.truck_id);
  if (!e.where) return;
  position_encoder positions{base};
  positions.encode(out, e.where->get());
}

event decode_event(byte_reader& in, utc_time base) {
  event e;
  const std::uint8_t type = in.u8();
  const std::uint8_t flags = in.u8();
  if (type >= event_types)
    in.fail();
  else
    e.type = static_cast<event_type>(type);
  e.late = (flags & late_bit) != 0;
  e.interpolated = (flags & interpolated_bit) != 0;
  e.time = from_epoch_ms(plus(to_epoch_ms(base), in.svarint()));
  e.truck_id = in.text();
  if ((flags & position_bit) != 0) {
    position_decoder positions{base};
    e.where.emplace(positions.decode(in));
  }
  return e;
}

}  // namespace haulcast::engine
