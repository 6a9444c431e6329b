#include "query_parameters.hpp"

#include <fmt/format.h>

#include <charconv>

#include "haulcast/http/text.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::http {

namespace {

constexpr std::size_t limit_most = 1000;
constexpr std::size_t types_most = 64;

template <class Number>
bool read_whole(std::string_view text, Number& value) {
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc{} && end == last;
}

}  // namespace

problem invalid_parameter(std::string_view name, std::string_view why) {
  return {.what = code::parameter_invalid, .detail = fmt::format("{}: {}", name, why), .errors = {}};
}

problem no_such_parameter(std::string_view name) { return invalid_parameter(name, "there is no such parameter"); }

std::optional<utc_time> read_time(std::string_view text) {
  if (std::int64_t ms = 0; read_whole(text, ms)) {
    if (ms < to_epoch_ms(wire::earliest_time) || ms > to_epoch_ms(wire::latest_time)) return std::nullopt;
    return from_epoch_ms(ms);
  }
  return wire::parse_time(text);
}

bool take_list_parameter(const field& f, list_parameters& to, std::optional<problem>& wrong) {
  if (f.name == "from" || f.name == "to") {
    auto& when = f.name == "from" ? to.from : to.to;
    when = read_time(f.value);
    if (!when) wrong = invalid_parameter(f.name, "a time such as 2026-11-20T10:30:00Z, or epoch milliseconds");
  } else if (f.name == "limit") {
    if (!read_whole(f.value, to.limit) || to.limit < 1 || to.limit > limit_most)
      wrong = invalid_parameter("limit", "1 to 1000");
  } else if (f.name == "cursor") {
    to.cursor = f.value;
    if (f.value.empty()) wrong = invalid_parameter("cursor", "a next_cursor of an earlier answer");
  } else {
    return false;
  }
  return true;
}

result<wire::event_filter, problem> read_event_types(std::string_view text) {
  std::vector<std::string> patterns;
  while (!text.empty()) {
    patterns.emplace_back(next_item(text, ','));
    if (patterns.back().empty() || patterns.size() > types_most)
      return invalid_parameter("type", "event types or prefixes such as geofence.*, with commas");
  }
  return wire::event_filter{std::move(patterns)};
}

}  // namespace haulcast::http
