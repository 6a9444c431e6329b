#include "haulcast/wire/json_out.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "haulcast/wire/time.hpp"

namespace haulcast::wire {

namespace {

constexpr std::size_t number_width_max = 28;  // "-0.0000001" and 16 digits more; with an exponent it takes 24
constexpr double plain_from = 1e-7;           // between these, numbers are written without an exponent
constexpr double plain_below = 1e17;

template <std::size_t N>
char* put(char* at, const char (&text)[N]) noexcept {
  std::memcpy(at, text, N - 1);
  return at + (N - 1);
}

constexpr std::uint32_t fraction_digits = 7;  // 1e-7 degrees is a centimetre: what phones send
constexpr std::uint32_t fraction_scale = 10'000'000;
constexpr double exact_below = 1e8;  // value * fraction_scale stays within 15 digits

/// "00" to "99", one after the other.
constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

void put_pair(char* at, std::uint32_t below_100) noexcept {
  std::memcpy(at, digit_pairs.data() + std::size_t{2} * below_100, 2);
}

/// "." and the digits of fraction / 10^7 without the zeros behind.
char* write_fraction(char* at, std::uint32_t fraction) noexcept {
  *at = '.';
  const std::uint32_t first_4 = fraction / 1000;
  put_pair(at + 1, first_4 / 100);
  put_pair(at + 3, first_4 % 100);
  char* end = at + 5;
  if (const std::uint32_t last_3 = fraction % 1000; last_3 != 0) {
    put_pair(at + 5, last_3 / 10);
    at[7] = static_cast<char>('0' + last_3 % 10);
    end = at + 1 + fraction_digits;
  }
  while (end[-1] == '0') --end;
  return end;
}

char* write_small(char* at, std::uint32_t whole) noexcept {
  if (whole < 10) {
    *at = static_cast<char>('0' + whole);
    return at + 1;
  }
  if (whole < 100) {
    put_pair(at, whole);
    return at + 2;
  }
  if (whole < 1000) {
    *at = static_cast<char>('0' + whole / 100);
    put_pair(at + 1, whole % 100);
    return at + 3;
  }
  return std::to_chars(at, at + 10, whole).ptr;
}

/// Most numbers of a position have at most 7 decimals. Such a number n / 10^7 of at most 15 digits is the shortest text of its
/// double, because decimals of up to 15 digits never share one; and the division, of two exact doubles, is rounded as reading
/// that text is. So when it gives the value back, no search for the shortest text (std::to_chars) is needed.
char* write_number(char* at, double value) noexcept {
  const double size = std::fabs(value);
  if (size < exact_below) {
    // Rounded wrongly (rare), it fails the test below.
    const auto scaled = static_cast<std::uint64_t>(size * fraction_scale + 0.5);  // NOLINT(bugprone-incorrect-roundings)
    if (static_cast<double>(scaled) / fraction_scale == size) {
      if (std::signbit(value)) *at++ = '-';
      at = write_small(at, static_cast<std::uint32_t>(scaled / fraction_scale));
      const auto fraction = static_cast<std::uint32_t>(scaled % fraction_scale);
      return fraction == 0 ? at : write_fraction(at, fraction);
    }
  }
  if (!std::isfinite(value)) return put(at, "null");
  const auto form = size >= plain_from && size < plain_below ? std::chars_format::fixed : std::chars_format::scientific;
  return std::to_chars(at, at + number_width_max, value, form).ptr;
}

template <std::size_t N>
char* write_member(char* at, const char (&name)[N], double value) noexcept {
  if (std::isnan(value)) return at;
  return write_number(put(at, name), value);
}

constexpr bool plain(char c) noexcept { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += hex[byte >> 4];
  out += hex[byte & 15];
}

template <std::size_t N>
void append_text_member(std::string& out, const char (&name)[N], std::string_view text) {
  if (text.empty()) return;
  out.append(name, N - 1);
  append_string(out, text);
}

/// Outside its strings, which hold no control characters, JSON may be broken over lines; a line of NDJSON must not.
void append_on_one_line(std::string& out, std::string_view json) {
  const std::size_t from = out.size();
  out += json;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

template <class Int>
void append_integer(std::string& out, Int value) {
  std::array<char, number_width_max> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const auto special = std::find_if_not(text.begin(), text.end(), plain);
    const auto run = static_cast<std::size_t>(special - text.begin());
    out += text.substr(0, run);
    if (run == text.size()) break;
    append_escaped(out, text[run]);
    text.remove_prefix(run + 1);
  }
  out += '"';
}

void append_number(std::string& out, double value) {
  std::array<char, number_width_max> text;
  out.append(text.data(), write_number(text.data(), value));
}

void append_number(std::string& out, std::int64_t value) { append_integer(out, value); }
void append_number(std::string& out, std::uint64_t value) { append_integer(out, value); }

void append_position_members(std::string& out, std::string_view truck_id, const engine::position& p) {
  out += "\"truck_id\":";
  append_string(out, truck_id);
  out += ",\"timestamp\":\"";
  append_time(out, p.timestamp);
  std::array<char, 9 * (number_width_max + sizeof(",\"fuel_level_pct\":"))> numbers;
  char* at = numbers.data();
  at = write_number(put(at, "\",\"latitude\":"), p.point.latitude);
  at = write_number(put(at, ",\"longitude\":"), p.point.longitude);
  at = write_member(at, ",\"speed_kmh\":", p.speed_kmh);
  at = write_member(at, ",\"heading\":", p.heading);
  at = write_member(at, ",\"altitude_m\":", p.altitude_m);
  at = write_member(at, ",\"accuracy_m\":", p.accuracy_m);
  at = write_member(at, ",\"odometer_km\":", p.odometer_km);
  at = write_member(at, ",\"fuel_level_pct\":", p.fuel_level_pct);
  at = write_member(at, ",\"battery_pct\":", p.battery_pct);
  out.append(numbers.data(), at);
  append_text_member(out, ",\"engine_status\":", p.engine_status);
  append_text_member(out, ",\"trip_id\":", p.trip_id);
  append_text_member(out, ",\"driver_id\":", p.driver_id);
  if (p.attributes.empty()) return;
  out += ",\"attributes\":";
  append_on_one_line(out, p.attributes);
}

void append_position(std::string& out, std::string_view truck_id, const engine::position& p) {
  out += '{';
  append_position_members(out, truck_id, p);
  out += '}';
}

}  // namespace haulcast::wire
