// Times as text: RFC 3339 in, RFC 3339 UTC with milliseconds out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "haulcast/base/time.hpp"

namespace haulcast::wire {

/// The moments that can be written with a year of four digits: nothing outside is ever read or written.
inline constexpr utc_time earliest_time{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
inline constexpr utc_time latest_time{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + std::chrono::days{1} -
                                      milliseconds{1}};

/// Reads `2026-11-20T05:45:00.123Z`: any offset, none means UTC; small `t` and `z` and a blank for `T` pass; digits after the
/// millisecond are cut, not rounded. Nothing for any other text, for a day the calendar does not have, for second 60, and
/// for a moment outside the years 0000-9999 of UTC. No allocation; O(length).
std::optional<utc_time> parse_time(std::string_view text) noexcept;

/// Appends `2026-11-20T05:45:00.123Z`, always 24 bytes. A time outside the years 0000-9999 is written as the nearest inside.
void append_time(std::string& out, utc_time t);

}  // namespace haulcast::wire
