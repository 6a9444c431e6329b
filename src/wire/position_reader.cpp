#include "haulcast/wire/position_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "haulcast/base/id.hpp"
#include "haulcast/base/control_characters.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::wire {
namespace {

using engine::position;
using engine::reject_code;

constexpr std::size_t engine_status_bytes_max = 64;
constexpr std::size_t attributes_bytes_max = 1024;
constexpr std::size_t attributes_max = 16;

/// A number that may be missing, its range inclusive.
struct optional_number {
  double position::* at;
  double low;
  double high;
  bool minus_one_is_unknown;  // phones send -1 for what they do not know
  reject_code out_of_range;
};

/// From member::speed_kmh to member::battery_pct.
constexpr std::array<optional_number, 7> optional_numbers{{
    {&position::speed_kmh, 0, 400, true, reject_code::speed_out_of_range},
    {&position::heading, 0, 360, true, reject_code::heading_out_of_range},
    {&position::accuracy_m, 0, 1'000'000, true, reject_code::accuracy_out_of_range},
    {&position::altitude_m, -1'000, 20'000, false, reject_code::altitude_out_of_range},
    {&position::odometer_km, 0, 10'000'000, false, reject_code::odometer_out_of_range},
    {&position::fuel_level_pct, 0, 100, false, reject_code::fuel_level_out_of_range},
    {&position::battery_pct, 0, 100, true, reject_code::battery_out_of_range},
}};

/// From member::truck_id to member::attributes.
constexpr std::array<json_key, 15> keys{json_key{"truck_id"},       json_key{"timestamp"},     json_key{"latitude"},
                                        json_key{"longitude"},      json_key{"speed_kmh"},     json_key{"heading"},
                                        json_key{"accuracy_m"},     json_key{"altitude_m"},    json_key{"odometer_km"},
                                        json_key{"fuel_level_pct"}, json_key{"battery_pct"},   json_key{"trip_id"},
                                        json_key{"driver_id"},      json_key{"engine_status"}, json_key{"attributes"}};

constexpr unsigned bit(member which) noexcept { return 1U << static_cast<unsigned>(which); }

/// `key` has the length of `name`: comparing with a constant length is one or two loads.
template <std::size_t N>
bool same(std::string_view key, const char (&name)[N]) noexcept {
  return std::memcmp(key.data(), name, N - 1) == 0;
}

member member_of(std::string_view key) noexcept {
  switch (key.size()) {
    case 7:
      if (same(key, "heading")) return member::heading;
      if (same(key, "trip_id")) return member::trip_id;
      break;
    case 8:
      if (same(key, "truck_id")) return member::truck_id;
      if (same(key, "latitude")) return member::latitude;
      break;
    case 9:
      if (same(key, "timestamp")) return member::timestamp;
      if (same(key, "longitude")) return member::longitude;
      if (same(key, "speed_kmh")) return member::speed_kmh;
      if (same(key, "driver_id")) return member::driver_id;
      break;
    case 10:
      if (same(key, "altitude_m")) return member::altitude_m;
      if (same(key, "accuracy_m")) return member::accuracy_m;
      if (same(key, "attributes")) return member::attributes;
      break;
    case 11:
      if (same(key, "odometer_km")) return member::odometer_km;
      if (same(key, "battery_pct")) return member::battery_pct;
      break;
    case 13:
      if (same(key, "engine_status")) return member::engine_status;
      break;
    case 14:
      if (same(key, "fuel_level_pct")) return member::fuel_level_pct;
      break;
    default: break;
  }
  return member::unknown;
}

bool starts_number(char c) noexcept { return c == '-' || (c >= '0' && c <= '9'); }

/// The whole milliseconds that a number stands for, also when it was written as 1.0 or 1e3; nothing when it has a fraction.
std::optional<std::int64_t> whole_of(json_number n) noexcept {
  if (n.is_whole) return n.whole;
  if (n.value != std::trunc(n.value)) return std::nullopt;
  constexpr double most = 1e18;
  return static_cast<std::int64_t>(std::clamp(n.value, -most, most));
}

}  // namespace

void position_reader::begin(utc_time received_at, const batch_limits& limits) noexcept {
  newest_ = received_at + limits.future_tolerance;
  oldest_ = received_at - limits.max_age;
}

void position_reader::read(json_cursor& json, position& into) {
  seen_ = absent_ = 0;
  rank_ = std::numeric_limits<unsigned>::max();
  fault_.reset();
  truck_id_.reset();
  unknown_names_.clear();
  if (std::exchange(unescaped_used_, false)) unescaped_.release();
  into = position{};
  if (json.peek() != '{') {
    note(structure, reject_code::position_not_an_object);
    return json.skip();
  }
  place_ = 0;
  json.object([&] { return read_guessed(json, into); }, [&](json_text key) { read_member(json, key, into); });
  if (!unknown_names_.all_different()) note(structure, reject_code::duplicate_key);
  require(member::timestamp, reject_code::timestamp_missing);
  require(member::latitude, reject_code::latitude_missing);
  require(member::longitude, reject_code::longitude_missing);
}

void position_reader::note(unsigned rank, reject_code code) noexcept {
  if (rank >= rank_) return;
  rank_ = rank;
  fault_ = code;
}

void position_reader::require(member which, reject_code missing) noexcept {
  if ((seen_ & ~absent_ & bit(which)) == 0) note(which, missing);
}

bool position_reader::read_guessed(json_cursor& json, position& into) {
  if (place_ == order_.size()) return false;
  const member which = order_[place_];
  if (which == member::unknown || !json.take_key(keys[static_cast<std::size_t>(which)])) return false;
  ++place_;
  read_known(json, which, into);
  return true;
}

void position_reader::read_member(json_cursor& json, json_text key, position& into) {
  const std::string_view name = plain(key);
  const member which = member_of(name);
  if (place_ < order_.size()) order_[place_++] = which;
  if (which == member::unknown) {
    unknown_names_.add(name);
    return json.skip();
  }
  read_known(json, which, into);
}

void position_reader::read_known(json_cursor& json, member which, position& into) {
  if ((seen_ & bit(which)) != 0) {
    note(structure, reject_code::duplicate_key);
    if (which == member::truck_id) truck_id_.emplace();  // which of the two it is, nobody can say
    return json.skip();
  }
  seen_ |= bit(which);
  if (json.peek() == 'n') {
    absent_ |= bit(which);
    return json.null();
  }
  switch (which) {
    case member::truck_id: return read_truck_id(json);
    case member::timestamp: return read_timestamp(json, into);
    case member::trip_id: return read_id(json, which, reject_code::trip_id_invalid, into.trip_id);
    case member::driver_id: return read_id(json, which, reject_code::driver_id_invalid, into.driver_id);
    case member::engine_status: return read_engine_status(json, into.engine_status);
    case member::attributes: return read_attributes(json, into.attributes);
    default: return read_number(json, which, into);
  }
}

/// True when the value starts as it must; else it is stepped over, and its type is a fault.
bool position_reader::expect(json_cursor& json, member which, char first) {
  const bool right = first == '0' ? starts_number(json.peek()) : json.peek() == first;
  if (right) return true;
  note(which, reject_code::field_type_invalid);
  json.skip();
  return false;
}

void position_reader::read_number(json_cursor& json, member which, position& into) {
  if (!expect(json, which, '0')) return;
  const double value = json.number().value;
  if (which == member::latitude) {
    into.point.latitude = value;
    if (value < -90 || value > 90) note(which, reject_code::latitude_out_of_range);
    return;
  }
  if (which == member::longitude) {
    into.point.longitude = value;
    if (value < -180 || value > 180) note(which, reject_code::longitude_out_of_range);
    return;
  }
  const auto& rule = optional_numbers[static_cast<std::size_t>(which) - static_cast<std::size_t>(member::speed_kmh)];
  if (rule.minus_one_is_unknown && value == -1) return;
  into.*rule.at = value;
  if (value < rule.low || value > rule.high) note(which, rule.out_of_range);
}

void position_reader::read_truck_id(json_cursor& json) {
  truck_id_.emplace();
  if (!expect(json, member::truck_id, '"')) return;
  const std::string_view id = plain(json.text());
  if (!is_id(id)) return note(member::truck_id, reject_code::truck_id_invalid);
  truck_id_ = id;
}

void position_reader::read_timestamp(json_cursor& json, position& into) {
  const bool number = starts_number(json.peek());
  if (!number && !expect(json, member::timestamp, '"')) return;
  if (number) {
    const auto ms = whole_of(json.number());
    if (!ms) return note(member::timestamp, reject_code::field_type_invalid);
    return judge_time(from_epoch_ms(*ms), into);
  }
  const auto t = parse_time(plain(json.text()));
  if (!t) return note(member::timestamp, reject_code::timestamp_invalid);
  judge_time(*t, into);
}

void position_reader::judge_time(utc_time t, position& into) {
  if (t < earliest_time || t > latest_time) return note(member::timestamp, reject_code::timestamp_invalid);
  into.timestamp = t;
  if (t > newest_) note(member::timestamp, reject_code::timestamp_in_future);
  if (t < oldest_) note(member::timestamp, reject_code::timestamp_too_old);
}

void position_reader::read_id(json_cursor& json, member which, reject_code invalid, std::string_view& into) {
  if (!expect(json, which, '"')) return;
  into = plain(json.text());
  if (!is_id(into)) note(which, invalid);
}

void position_reader::read_engine_status(json_cursor& json, std::string_view& into) {
  if (!expect(json, member::engine_status, '"')) return;
  into = plain(json.text());
  if (into.empty() || into.size() > engine_status_bytes_max || has_control_character(into)) {
    note(member::engine_status, reject_code::engine_status_invalid);
  }
}

void position_reader::read_attributes(json_cursor& json, std::string_view& into) {
  if (!expect(json, member::attributes, '{')) return;
  const char* const begin = json.here();
  attribute_names_.clear();
  bool good = true;
  json.object([&](json_text key) {
    const std::string_view name = plain(key);
    attribute_names_.add(name);
    good &= !has_control_character(name);
    switch (json.peek()) {
      case '"': good &= !has_control_character(plain(json.text())); break;
      case '{':
      case '[': good = false; [[fallthrough]];
      default: json.skip();
    }
  });
  into = {begin, static_cast<std::size_t>(json.end_of_last() - begin)};
  good &= attribute_names_.size() <= attributes_max && into.size() <= attributes_bytes_max;
  if (!good || !attribute_names_.all_different()) note(member::attributes, reject_code::attributes_invalid);
}

/// The text without escapes, valid until the next read().
std::string_view position_reader::plain(json_text text) {
  if (!text.escaped) return text.raw;
  scratch_.clear();
  unescape(text.raw, scratch_);
  unescaped_used_ = true;
  auto* const at = static_cast<char*>(unescaped_.allocate(std::max<std::size_t>(scratch_.size(), 1), 1));
  std::ranges::copy(scratch_, at);
  return {at, scratch_.size()};
}

}  // namespace haulcast::wire
