#include "sqlite_track.hpp"

#include <algorithm>

#include "haulcast/engine/truck.hpp"
#include "sqlite_times.hpp"

namespace haulcast::store {

namespace {

constexpr auto suspect = static_cast<std::int64_t>(engine::verdict::suspect);

}  // namespace

sqlite_days days_of(sqlite_db& db) {
  // Two probes of the key; both in one statement would walk the table.
  auto first = db.prepare("SELECT min(day) FROM position");
  auto last = db.prepare("SELECT max(day) FROM position");
  auto any = db.prepare("SELECT 1 FROM position LIMIT 1");
  if (!any.row() || !first.row() || !last.row()) return {};
  return {.first = first.integer(0), .last = last.integer(0)};
}

sqlite_track::sqlite_track(sqlite_db& db)
    : before_{db.prepare("SELECT time FROM position WHERE truck = ?1 AND day = ?2 AND time < ?3 AND verdict <> ?4 "
                         "ORDER BY time DESC LIMIT 1")},
      from_{db.prepare("SELECT time FROM position WHERE truck = ?1 AND day = ?2 AND time >= ?3 AND verdict <> ?4 "
                       "ORDER BY time LIMIT 1")},
      read_{db.prepare("SELECT time, latitude, longitude, speed_kmh, accuracy_m, engine_status, verdict FROM position "
                       "WHERE truck = ?1 AND day = ?2 AND time BETWEEN ?3 AND ?4 ORDER BY time")} {}

void sqlite_track::choose(std::int64_t truck, sqlite_days days) noexcept {
  truck_ = truck;
  days_ = days;
}

std::optional<utc_time> sqlite_track::one(sqlite_statement& ask, std::int64_t day, utc_time t) {
  ask.bind(1, truck_).bind(2, day).bind(3, to_epoch_ms(t)).bind(4, suspect);
  if (!ask.row()) {
    failed_ |= ask.failed();
    return std::nullopt;
  }
  const utc_time found = from_epoch_ms(ask.integer(0));
  ask.rewind();
  return found;
}

std::optional<utc_time> sqlite_track::before(utc_time t) {
  for (std::int64_t day = std::min(day_of(t), days_.last); day >= days_.first && !failed_; --day) {
    if (const auto found = one(before_, day, t)) return found;
  }
  return std::nullopt;
}

std::optional<utc_time> sqlite_track::from(utc_time t) {
  for (std::int64_t day = std::max(day_of(t), days_.first); day <= days_.last && !failed_; ++day) {
    if (const auto found = one(from_, day, t)) return found;
  }
  return std::nullopt;
}

void sqlite_track::read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) {
  const std::int64_t last = std::min(day_of(to), days_.last);
  for (std::int64_t day = std::max(day_of(from), days_.first); day <= last && !failed_; ++day) {
    read_.bind(1, truck_).bind(2, day).bind(3, to_epoch_ms(from)).bind(4, to_epoch_ms(to));
    while (read_.row()) {
      take({.when = from_epoch_ms(read_.integer(0)),
            .where = {.latitude = read_.number(1), .longitude = read_.number(2)},
            .speed_kmh = read_.number(3),
            .accuracy_m = read_.number(4),
            .engine_off = engine_is_off(read_.text(5)),
            .suspect = read_.integer(6) == suspect});
    }
    failed_ |= read_.failed();
  }
}

hour_figures read_figures(const sqlite_statement& row) {
  return {.hour = hour_at(row.integer(0)),
          .distance_m = row.number(1),
          .max_speed_kmh = row.number(2),
          .moving = milliseconds{row.integer(3)},
          .idle = milliseconds{row.integer(4)},
          .count = static_cast<std::uint64_t>(row.integer(5))};
}

}  // namespace haulcast::store
