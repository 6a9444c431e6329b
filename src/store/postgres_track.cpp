#include "postgres_track.hpp"

#include <algorithm>

#include "haulcast/engine/truck.hpp"
#include "postgres_rows.hpp"

namespace haulcast::store {

namespace {

constexpr auto suspect = static_cast<std::int64_t>(engine::verdict::suspect);
constexpr std::int64_t no_hour = -1;
constexpr std::size_t hours_at_once = 24;  // in one question

}  // namespace

std::int64_t first_hour_kept(pqxx::transaction_base& in) {
  const auto first = in.exec1(
      "SELECT to_date(min(right(c.relname, 8)), 'YYYYMMDD') - date '1970-01-01' FROM pg_inherits i "
      "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'haulcast.position'::regclass");
  return first[0].is_null() ? std::numeric_limits<std::int32_t>::max() : integer_in(first, 0) * 24;
}

std::vector<std::int64_t> hours_of(pqxx::transaction_base& in, std::int64_t truck, std::int64_t from, std::int64_t to) {
  if (from > to) return {};  // also where nothing is kept yet: `from` is no moment then that PostgreSQL knows
  const auto rows = in.exec_params(
      "SELECT (extract(epoch FROM hour) / 3600)::bigint AS h FROM hour "
      "WHERE truck = $1 AND hour BETWEEN $4 AND $5 AND coordinates_count > 0 "
      "UNION SELECT hour FROM unsettled_hour WHERE truck = $1 AND hour BETWEEN $2 AND $3 ORDER BY h",
      truck, from, to, moment(hour_at(from)), moment(hour_at(to)));
  std::vector<std::int64_t> all;
  all.reserve(rows.size());
  for (const auto& row : rows) all.push_back(integer_in(row, 0));
  return all;
}

void append_slots(std::string& to_array, std::int64_t truck, std::int64_t hour, utc_time from, utc_time to) {
  const std::int64_t last = slot_of(std::min(hour_at(hour + 1) - milliseconds{1}, to), truck);
  for (std::int64_t slot = slot_of(std::max(hour_at(hour), from), truck); slot <= last; slot += one_slot) {
    to_array += to_array.empty() ? '{' : ',';
    to_array += std::to_string(slot);
  }
}

// The nearest hour in which the truck sent something, that one included.
std::optional<std::int64_t> postgres_track::hour_near(std::int64_t hour, bool before) {
  if (before && hour < first_hour_) return std::nullopt;
  hour = std::max(hour, first_hour_);
  if (hour_at(hour) > latest) return std::nullopt;
  const std::string there = moment(hour_at(hour));
  const auto found =
      before
          ? in_.exec_params1(
                "SELECT greatest((SELECT (extract(epoch FROM hour) / 3600)::bigint FROM hour WHERE truck = $1 AND hour <= $3 "
                "AND hour >= $4 AND coordinates_count > 0 ORDER BY hour DESC LIMIT 1), (SELECT hour FROM unsettled_hour "
                "WHERE truck = $1 AND hour <= $2 ORDER BY hour DESC LIMIT 1))",
                truck_, hour, there, moment(hour_at(first_hour_)))
          : in_.exec_params1(
                "SELECT least((SELECT (extract(epoch FROM hour) / 3600)::bigint FROM hour WHERE truck = $1 AND hour >= $3 "
                "AND coordinates_count > 0 ORDER BY hour LIMIT 1), (SELECT hour FROM unsettled_hour "
                "WHERE truck = $1 AND hour >= $2 ORDER BY hour LIMIT 1))",
                truck_, hour, there);
  const auto at = number_in<std::int64_t>(found, 0, no_hour);
  if (at == no_hour || at < first_hour_) return std::nullopt;
  return at;
}

std::optional<utc_time> postgres_track::one(std::int64_t hour, utc_time from, utc_time to, bool last) {
  std::string slots;
  append_slots(slots, truck_, hour, from, to);
  if (slots.empty()) return std::nullopt;
  const std::string order = last ? "ORDER BY slot DESC, time DESC" : "ORDER BY slot, time";
  const auto found = in_.exec_params(
      "SELECT (extract(epoch FROM time) * 1000)::bigint FROM position WHERE slot = ANY($1::bigint[]) "
      "AND time BETWEEN $2 AND $3 AND verdict <> $4 " +
          order + " LIMIT 1",
      slots + "}", moment(std::max(from, hour_at(hour))), moment(std::min(to, hour_at(hour + 1) - milliseconds{1})), suspect);
  if (found.empty()) return std::nullopt;
  return time_in(found[0], 0);
}

std::optional<utc_time> postgres_track::before(utc_time t) {
  const utc_time to = within_reach(t - milliseconds{1});
  for (auto hour = hour_near(hour_number(to), true); hour; hour = hour_near(*hour - 1, true)) {
    if (const auto found = one(*hour, earliest, to, true)) return found;
  }
  return std::nullopt;
}

std::optional<utc_time> postgres_track::from(utc_time t) {
  for (auto hour = hour_near(hour_number(t), false); hour; hour = hour_near(*hour + 1, false)) {
    if (const auto found = one(*hour, t, latest, false)) return found;
  }
  return std::nullopt;
}

void postgres_track::read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) {
  const auto all = hours_of(in_, truck_, std::max(hour_number(from), first_hour_), hour_number(to));
  for (std::size_t begin = 0; begin < all.size(); begin += hours_at_once) {
    const std::size_t end = std::min(all.size(), begin + hours_at_once);
    std::string slots;
    for (std::size_t i = begin; i < end; ++i) append_slots(slots, truck_, all[i], from, to);
    if (slots.empty()) continue;
    const auto rows = in_.exec_params(
        "SELECT (extract(epoch FROM time) * 1000)::bigint, ST_Y(point::geometry), ST_X(point::geometry), speed_kmh, "
        "accuracy_m, engine_status, verdict FROM position WHERE slot = ANY($1::bigint[]) "
        "AND time BETWEEN $2 AND $3 ORDER BY slot, time",
        slots + "}", moment(std::max(from, hour_at(all[begin]))),
        moment(std::min(to, hour_at(all[end - 1] + 1) - milliseconds{1})));
    for (const auto& row : rows) {
      take({.when = time_in(row, 0),
            .where = {.latitude = number_in(row, 1), .longitude = number_in(row, 2)},
            .speed_kmh = number_in(row, 3),
            .accuracy_m = number_in(row, 4),
            .engine_off = engine_is_off(text_in(row, 5)),
            .suspect = integer_in(row, 6) == suspect});
    }
  }
}

hour_figures figures_in(const pqxx::row& row) {
  return {.hour = hour_at(integer_in(row, 0)),
          .distance_m = number_in(row, 1),
          .max_speed_kmh = number_in(row, 2),
          .moving = milliseconds{integer_in(row, 3)},
          .idle = milliseconds{integer_in(row, 4)},
          .count = static_cast<std::uint64_t>(integer_in(row, 5))};
}

}  // namespace haulcast::store
