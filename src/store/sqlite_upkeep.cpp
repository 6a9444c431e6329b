// What comes due in the embedded store: runs to be merged, hours whose figures can be settled, and what is past its retention.
// In small steps, each a transaction of its own.
#include <algorithm>
#include <vector>

#include "sqlite_times.hpp"
#include "sqlite_track.hpp"
#include "sqlite_writer.hpp"

namespace haulcast::store {

namespace {

using namespace std::chrono_literals;

constexpr auto settle_after = 6h;  // most late positions have come by then, and a truck's hours are settled some at once
constexpr auto settle_until = 1h;  // hours that ended so long ago are settled with them
constexpr int trucks_at_once = 5;  // about 1 ms each
constexpr int rows_at_once = 1'000;
constexpr auto merge_after = 1h;  // a small fleet never has enough for a merge; past their retention they go at once
constexpr std::int64_t merged_at_once = 1'000;  // some 2 ms
constexpr std::int64_t trucks_looked_at = 500;

}  // namespace

sqlite_writer::hour_statements::hour_statements(sqlite_db& db)
    : marks{db.prepare("SELECT hour FROM unsettled_hour WHERE truck = ?1 AND hour < ?2 ORDER BY hour")},
      settled{db.prepare("DELETE FROM unsettled_hour WHERE truck = ?1 AND hour < ?2")},
      replaced{db.prepare("DELETE FROM hour WHERE truck = ?1 AND hour BETWEEN ?2 AND ?3")},
      add{db.prepare("INSERT INTO hour VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")},
      positions{db} {}

store_result<bool> sqlite_writer::upkeep(const retention& keep, utc_time now) {
  return guarded([&]() -> store_result<bool> {
    // Of days that are gone nothing can be settled any more.
    auto forget = db_->prepare("DELETE FROM unsettled_hour WHERE hour < ?1");
    if (!forget.bind(1, day_of(now - keep.positions) * 24).run()) return db_->error("write to");
    const auto merged =
        merge_some(merged_at_once, overdue{.began_before = now - merge_after, .day_before = day_of(now - keep.positions)});
    if (!merged || *merged) return merged;
    const auto settled = settle_some(now);
    if (!settled || *settled) return settled;
    return drop_some(keep, now);
  });
}

store_result<bool> sqlite_writer::settle_some(utc_time now) {
  auto oldest = db_->prepare("SELECT truck FROM unsettled_hour WHERE hour < ?1 ORDER BY hour LIMIT ?2");
  std::vector<std::int64_t> trucks;
  oldest.bind(1, hour_number(now - settle_after)).bind(2, std::int64_t{trucks_at_once});
  while (oldest.row()) trucks.push_back(oldest.integer(0));
  if (oldest.failed()) return db_->error("read");
  if (trucks.empty()) return false;
  const bool more = trucks.size() == trucks_at_once;
  std::ranges::sort(trucks);
  trucks.erase(std::ranges::unique(trucks).begin(), trucks.end());
  const std::int64_t before_hour = hour_number(now - settle_until);
  settled_before_ = std::max(settled_before_, before_hour);
  auto done = db_->transaction("BEGIN IMMEDIATE", [&]() -> store_result<void> {
    if (!hours_) hours_.emplace(*db_);
    const sqlite_days days = days_of(*db_);
    for (const std::int64_t truck : trucks) {
      if (auto settled = settle_truck(truck, days, before_hour); !settled) return settled;
    }
    return {};
  });
  if (!done) return done.error();
  return more;
}

store_result<void> sqlite_writer::settle_truck(std::int64_t truck, sqlite_days days, std::int64_t before_hour) {
  auto& [marks, settled, replaced, add, positions] = *hours_;
  std::vector<utc_time> hours;
  marks.bind(1, truck).bind(2, before_hour);
  while (marks.row()) hours.push_back(hour_at(marks.integer(0)));
  if (marks.failed()) return db_->error("read");
  positions.choose(truck, days);
  for (const hour_run& run : runs_of(hours)) {
    const settled_hours made = settle(positions, run.first, run.last);
    if (positions.failed()) return db_->error("read");
    if (!replaced.bind(1, truck).bind(2, hour_number(made.from)).bind(3, hour_number(made.to)).run())
      return db_->error("write to");
    for (const hour_figures& f : made.figures) {
      add.bind(1, truck).bind(2, hour_number(f.hour)).bind(3, f.distance_m).bind(4, f.max_speed_kmh);
      if (!add.bind(5, f.moving.count()).bind(6, f.idle.count()).bind(7, f.count).run()) return db_->error("write to");
    }
  }
  if (!settled.bind(1, truck).bind(2, before_hour).run()) return db_->error("write to");
  return {};
}

// Positions go by whole days, from the front of their table; figures that rest on them were settled long before. A late one of
// a day that is gone already is taken away again in the same manner, and leaves the figures of its hour as they are.
store_result<bool> sqlite_writer::drop_some(const retention& keep, utc_time now) {
  const auto dropped = [&](const char* sql, std::int64_t before, std::int64_t most) -> store_result<bool> {
    auto drop = db_->prepare(sql);
    if (!drop.bind(1, before).bind(2, most).run()) return db_->error("write to");
    return sqlite3_changes(db_->handle()) >= most;
  };
  const std::int64_t first_day = day_of(now - keep.positions);
  const struct {
    const char* sql;
    std::int64_t before;
  } due[] = {
      {"DELETE FROM sorted_position WHERE (day, truck, time) IN (SELECT day, truck, time FROM sorted_position WHERE day < ?1 "
       "ORDER BY day, truck, time LIMIT ?2)",
       first_day},
      {"DELETE FROM event WHERE rowid IN (SELECT rowid FROM event WHERE time < ?1 ORDER BY time LIMIT ?2)",
       to_epoch_ms(now - keep.events)},
      {"DELETE FROM quarantine WHERE (received_at, offset, place) IN (SELECT received_at, offset, place FROM quarantine "
       "WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
       to_epoch_ms(now - keep.quarantine)},
      {"DELETE FROM dead_letter WHERE rowid IN (SELECT rowid FROM dead_letter WHERE time < ?1 ORDER BY time LIMIT ?2)",
       to_epoch_ms(now - keep.dead)},
  };
  for (const auto& each : due) {
    const auto more = dropped(each.sql, each.before, rows_at_once);
    if (!more || *more) return more;
  }
  // Figures lie by truck: some trucks at a time, around the fleet.
  auto drop = db_->prepare("DELETE FROM hour WHERE truck BETWEEN ?1 AND ?2 AND hour < ?3");
  drop.bind(1, hours_hand_).bind(2, hours_hand_ + trucks_looked_at - 1).bind(3, hour_number(now - keep.hours));
  if (!drop.run()) return db_->error("write to");
  auto newest = db_->prepare("SELECT max(number) FROM truck");
  if (!newest.row()) return db_->error("read");
  hours_hand_ += trucks_looked_at;
  if (hours_hand_ > newest.integer(0)) hours_hand_ = 0;
  return false;
}

}  // namespace haulcast::store
