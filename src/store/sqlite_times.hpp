// Times as the embedded store's tables have them.
#pragma once

#include <chrono>
#include <cstdint>

#include "haulcast/base/time.hpp"

namespace haulcast::store {

inline std::int64_t day_of(utc_time t) noexcept { return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count(); }
inline utc_time day_at(std::int64_t number) noexcept { return utc_time{std::chrono::days{number}}; }
inline std::int64_t hour_number(utc_time t) noexcept {
  return std::chrono::floor<std::chrono::hours>(t).time_since_epoch().count();
}
inline utc_time hour_at(std::int64_t number) noexcept { return utc_time{std::chrono::hours{number}}; }

}  // namespace haulcast::store
