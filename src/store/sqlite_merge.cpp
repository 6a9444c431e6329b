// Runs of fresh positions become sorted ones. A merge takes all runs there are and goes through them truck by truck, some at a
// time: a hand says how far it has come, and whoever reads looks for a truck behind it in the sorted positions, and for one
// before it in the runs. When it is through, runs are dropped one by one.
#include <algorithm>
#include <limits>

#include "sqlite_times.hpp"
#include "sqlite_writer.hpp"

namespace haulcast::store {

namespace {

// A probe of some 1.3 us for each run is what a question pays; each truck's share of a merge goes to a page or two.
constexpr std::int64_t positions_to_merge = 1'000'000;
constexpr std::int64_t positions_at_once = 10'000;  // some 20 ms
constexpr std::int64_t dropped_for_one_merged = 8;  // what costs the same
constexpr std::int64_t all_trucks = std::numeric_limits<std::int64_t>::max();

}  // namespace

sqlite_writer::merge_statements::merge_statements(sqlite_db& db)
    : runs{db.prepare("SELECT coalesce(sum(positions), 0), coalesce(max(merged), 0), coalesce(min(began), 0), "
                      "coalesce(min(first_day), 0) FROM position_run")},
      merged_run{db.prepare("SELECT run, positions FROM position_run WHERE merged = ?1 ORDER BY run LIMIT 1")},
      drop_positions{db.prepare("DELETE FROM fresh_position WHERE run = ?1")},
      drop_run{db.prepare("DELETE FROM position_run WHERE run = ?1")},
      trucks{db.prepare("SELECT coalesce(max(number), 0) FROM truck")},
      merge{db.prepare(
          "INSERT INTO sorted_position SELECT f.day, f.truck, f.time, f.latitude, f.longitude, f.speed_kmh, f.heading, "
          "f.altitude_m, f.accuracy_m, f.odometer_km, f.fuel_level_pct, f.battery_pct, f.engine_status, f.trip_id, "
          "f.driver_id, f.attributes, f.verdict, f.suspicion, f.received_at, f.offset, f.place "
          "FROM position_run r CROSS JOIN fresh_position f ON f.run = r.run "
          "WHERE r.merged = ?1 AND f.truck > ?1 AND f.truck <= ?2 ORDER BY f.day, f.truck, f.time, f.offset "
          "ON CONFLICT (day, truck, time) DO NOTHING")},
      move_hand{db.prepare("UPDATE position_run SET merged = ?2 WHERE merged = ?1")} {}

// About so many positions. True: there is more to be done.
store_result<bool> sqlite_writer::merge_some(std::int64_t positions, const std::optional<overdue>& small) {
  if (!merge_) merge_.emplace(*db_);
  while (positions > 0) {
    auto& runs = merge_->runs;
    if (!runs.row()) return db_->error("read");
    const std::int64_t held = runs.integer(0);
    const std::int64_t hand = runs.integer(1);
    const bool due =
        held >= positions_to_merge ||
        (held > 0 && small && (from_epoch_ms(runs.integer(2)) < small->began_before || runs.integer(3) < small->day_before));
    runs.rewind();
    if (hand == 0 && !due) return false;
    const auto done = hand == all_trucks ? drop_merged_run() : merge_trucks(hand, held, std::min(positions, positions_at_once));
    if (!done) return done.error();
    positions -= *done;
  }
  return true;
}

// What it cost, in positions merged.
store_result<std::int64_t> sqlite_writer::drop_merged_run() {
  auto& [runs, merged_run, drop_positions, drop_run, trucks, merge, move_hand] = *merge_;
  std::int64_t cost = 1;
  const auto done = db_->transaction("BEGIN IMMEDIATE", [&]() -> store_result<void> {
    if (!merged_run.bind(1, all_trucks).row()) return db_->error("read");
    const std::int64_t run = merged_run.integer(0);
    cost += merged_run.integer(1) / dropped_for_one_merged;
    merged_run.rewind();
    if (!drop_positions.bind(1, run).run() || !drop_run.bind(1, run).run()) return db_->error("write to");
    return {};
  });
  if (!done) return done.error();
  return cost;
}

// Those behind the hand, as many as send about so many of the positions that runs hold. How many were merged, and one more.
store_result<std::int64_t> sqlite_writer::merge_trucks(std::int64_t hand, std::int64_t held, std::int64_t positions) {
  auto& [runs, merged_run, drop_positions, drop_run, trucks, merge, move_hand] = *merge_;
  std::int64_t merged = 1;
  const auto done = db_->transaction("BEGIN IMMEDIATE", [&]() -> store_result<void> {
    if (!trucks.row()) return db_->error("read");
    const std::int64_t last = trucks.integer(0);
    trucks.rewind();
    std::int64_t to = hand + std::max<std::int64_t>(1, positions * last / std::max<std::int64_t>(held, 1));
    if (to >= last) to = all_trucks;
    if (!merge.bind(1, hand).bind(2, to).run()) return db_->error("write to");
    merged += sqlite3_changes64(db_->handle());
    if (!move_hand.bind(1, hand).bind(2, to).run()) return db_->error("write to");
    return {};
  });
  if (!done) return done.error();
  return merged;
}

}  // namespace haulcast::store
