// A batch's rows into PostgreSQL's tables, within a transaction that the writer began.
#include <algorithm>
#include <boost/sort/pdqsort/pdqsort.hpp>
#include <utility>

#include "haulcast/base/prefetch.hpp"
#include "haulcast/wire/geofence.hpp"
#include "postgres_rows.hpp"
#include "postgres_writer.hpp"

namespace haulcast::store {

namespace {

constexpr std::size_t trucks_known_max = 250'000;
constexpr std::int16_t position_fields = 20;
constexpr std::int32_t no_turn = -1;
constexpr std::ptrdiff_t rows_ahead = 8;  // they lie all over the batch

/// A position's place in the index: rows that come in its order are written to it in half the time.
struct index_place {
  std::int64_t slot;
  std::uint64_t time_and_row;

  index_place(std::int64_t truck, utc_time t, std::size_t row) noexcept
      : slot{slot_of(t, truck)}, time_and_row{static_cast<std::uint64_t>((t - slot_begin(slot)).count()) << 32 | row} {}
  std::chrono::sys_days day() const noexcept { return std::chrono::floor<std::chrono::days>(slot_begin(slot)); }
  std::int32_t truck() const noexcept { return static_cast<std::int32_t>(slot & 0xFFFF'FFFF); }
  std::size_t row() const noexcept { return time_and_row & 0xFFFF'FFFF; }
  /// Without a branch, which here would be guessed wrong half the time.
  friend bool operator<(const index_place& a, const index_place& b) noexcept {
    return (a.slot < b.slot) | ((a.slot == b.slot) & (a.time_and_row < b.time_and_row));
  }
};

void append(postgres_copy& to, const position_row& row, const index_place& at, std::int32_t turn) {
  const engine::position& p = row.what;
  to.row().time(p.timestamp).time(row.received_at).int8(static_cast<std::int64_t>(row.at.offset));
  to.number(p.speed_kmh).number(p.heading).number(p.altitude_m).number(p.accuracy_m).number(p.odometer_km);
  to.number(p.fuel_level_pct).number(p.battery_pct);
  to.int4(at.truck()).int8(at.slot).int4(static_cast<std::int32_t>(row.at.index));
  to.int2(static_cast<std::int16_t>(row.judged.what)).int2(static_cast<std::int16_t>(row.judged.why));
  to.point(p.point).text(p.engine_status).text(p.trip_id).text(p.driver_id).text(p.attributes);
  if (turn != no_turn) to.int4(turn);
}

double reach_of(const geo::shape& s) noexcept {
  if (const auto* const disc = std::get_if<geo::circle>(&s)) return disc->radius_m;
  if (const auto* const way = std::get_if<geo::corridor>(&s)) return way->width_m / 2;
  return 0;
}

}  // namespace

void postgres_writer::put(pqxx::transaction_base& in, const batch& rows, trust how) {
  know(in, rows);
  revive(in, rows);
  put_positions(in, rows, how);
  put_registry(in, rows);
  put_geofences(in, rows);
  put_others(rows);
}

// Trucks that were not met before are looked up and, where there are none, made: all at once.
void postgres_writer::know(pqxx::transaction_base& in, const batch& rows) {
  if (known_.size() > trucks_known_max) forget();
  std::vector<std::string_view> strange;
  of_batch_.clear();
  for (const std::string_view id : rows.trucks) {
    const auto found = numbers_.find(id);
    if (found == numbers_.end())
      strange.push_back(id);
    else
      of_batch_.push_back(found->second);
  }
  const bool all_known = strange.empty();
  for (const truck_row& row : rows.registry) {
    if (!numbers_.contains(row.truck_id)) strange.push_back(row.truck_id);
  }
  const auto learn = [&](const pqxx::result& found) {
    for (const auto& row : found) {
      const auto [at, is_new] = numbers_.try_emplace(std::string{text_in(row, 1)}, static_cast<std::uint32_t>(known_.size()));
      if (!is_new) continue;
      known_.push_back({.number = static_cast<std::int32_t>(integer_in(row, 0)), .removed = text_in(row, 2) == "t"});
    }
  };
  if (!strange.empty()) {
    const std::string ids = text_array(strange);
    learn(in.exec_params("SELECT number, truck_id, removed FROM truck WHERE truck_id = ANY($1::text[])", ids));
    std::erase_if(strange, [&](std::string_view id) { return numbers_.contains(id); });
    if (!strange.empty()) {
      learn(
          in.exec_params("INSERT INTO truck (truck_id) SELECT DISTINCT unnest($1::text[]) RETURNING number, truck_id, removed",
                         text_array(strange)));
    }
  }
  if (all_known) return;
  of_batch_.clear();
  for (const std::string_view id : rows.trucks) of_batch_.push_back(numbers_.find(id)->second);
}

// One that was removed before this batch comes back by its position.
void postgres_writer::revive(pqxx::transaction_base& in, const batch& rows) {
  if (std::ranges::none_of(of_batch_, [this](std::uint32_t of) { return known_[of].removed; })) return;
  for (const position_row& row : rows.positions) {
    known_truck& of = known_[of_batch_[row.truck]];
    if (!std::exchange(of.removed, false)) continue;
    in.exec_params0("UPDATE truck SET removed = false, version = $2 WHERE number = $1", of.number, row.at.offset);
  }
}

void postgres_writer::put_positions(pqxx::transaction_base& in, const batch& rows, trust how) {
  std::vector<index_place> fresh;   // known to be unique
  std::vector<index_place> told;    // that may be there
  std::vector<std::int64_t> hours;  // that are not settled any more, and whose
  std::vector<std::int32_t> trucks;
  fresh.reserve(rows.positions.size());
  for (std::size_t i = 0; i < rows.positions.size(); ++i) {
    const position_row& row = rows.positions[i];
    known_truck& of = known_[of_batch_[row.truck]];
    const bool repeats = row.may_repeat || how == trust::nothing;
    (repeats ? told : fresh).emplace_back(of.number, row.what.timestamp, i);
    const std::int64_t hour = hour_number(row.what.timestamp);
    if (std::exchange(of.unsettled, hour) == hour && hour >= settled_before_) continue;
    hours.push_back(hour);
    trucks.push_back(of.number);
  }
  if (!hours.empty()) {
    in.exec_params0("INSERT INTO unsettled_hour SELECT * FROM unnest($1::int[], $2::int[]) ON CONFLICT DO NOTHING",
                    integer_array(hours), integer_array(trucks));
  }
  boost::sort::pdqsort_branchless(fresh.begin(), fresh.end());  // PostgreSQL waits: in half the time of std's
  // Straight into its day, which spares finding it for each row.
  for (auto next = fresh.begin(); next != fresh.end();) {
    const auto day = next->day();
    const std::string into = "haulcast." + partition_name(partitioned[0], day);
    postgres_copy to{session_->raw(), into, position_fields};
    for (; next != fresh.end() && next->day() == day; ++next) {
      if (fresh.end() - next > rows_ahead) prefetch_whole(rows.positions[next[rows_ahead].row()]);
      append(to, rows.positions[next->row()], *next, no_turn);
    }
    to.finish();
  }
  if (told.empty()) return;
  postgres_copy to{session_->raw(), "pg_temp.said_position", position_fields + 1};
  std::int32_t turn = 0;
  for (const index_place& at : told) append(to, rows.positions[at.row()], at, turn++);
  to.finish();
  in.exec(
      "INSERT INTO position SELECT time, received_at, record, speed_kmh, heading, altitude_m, accuracy_m, odometer_km, "
      "fuel_level_pct, battery_pct, truck, slot, place, verdict, suspicion, point, engine_status, trip_id, driver_id, "
      "attributes FROM pg_temp.said_position ORDER BY turn ON CONFLICT (slot, time) DO NOTHING");
}

void postgres_writer::put_registry(pqxx::transaction_base& in, const batch& rows) {
  if (rows.registry.empty()) return;
  postgres_copy to{session_->raw(),
                   "pg_temp.said_truck (number, truck_id, removed, version, name, plate, max_speed_kmh, length_m, width_m, "
                   "height_m, weight_kg, attributes)",
                   12};
  for (const truck_row& row : rows.registry) {
    known_truck& of = known_[numbers_.find(row.truck_id)->second];
    of.removed = row.said == nullptr;
    static const engine::registration nothing;
    const engine::registration& r = row.said ? *row.said : nothing;
    to.row().int4(of.number).text(row.truck_id).boolean(of.removed).int8(static_cast<std::int64_t>(row.offset));
    to.text(r.name).text(r.plate).number(r.max_speed_kmh).number(r.length_m).number(r.width_m).number(r.height_m);
    to.number(r.weight_kg).text(r.attributes);
  }
  to.finish();
  in.exec(
      "UPDATE truck t SET removed = s.removed, version = s.version, name = s.name, plate = s.plate, max_speed_kmh = "
      "s.max_speed_kmh, length_m = s.length_m, width_m = s.width_m, height_m = s.height_m, weight_kg = s.weight_kg, "
      "attributes = s.attributes FROM pg_temp.said_truck s WHERE t.number = s.number");
}

void postgres_writer::put_geofences(pqxx::transaction_base& in, const batch& rows) {
  if (rows.geofences.empty()) return;
  std::vector<std::string_view> gone;
  try {
    std::string text;
    postgres_copy to{session_->raw(), "pg_temp.said_geofence (geofence_id, version, name, active, shape, reach_m, geofence)",
                     7};
    for (const geofence_row& row : rows.geofences) {
      if (!row.now) {
        gone.push_back(row.geofence_id);
        continue;
      }
      text.clear();
      wire::append_geofence(text, *row.now);
      to.row().text(row.geofence_id).int8(static_cast<std::int64_t>(row.offset)).text(row.now->name).boolean(row.now->active);
      to.shape(row.now->shape).number(reach_of(row.now->shape)).text(text);
    }
    to.finish();
  } catch (const pqxx::sql_error& refused) {
    // What PostGIS thinks of a shape comes as an internal error; nothing else is in that table.
    if (refused.sqlstate() == "XX000") throw unstorable{refused.what()};
    throw;
  }
  if (!gone.empty()) in.exec_params0("DELETE FROM geofence WHERE geofence_id = ANY($1::text[])", text_array(gone));
  in.exec(
      "INSERT INTO geofence SELECT * FROM pg_temp.said_geofence ON CONFLICT (geofence_id) DO UPDATE SET version = "
      "excluded.version, name = excluded.name, active = excluded.active, shape = excluded.shape, reach_m = excluded.reach_m, "
      "geofence = excluded.geofence");
}

void postgres_writer::put_others(const batch& rows) {
  if (!rows.events.empty()) {
    postgres_copy to{session_->raw(), "haulcast.event", 7};
    for (const event_row& row : rows.events) {
      to.row().time(row.time).int8(static_cast<std::int64_t>(row.id.offset)).int4(static_cast<std::int32_t>(row.id.index));
      to.text(engine::to_string(row.type)).text(row.truck_id).text(row.subject).text(row.text);
    }
    to.finish();
  }
  if (!rows.quarantine.empty()) {
    postgres_copy to{session_->raw(), "haulcast.quarantine", 6};
    for (const quarantine_row& row : rows.quarantine) {
      to.row()
          .time(row.received_at)
          .int8(static_cast<std::int64_t>(row.at.offset))
          .int4(static_cast<std::int32_t>(row.at.index));
      to.text(engine::to_string(row.code)).text(row.truck_id).text(row.raw);
    }
    to.finish();
  }
  if (rows.dead.empty()) return;
  postgres_copy to{session_->raw(), "haulcast.dead_letter", 7};
  for (const dead_letter& row : rows.dead) {
    to.row().time(row.when).int8(static_cast<std::int64_t>(row.at.offset)).int4(static_cast<std::int32_t>(row.at.index));
    to.int2(static_cast<std::int16_t>(row.what)).text(row.truck_id).text(row.reason).text(row.text);
  }
  to.finish();
}

}  // namespace haulcast::store
