#include "sqlite_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "haulcast/base/failpoint.hpp"
#include "haulcast/wire/geofence.hpp"
#include "sqlite_schema.hpp"
#include "sqlite_times.hpp"

namespace haulcast::store {

namespace {

constexpr std::int64_t merged_for_one = 3;          // positions, while runs are being merged
constexpr std::int64_t positions_of_a_run = 8'000;  // some 200 pages, of which a small batch changes a few

// A commit reaches the kernel, and the disk when make_durable() asks: the checkpoint goes with its rows, so what a power cut
// takes is written again from the journal, which drops nothing before.
constexpr const char* settings = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 8000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -65536;
  PRAGMA temp_store = MEMORY;
)";

}  // namespace

std::unique_ptr<writer> make_sqlite_writer(sqlite_options options) {
  return std::make_unique<sqlite_writer>(std::move(options));
}

sqlite_writer::statements::statements(sqlite_db& db)
    : get_checkpoint{db.prepare("SELECT journal, offset FROM checkpoint")},
      set_checkpoint{db.prepare("INSERT OR REPLACE INTO checkpoint VALUES (1, ?1, ?2)")},
      find_truck{db.prepare("SELECT number, removed FROM truck WHERE truck_id = ?1")},
      add_truck{db.prepare("INSERT INTO truck (truck_id) VALUES (?1) RETURNING number")},
      revive_truck{db.prepare("UPDATE truck SET removed = 0, version = ?2 WHERE number = ?1")},
      say_truck{
          db.prepare("UPDATE truck SET removed = 0, version = ?2, name = ?3, plate = ?4, max_speed_kmh = ?5, length_m = ?6, "
                     "width_m = ?7, height_m = ?8, weight_kg = ?9, attributes = ?10 WHERE number = ?1")},
      remove_truck{db.prepare("UPDATE truck SET removed = 1, version = ?2, name = NULL, plate = NULL, max_speed_kmh = NULL, "
                              "length_m = NULL, width_m = NULL, height_m = NULL, weight_kg = NULL, attributes = NULL "
                              "WHERE number = ?1")},
      put_geofence{db.prepare("INSERT OR REPLACE INTO geofence VALUES (?1, ?2, ?3)")},
      remove_geofence{db.prepare("DELETE FROM geofence WHERE geofence_id = ?1")},
      newest_run{db.prepare("SELECT run, positions, merged FROM position_run ORDER BY run DESC LIMIT 1")},
      add_run{db.prepare("INSERT INTO position_run (run, began, first_day, positions) VALUES (?1, ?2, ?3, 0)")},
      lengthen_run{
          db.prepare("UPDATE position_run SET positions = positions + ?2, first_day = min(first_day, ?3) WHERE run = ?1")},
      add_position{db.prepare("INSERT INTO fresh_position VALUES (?22, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                              "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21) ON CONFLICT (run, truck, time) DO NOTHING")},
      fresh_times{db.prepare("SELECT f.time FROM position_run r CROSS JOIN fresh_position f ON f.run = r.run "
                             "WHERE r.merged < ?1 AND f.truck = ?1 AND f.time BETWEEN ?2 AND ?3 ORDER BY f.time")},
      sorted_time{db.prepare("SELECT 1 FROM sorted_position WHERE day = ?1 AND truck = ?2 AND time = ?3")},
      unsettle{db.prepare("INSERT INTO unsettled_hour VALUES (?1, ?2) ON CONFLICT DO NOTHING")},
      add_event{db.prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")},
      add_quarantine{db.prepare("INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6)")},
      add_dead{db.prepare("INSERT INTO dead_letter VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")} {}

void sqlite_writer::interrupt() noexcept {
  interrupted_ = true;
  const std::lock_guard lock{opening_};
  if (db_) db_->interrupt();
}

store_result<void> sqlite_writer::open() { return ready(); }

store_result<void> sqlite_writer::ready() {
  if (interrupted_) return store_error{trouble::unavailable, "the store is being left"};
  if (db_) return {};
  auto opened = sqlite_db::open(options_.path, sqlite_db::use::writing);
  if (!opened) return opened.error();
  if (auto set = (*opened)->run(settings); !set) return set;
  if (const auto migrated = migrate(**opened, false); !migrated) return migrated.error();
  run_.emplace(**opened);
  const std::lock_guard lock{opening_};
  db_ = std::move(*opened);
  return {};
}

store_result<std::optional<journal::checkpoint>> sqlite_writer::read_checkpoint() {
  auto& get = run_->get_checkpoint;
  if (get.row()) {
    journal::checkpoint at{.journal_id = std::string{get.text(0)}, .offset = static_cast<offset_t>(get.integer(1))};
    get.rewind();
    return std::optional{std::move(at)};
  }
  if (get.failed()) return db_->error("read");
  return std::optional<journal::checkpoint>{};
}

store_result<std::optional<journal::checkpoint>> sqlite_writer::checkpoint() {
  return guarded([this] { return read_checkpoint(); });
}

store_result<void> sqlite_writer::move_checkpoint(const journal::checkpoint& to) {
  if (!run_->set_checkpoint.bind(1, std::string_view{to.journal_id}).bind(2, to.offset).run()) return db_->error("write to");
  return {};
}

store_result<void> sqlite_writer::adopt(const journal::checkpoint& to) {
  return guarded([&] { return db_->transaction("BEGIN IMMEDIATE", [&] { return move_checkpoint(to); }); });
}

store_result<void> sqlite_writer::expect(offset_t before, const std::string& journal_id) {
  const auto at = read_checkpoint();
  if (!at) return at.error();
  if (!*at || ((*at)->journal_id == journal_id && (*at)->offset == before)) return {};
  return store_error{trouble::fatal, fmt::format("somebody else writes to the store {}: it is at record {} of journal {}, "
                                                 "and was left at record {} of journal {}",
                                                 options_.path.string(), (*at)->offset, (*at)->journal_id, before, journal_id)};
}

store_result<void> sqlite_writer::write(const batch& rows, const std::string& journal_id) {
  return guarded([&]() -> store_result<void> {
    // So runs are merged faster than they come, and cannot become too many.
    const auto merged = merge_some(merged_for_one * static_cast<std::int64_t>(rows.positions.size()), std::nullopt);
    if (!merged) return merged.error();
    return db_->transaction("BEGIN IMMEDIATE", [&]() -> store_result<void> {
      if (auto expected = expect(rows.begins - 1, journal_id); !expected) return expected;
      if (auto done = put(rows); !done) return done;
      if (auto moved = move_checkpoint({journal_id, rows.reaches}); !moved) return moved;
      HAULCAST_FAILPOINT(store_filled);
      return {};
    });
  });
}

store_result<void> sqlite_writer::rehearse(const batch& rows) {
  return guarded([&]() -> store_result<void> {
    if (auto begun = db_->run("BEGIN IMMEDIATE"); !begun) return begun;
    auto done = put(rows);
    trucks_.clear();
    const auto undone = db_->run("ROLLBACK");
    return done ? undone : done;
  });
}

store_result<void> sqlite_writer::put(const batch& rows) {
  if (auto done = put_positions(rows); !done) return done;
  if (auto done = put_registry(rows); !done) return done;
  if (auto done = put_geofences(rows); !done) return done;
  return put_others(rows);
}

store_result<sqlite_writer::known_truck*> sqlite_writer::truck(std::string_view id) {
  if (const auto known = trucks_.find(id); known != trucks_.end()) return &known->second;
  known_truck& made = trucks_[std::string{id}];
  auto& find = run_->find_truck;
  if (find.bind(1, id).row()) {
    made = {.number = find.integer(0), .removed = find.integer(1) != 0};
    find.rewind();
    return &made;
  }
  if (find.failed()) return db_->error("read");
  auto& add = run_->add_truck;
  if (!add.bind(1, id).row()) return db_->error("write to");
  made.number = add.integer(0);
  add.rewind();
  return &made;
}

store_result<void> sqlite_writer::put_positions(const batch& rows) {
  trucks_.reserve(trucks_.size() + rows.trucks.size());  // or those looked up first would move
  of_batch_.clear();
  for (const std::string_view id : rows.trucks) {
    const auto known = truck(id);
    if (!known) return known.error();
    of_batch_.push_back(*known);
  }
  in_key_order_.clear();
  for (const position_row& row : rows.positions) {
    known_truck& of = *of_batch_[row.truck];
    if (std::exchange(of.removed, false)) {
      if (!run_->revive_truck.bind(1, of.number).bind(2, row.at.offset).run()) return db_->error("write to");
    }
    in_key_order_.push_back({of.number, row.what.timestamp, row.at, &row});
  }
  if (in_key_order_.empty()) return {};
  const auto run = run_for(rows);
  if (!run) return run.error();
  // Neighbours in the run one after another. Of one time the first comes first.
  std::ranges::sort(in_key_order_, {}, [](const keyed_position& p) { return std::tie(p.truck, p.time, p.at); });
  std::uint64_t added = 0;
  std::int64_t first_day = day_of(in_key_order_.front().time);
  fresh_times_of_ = {};
  for (const keyed_position& p : in_key_order_) {
    if (p.row->may_repeat) {
      const auto repeats = is_repeat(p);
      if (!repeats) return repeats.error();
      if (*repeats) continue;
    }
    if (auto done = put_position(*p.row, *of_batch_[p.row->truck], *run); !done) return done;
    ++added;
    first_day = std::min(first_day, day_of(p.time));
  }
  if (!run_->lengthen_run.bind(1, *run).bind(2, added).bind(3, first_day).run()) return db_->error("write to");
  return {};
}

// The newest one, until it is long enough or about to be merged.
store_result<std::int64_t> sqlite_writer::run_for(const batch& rows) {
  auto& newest = run_->newest_run;
  std::int64_t run = 0;
  if (newest.row()) {
    run = newest.integer(0);
    const bool open = newest.integer(1) < positions_of_a_run && newest.integer(2) == 0;
    newest.rewind();
    if (open) return run;
  } else if (newest.failed()) {
    return db_->error("read");
  }
  const position_row& first = rows.positions.front();
  auto& add = run_->add_run.bind(1, ++run).bind(2, to_epoch_ms(first.received_at)).bind(3, day_of(first.what.timestamp));
  if (!add.run()) return db_->error("write to");
  return run;
}

store_result<bool> sqlite_writer::is_repeat(const keyed_position& p) {
  const std::int64_t day = day_of(p.time);
  const std::int64_t t = to_epoch_ms(p.time);
  if (const std::pair of{p.truck, day}; fresh_times_of_ != of) {
    fresh_times_of_ = of;
    fresh_times_.clear();
    auto& fresh =
        run_->fresh_times.bind(1, p.truck).bind(2, to_epoch_ms(day_at(day))).bind(3, to_epoch_ms(day_at(day + 1)) - 1);
    while (fresh.row()) fresh_times_.push_back(fresh.integer(0));
    if (fresh.failed()) return db_->error("read");
  }
  if (std::ranges::binary_search(fresh_times_, t)) return true;
  auto& sorted = run_->sorted_time.bind(1, day).bind(2, p.truck).bind(3, t);
  const bool found = sorted.row();
  if (sorted.failed()) return db_->error("read");
  if (found) sorted.rewind();
  return found;
}

store_result<void> sqlite_writer::put_position(const position_row& row, known_truck& of, std::int64_t run) {
  const engine::position& p = row.what;
  auto& add = run_->add_position;
  add.bind(1, day_of(p.timestamp)).bind(2, of.number).bind(3, to_epoch_ms(p.timestamp));
  add.bind(4, p.point.latitude).bind(5, p.point.longitude);
  add.bind(6, p.speed_kmh).bind(7, p.heading).bind(8, p.altitude_m).bind(9, p.accuracy_m);
  add.bind(10, p.odometer_km).bind(11, p.fuel_level_pct).bind(12, p.battery_pct);
  add.bind(13, p.engine_status).bind(14, p.trip_id).bind(15, p.driver_id).bind(16, p.attributes);
  add.bind(17, static_cast<std::int64_t>(row.judged.what)).bind(18, static_cast<std::int64_t>(row.judged.why));
  add.bind(19, to_epoch_ms(row.received_at)).bind(20, row.at.offset).bind(21, std::int64_t{row.at.index}).bind(22, run);
  if (!add.run()) return db_->error("write to");
  const std::int64_t hour = hour_number(p.timestamp);
  if (std::exchange(of.unsettled, hour) == hour && hour >= settled_before_) return {};
  if (!run_->unsettle.bind(1, hour).bind(2, of.number).run()) return db_->error("write to");
  return {};
}

store_result<void> sqlite_writer::put_registry(const batch& rows) {
  for (const truck_row& row : rows.registry) {
    const auto known = truck(row.truck_id);
    if (!known) return known.error();
    (*known)->removed = row.said == nullptr;
    const std::int64_t number = (*known)->number;
    if (!row.said) {
      if (!run_->remove_truck.bind(1, number).bind(2, row.offset).run()) return db_->error("write to");
      continue;
    }
    const engine::registration& r = *row.said;
    auto& say = run_->say_truck;
    say.bind(1, number).bind(2, row.offset).bind(3, std::string_view{r.name}).bind(4, std::string_view{r.plate});
    say.bind(5, r.max_speed_kmh).bind(6, r.length_m).bind(7, r.width_m).bind(8, r.height_m).bind(9, r.weight_kg);
    if (!say.bind(10, std::string_view{r.attributes}).run()) return db_->error("write to");
  }
  return {};
}

store_result<void> sqlite_writer::put_geofences(const batch& rows) {
  std::string text;
  for (const geofence_row& row : rows.geofences) {
    if (!row.now) {
      if (!run_->remove_geofence.bind(1, std::string_view{row.geofence_id}).run()) return db_->error("write to");
      continue;
    }
    text.clear();
    wire::append_geofence(text, *row.now);
    auto& put = run_->put_geofence.bind(1, std::string_view{row.geofence_id}).bind(2, row.offset);
    if (!put.bind(3, std::string_view{text}).run()) return db_->error("write to");
  }
  return {};
}

store_result<void> sqlite_writer::put_others(const batch& rows) {
  for (const event_row& row : rows.events) {
    auto& add = run_->add_event.bind(1, row.id.offset).bind(2, std::int64_t{row.id.index}).bind(3, to_epoch_ms(row.time));
    add.bind(4, engine::to_string(row.type)).bind(5, std::string_view{row.truck_id}).bind(6, std::string_view{row.subject});
    if (!add.bind(7, std::string_view{row.text}).run()) return db_->error("write to");
  }
  for (const quarantine_row& row : rows.quarantine) {
    auto& add = run_->add_quarantine.bind(1, to_epoch_ms(row.received_at)).bind(2, row.at.offset);
    add.bind(3, std::int64_t{row.at.index}).bind(4, engine::to_string(row.code)).bind(5, row.truck_id);
    if (!add.bind(6, row.raw).run()) return db_->error("write to");
  }
  for (const dead_letter& row : rows.dead) {
    auto& add = run_->add_dead.bind(1, to_epoch_ms(row.when)).bind(2, row.at.offset).bind(3, std::int64_t{row.at.index});
    add.bind(4, static_cast<std::int64_t>(row.what)).bind(5, std::string_view{row.truck_id});
    if (!add.bind(6, std::string_view{row.reason}).bind(7, std::string_view{row.text}).run()) return db_->error("write to");
  }
  return {};
}

// Somebody may have put another file in its place: what is written from then on would be seen by nobody.
bool sqlite_writer::file_is_ours() const {
  int moved = 0;
  return sqlite3_file_control(db_->handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved == 0;
}

store_result<void> sqlite_writer::make_durable() {
  return guarded([this]() -> store_result<void> {
    if (!file_is_ours()) {
      return store_error{trouble::unavailable,
                         fmt::format("the store {} was removed or replaced while it was in use", options_.path.string())};
    }
    const int done = sqlite3_wal_checkpoint_v2(db_->handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (done != SQLITE_OK) return db_->error("sync");
    return {};
  });
}

}  // namespace haulcast::store
