// The one clock type of the house: UTC in whole milliseconds.
#pragma once

#include <chrono>
#include <cstdint>

namespace haulcast {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A moment in UTC. Positions carry the device's, inputs the server's; the type is the same, the name says which.
using utc_time = std::chrono::sys_time<milliseconds>;

/// Unix epoch milliseconds, the form in which times are stored and sent over threads.
constexpr std::int64_t to_epoch_ms(utc_time t) noexcept { return t.time_since_epoch().count(); }
constexpr utc_time from_epoch_ms(std::int64_t ms) noexcept { return utc_time{milliseconds{ms}}; }

/// The system clock, cut to milliseconds. Only the edges of the house call it (never `geo`, `engine`, `wire`): it may step.
inline utc_time system_now() noexcept { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

}  // namespace haulcast
