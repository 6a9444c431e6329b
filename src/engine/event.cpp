#include "haulcast/engine/event.hpp"

#include <array>
#include <charconv>

namespace haulcast::engine {

namespace {

constexpr std::size_t offset_digits = 16;
constexpr std::size_t index_digits = 5;
static_assert(offset_digits + 1 + index_digits == event_id::width);

void write_digits(std::uint64_t value, char* first, std::size_t digits) noexcept {
  for (std::size_t i = digits; i-- > 0; value /= 10) first[i] = static_cast<char>('0' + value % 10);
}

template <class Int>
bool read_digits(std::string_view text, Int& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string_view to_string(event_type type) noexcept {
  static constexpr std::array<std::string_view, event_types> names{"truck.online",    "truck.offline",    "geofence.entered",
                                                                   "geofence.exited", "geofence.dwelled", "zone.violated",
                                                                   "speed.violated",  "speed.normalised"};
  return names[static_cast<std::size_t>(type)];
}

std::string_view to_string(exit_reason reason) noexcept {
  static constexpr std::array<std::string_view, 4> names{"", "deleted", "disabled", "changed"};
  return names[static_cast<std::size_t>(reason)];
}

std::string event_id::to_string() const {
  std::string text(width, '-');
  write_digits(offset, text.data(), offset_digits);
  write_digits(index, text.data() + offset_digits + 1, index_digits);
  return text;
}

std::optional<event_id> event_id::parse(std::string_view text) noexcept {
  if (text == "0") return event_id{};
  if (text.size() != width || text[offset_digits] != '-') return std::nullopt;
  event_id id;
  if (!read_digits(text.substr(0, offset_digits), id.offset)) return std::nullopt;
  if (!read_digits(text.substr(offset_digits + 1), id.index)) return std::nullopt;
  return id;
}

}  // namespace haulcast::engine
