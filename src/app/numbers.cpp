#include "haulcast/app/numbers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace haulcast::app {
namespace {

struct byte_unit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<byte_unit, 4> byte_units{
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}}};

struct time_unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<time_unit, 5> time_units{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::int64_t duration_ms_max = 36'525LL * 86'400'000;

std::size_t leading(std::string_view text, bool digits) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto end = std::find_if(text.begin(), text.end(), [&](char c) { return is_digit(c) != digits; });
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint64_t count = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return count;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string format_number(double number) {
  std::array<char, 32> text{};
  const bool whole = number == std::floor(number) && std::abs(number) < 1e15;
  const auto written = whole ? std::to_chars(text.data(), text.data() + text.size(), static_cast<std::int64_t>(number))
                             : std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), written.ptr};
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t unit = 1;
  for (const auto& known : byte_units) {
    if (!text.ends_with(known.name)) continue;
    text.remove_suffix(known.name.size());
    if (text.ends_with(' ')) text.remove_suffix(1);
    unit = known.bytes;
    break;
  }
  const auto count = parse_count(text);
  if (!count || *count > UINT64_MAX / unit) return std::nullopt;
  return *count * unit;
}

std::string format_bytes(std::uint64_t bytes) {
  for (const auto& unit : byte_units) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0)
      return std::to_string(bytes / unit.bytes) + " " + std::string{unit.name};
  }
  return std::to_string(bytes);
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  std::int64_t total_ms = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = leading(text, true);
    const auto count = parse_count(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = leading(text, false);
    const auto unit =
        std::find_if(time_units.begin(), time_units.end(), [&](const auto& u) { return u.name == text.substr(0, letters); });
    if (!count || unit == time_units.end() || *count > static_cast<std::uint64_t>(duration_ms_max / unit->ms))
      return std::nullopt;
    total_ms += static_cast<std::int64_t>(*count) * unit->ms;
    if (total_ms > duration_ms_max) return std::nullopt;
    text.remove_prefix(letters);
  }
  return milliseconds{total_ms};
}

}  // namespace haulcast::app
