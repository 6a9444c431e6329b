// Rows as libpqxx gives them, and moments as PostgreSQL takes them.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <limits>
#include <pqxx/pqxx>
#include <string>
#include <string_view>

#include "haulcast/base/time.hpp"
#include "haulcast/store/hours.hpp"
#include "haulcast/store/rows.hpp"

namespace haulcast::store {

// libpqxx's own conversions go by streams: a microsecond for each number.
inline std::string_view text_in(const pqxx::row& row, int column) {
  const auto field = row[column];
  return field.is_null() ? std::string_view{} : std::string_view{field.c_str(), field.size()};
}

template <class Number>
Number number_in(const pqxx::row& row, int column, Number where_null) {
  const std::string_view text = text_in(row, column);
  Number value = where_null;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

inline std::int64_t integer_in(const pqxx::row& row, int column) { return number_in<std::int64_t>(row, column, 0); }
/// NULL is unknown.
inline double number_in(const pqxx::row& row, int column) { return number_in(row, column, engine::unknown); }
inline utc_time time_in(const pqxx::row& row, int column) { return from_epoch_ms(integer_in(row, column)); }
inline place place_in(const pqxx::row& row, int column) {
  return {static_cast<offset_t>(integer_in(row, column)), static_cast<std::uint32_t>(integer_in(row, column + 1))};
}

/// "2026-11-30 08:00:00.000Z", whatever the year: PostgreSQL has no more room than this has.
inline std::string moment(utc_time t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{t - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

/// Ours are between these; the tables' are not wider by much.
inline constexpr utc_time earliest = from_epoch_ms(0);
inline constexpr utc_time latest = from_epoch_ms(253'402'300'799'999);  // the year 9999
inline utc_time within_reach(utc_time t) noexcept { return t < earliest ? earliest : t > latest ? latest : t; }

/// The column that positions are found by: the quarter of a minute, and the truck's number. So short that what arrives together
/// lies together in the index; so long that there are few of them in a truck's hours, which are asked for one by one. The
/// schema's `track` has the same length, and what is stored has: another one takes a migration.
inline constexpr std::chrono::seconds slot_length{15};
inline constexpr std::int64_t one_slot = std::int64_t{1} << 32;
inline std::int64_t slot_of(utc_time t, std::int64_t truck) noexcept {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch() / slot_length * one_slot | truck;
}
inline utc_time slot_begin(std::int64_t slot) noexcept { return utc_time{slot / one_slot * slot_length}; }
inline std::int64_t hour_number(utc_time t) noexcept {
  return std::chrono::floor<std::chrono::hours>(t).time_since_epoch().count();
}
inline utc_time hour_at(std::int64_t number) noexcept { return utc_time{std::chrono::hours{number}}; }

}  // namespace haulcast::store
