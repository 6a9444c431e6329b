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
  number_bit = 1,              // seven of them, in the order of `numbers`
  engine_status_bit = 1 << 7,  // four texts, in the order of `texts`
  exact_place_bit = 1 << 11,   // latitude and longitude as their eight bytes
};

constexpr std::array numbers{&position::speed_kmh,   &position::heading,        &position::altitude_m, &position::accuracy_m,
                             &position::odometer_km, &position::fuel_level_pct, &position::battery_pct};

constexpr std::array texts{&position::engine_status, &position::trip_id, &position::driver_id, &position::attributes};
constexpr std::uint64_t text_bit(std::size_t i) noexcept { return std::uint64_t{engine_status_bit} << i; }

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

// The encoder knows the units of a place whenever it has some; the decoder has to find them again where eight raw bytes came.
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
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (p.*texts[i] != before_.texts[i]) mask |= text_bit(i);
  }
  out.varint(mask);
  out.svarint(minus(to_epoch_ms(p.timestamp), to_epoch_ms(before_.timestamp)));
  if ((mask & exact_place_bit) != 0) {
    out.raw(p.point.latitude);
    out.raw(p.point.longitude);
  } else {
    out.svarint(*latitude - before_.latitude);
    out.svarint(*longitude - before_.longitude);
  }
  for (const auto number : numbers) {
    if (!std::isnan(p.*number)) encode_number(out, p.*number);
  }
  before_.timestamp = p.timestamp;
  before_.latitude = latitude.value_or(0);
  before_.longitude = longitude.value_or(0);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    before_.texts[i] = p.*texts[i];
    if ((mask & text_bit(i)) != 0) out.text(before_.texts[i]);
  }
}

position position_decoder::decode(byte_reader& in) {
  position p;
  const std::uint64_t mask = in.varint();
  p.timestamp = before_.timestamp = from_epoch_ms(plus(to_epoch_ms(before_.timestamp), in.svarint()));
  if ((mask & exact_place_bit) != 0) {
    p.point.latitude = in.raw();
    p.point.longitude = in.raw();
    before_.latitude = place_units(p.point.latitude);
    before_.longitude = place_units(p.point.longitude);
  } else {
    before_.latitude = plus(before_.latitude, in.svarint());
    before_.longitude = plus(before_.longitude, in.svarint());
    p.point.latitude = static_cast<double>(before_.latitude) / place_scale;
    p.point.longitude = static_cast<double>(before_.longitude) / place_scale;
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if ((mask & (number_bit << i)) != 0) p.*numbers[i] = decode_number(in);
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if ((mask & text_bit(i)) != 0) before_.texts[i] = in.text();
    p.*texts[i] = before_.texts[i];
  }
  return p;
}

namespace {
enum : std::uint8_t { late_bit = 1, interpolated_bit = 2, position_bit = 4, fence_bit = 8, limit_bit = 16 };
constexpr std::uint8_t exit_reasons = 4;

void encode(byte_writer& out, const fence_facts& about) {
  out.text(about.geofence_id);
  out.text(about.geofence_name);
  out.u8(static_cast<std::uint8_t>(about.reason));
  if (!std::isnan(about.speed_limit_kmh)) out.raw(about.speed_limit_kmh);
}

fence_facts decode_fence(byte_reader& in, bool has_limit) {
  fence_facts about;
  about.geofence_id = in.text();
  about.geofence_name = in.text();
  const std::uint8_t reason = in.u8();
  if (reason >= exit_reasons)
    in.fail();
  else
    about.reason = static_cast<exit_reason>(reason);
  if (has_limit) about.speed_limit_kmh = in.raw();
  return about;
}

bool has_limit(const event& e) noexcept { return e.fence && !std::isnan(e.fence->speed_limit_kmh); }
}  // namespace

void encode(byte_writer& out, const event& e, utc_time base) {
  out.u8(static_cast<std::uint8_t>(e.type));
  out.u8(static_cast<std::uint8_t>((e.late ? late_bit : 0) | (e.interpolated ? interpolated_bit : 0) |
                                   (e.where ? position_bit : 0) | (e.fence ? fence_bit : 0) | (has_limit(e) ? limit_bit : 0)));
  out.svarint(minus(to_epoch_ms(e.time), to_epoch_ms(base)));
  out.text(e.truck_id);
  if (e.fence) encode(out, *e.fence);
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
  if ((flags & fence_bit) != 0) e.fence = decode_fence(in, (flags & limit_bit) != 0);
  if ((flags & position_bit) != 0) {
    position_decoder positions{base};
    e.where.emplace(positions.decode(in));
  }
  return e;
}

}  // namespace haulcast::engine
