// What comes due in PostgreSQL: partitions made ahead and dropped, hours whose figures can be settled. In small steps, each a
// transaction of its own.
#include <algorithm>
#include <vector>

#include "postgres_rows.hpp"
#include "postgres_track.hpp"
#include "postgres_writer.hpp"

namespace haulcast::store {

namespace {

using namespace std::chrono_literals;

constexpr auto settle_after = 6h;  // most late positions have come by then, and a truck's hours are settled some at once
constexpr auto settle_until = 1h;  // hours that ended so long ago are settled with them
constexpr std::int64_t trucks_at_once = 3;  // about 1 ms each
constexpr std::int64_t rows_at_once = 1'000;
constexpr auto ahead = 36h;

bool is_busy(const pqxx::sql_error& refused) { return refused.sqlstate() == "55P03"; }

}  // namespace

store_result<bool> postgres_writer::upkeep(const retention& keep, utc_time now) {
  return guarded([&]() -> store_result<bool> {
    for (const partitions_of& table : partitioned) {
      make_partition(table, now);
      make_partition(table, now + ahead);
    }
    if (settle_some(keep, now)) return true;
    return drop_some(keep, now);
  });
}

bool postgres_writer::settle_some(const retention& keep, utc_time now) {
  const std::int64_t before_hour = hour_number(now - settle_until);
  pqxx::work in{session_->sql()};
  // Of days that are gone nothing can be settled any more: figures stay as they are.
  in.exec_params0("DELETE FROM unsettled_hour WHERE hour < $1",
                  hour_number(std::chrono::floor<std::chrono::days>(within_reach(now - keep.positions))));
  const auto oldest = in.exec_params("SELECT truck FROM unsettled_hour WHERE hour < $1 ORDER BY hour LIMIT $2",
                                     hour_number(now - settle_after), trucks_at_once);
  if (oldest.empty()) {
    in.commit();
    return false;
  }
  std::vector<std::int64_t> trucks;
  for (const auto& row : oldest) trucks.push_back(integer_in(row, 0));
  std::ranges::sort(trucks);
  trucks.erase(std::ranges::unique(trucks).begin(), trucks.end());
  settled_before_ = std::max(settled_before_, before_hour);
  const std::int64_t first_hour = first_hour_kept(in);
  for (const std::int64_t truck : trucks) settle_truck(in, truck, first_hour, before_hour);
  in.commit();
  return static_cast<std::int64_t>(oldest.size()) == trucks_at_once;
}

void postgres_writer::settle_truck(pqxx::transaction_base& in, std::int64_t truck, std::int64_t first_hour,
                                   std::int64_t before_hour) {
  std::vector<utc_time> hours;
  for (const auto& row :
       in.exec_params("SELECT hour FROM unsettled_hour WHERE truck = $1 AND hour < $2 ORDER BY hour", truck, before_hour)) {
    hours.push_back(hour_at(integer_in(row, 0)));
  }
  postgres_track positions{in, truck, first_hour};
  std::vector<settled_hours> all;
  for (const hour_run& run : runs_of(hours)) all.push_back(settle(positions, run.first, run.last));
  for (const settled_hours& made : all) {
    for (const hour_figures& f : made.figures) {
      if (!partitions_.contains(partition_name(partitioned[3], f.hour))) {
        in.exec_params("SELECT haulcast.add_partition('hour', $1)", moment(f.hour));
      }
    }
    in.exec_params0("DELETE FROM hour WHERE truck = $1 AND hour BETWEEN $2 AND $3", truck, moment(made.from), moment(made.to));
    postgres_copy to{session_->raw(), "haulcast.hour", 7};
    for (const hour_figures& f : made.figures) {
      to.row().time(f.hour).int4(static_cast<std::int32_t>(truck)).number(f.distance_m).number(f.max_speed_kmh);
      to.int8(f.moving.count()).int8(f.idle.count()).int8(static_cast<std::int64_t>(f.count));
    }
    to.finish();
  }
  in.exec_params0("DELETE FROM unsettled_hour WHERE truck = $1 AND hour < $2", truck, before_hour);
}

// A partition goes as a whole. Dropping it needs the table for itself for a moment: where somebody reads it is not waited for,
// since all who came then would wait too.
bool postgres_writer::drop_some(const retention& keep, utc_time now) {
  const utc_time before[] = {now - keep.positions, now - keep.events, now - keep.quarantine,
                             now - std::max(keep.hours, keep.positions)};  // hours tell where positions are
  static_assert(std::size(before) == std::size(partitioned));
  for (std::size_t i = 0; i < std::size(before); ++i) {
    try {
      pqxx::work in{session_->sql()};
      in.exec("SET LOCAL lock_timeout = 50");
      const auto dropped =
          in.exec_params1("SELECT haulcast.drop_partition($1, $2)", partitioned[i].table, moment(within_reach(before[i])));
      const std::string name{text_in(dropped, 0)};
      in.commit();
      if (name.empty()) continue;
      partitions_.erase(name);
      return true;
    } catch (const pqxx::sql_error& refused) {
      if (!is_busy(refused)) throw;
    }
  }
  pqxx::work in{session_->sql()};
  const auto gone = in.exec_params(
      "DELETE FROM dead_letter WHERE ctid = ANY(ARRAY(SELECT ctid FROM dead_letter WHERE time < $1 ORDER BY time LIMIT $2))",
      moment(within_reach(now - keep.dead)), rows_at_once);
  in.commit();
  return static_cast<std::int64_t>(gone.affected_rows()) >= rows_at_once;
}

}  // namespace haulcast::store
