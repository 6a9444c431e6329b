#include "sqlite_track.hpp"

#include "haulcast/engine/truck.hpp"
#include "sqlite_times.hpp"

namespace haulcast::store {

sqlite_track::sqlite_track(sqlite_db& db)
    : positions_{db, "latitude, longitude, speed_kmh, accuracy_m, engine_status, verdict"}, neighbours_{db} {}

void sqlite_track::choose(std::int64_t truck, sqlite_days days) noexcept {
  truck_ = truck;
  days_ = days;
}

std::optional<utc_time> sqlite_track::before(utc_time t) { return neighbours_.before(truck_, days_, t); }
std::optional<utc_time> sqlite_track::from(utc_time t) { return neighbours_.from(truck_, days_, t); }

void sqlite_track::read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) {
  positions_.read(truck_, days_, from, to, [&](const sqlite_statement& row) {
    take({.when = from_epoch_ms(row.integer(0)),
          .where = {.latitude = row.number(1), .longitude = row.number(2)},
          .speed_kmh = row.number(3),
          .accuracy_m = row.number(4),
          .engine_off = engine_is_off(row.text(5)),
          .suspect = row.integer(6) == static_cast<std::int64_t>(engine::verdict::suspect)});
    return true;
  });
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
