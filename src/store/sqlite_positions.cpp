#include "sqlite_positions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "haulcast/engine/truck.hpp"
#include "sqlite_times.hpp"

namespace haulcast::store {

namespace {

constexpr auto suspect = static_cast<std::int64_t>(engine::verdict::suspect);

// Of each run the nearest one.
std::string nearest_fresh(const char* most, const char* condition, const char* order) {
  return fmt::format(
      "SELECT found FROM (SELECT {0}((SELECT f.time FROM fresh_position f WHERE f.run = r.run AND f.truck = ?1 AND f.time {1} "
      "AND f.verdict <> ?3 ORDER BY f.time {2} LIMIT 1)) AS found FROM position_run r WHERE r.merged < ?1) "
      "WHERE found IS NOT NULL",
      most, condition, order);
}

}  // namespace

sqlite_days days_of(sqlite_db& db) {
  // Two probes of the key; both in one statement would walk the table.
  auto first = db.prepare("SELECT min(day) FROM sorted_position");
  auto last = db.prepare("SELECT max(day) FROM sorted_position");
  auto any = db.prepare("SELECT 1 FROM sorted_position LIMIT 1");
  if (!any.row() || !first.row() || !last.row()) return {};
  return {.first = first.integer(0), .last = last.integer(0)};
}

sqlite_positions::sqlite_positions(sqlite_db& db, const std::string& columns)
    : sorted_{db.prepare(fmt::format("SELECT time, {} FROM sorted_position WHERE truck = ?1 AND day = ?2 "
                                     "AND time BETWEEN ?3 AND ?4 ORDER BY time",
                                     columns))},
      fresh_{db.prepare(fmt::format("SELECT time, {} FROM position_run r CROSS JOIN fresh_position f ON f.run = r.run "
                                    "WHERE r.merged < ?1 AND f.truck = ?1 AND f.time BETWEEN ?3 AND ?4 ORDER BY time, offset",
                                    columns))} {}

void sqlite_positions::read(std::int64_t truck, sqlite_days days, utc_time from, utc_time to,
                            const std::function<bool(const sqlite_statement&)>& take) {
  bool more = true;
  std::optional<std::int64_t> given;
  const auto give = [&](const sqlite_statement& row) {
    if (given != row.integer(0)) more = take(row);
    given = row.integer(0);
  };
  bool fresh = fresh_.bind(1, truck).bind(3, to_epoch_ms(from)).bind(4, to_epoch_ms(to)).row();
  const auto give_fresh = [&] {
    give(fresh_);
    fresh = fresh_.row();
  };
  const std::int64_t last = std::min(day_of(to), days.last);
  for (std::int64_t day = std::max(day_of(from), days.first); more && day <= last && !failed_; ++day) {
    sorted_.bind(1, truck).bind(2, day).bind(3, to_epoch_ms(from)).bind(4, to_epoch_ms(to));
    while (more && sorted_.row()) {
      while (more && fresh && fresh_.integer(0) < sorted_.integer(0)) give_fresh();
      if (more) give(sorted_);
    }
    if (more) failed_ |= sorted_.failed();
  }
  while (more && fresh) give_fresh();
  if (more) failed_ |= fresh_.failed();
  sorted_.rewind();
  fresh_.rewind();
}

sqlite_neighbours::sqlite_neighbours(sqlite_db& db)
    : before_{db.prepare("SELECT time FROM sorted_position WHERE truck = ?1 AND day = ?4 AND time < ?2 AND verdict <> ?3 "
                         "ORDER BY time DESC LIMIT 1")},
      from_{db.prepare("SELECT time FROM sorted_position WHERE truck = ?1 AND day = ?4 AND time >= ?2 AND verdict <> ?3 "
                       "ORDER BY time LIMIT 1")},
      fresh_before_{db.prepare(nearest_fresh("max", "< ?2", "DESC"))},
      fresh_from_{db.prepare(nearest_fresh("min", ">= ?2", "ASC"))} {}

std::optional<utc_time> sqlite_neighbours::one(sqlite_statement& ask) {
  if (!ask.bind(3, suspect).row()) {
    failed_ |= ask.failed();
    return std::nullopt;
  }
  const utc_time found = from_epoch_ms(ask.integer(0));
  ask.rewind();
  return found;
}

std::optional<utc_time> sqlite_neighbours::before(std::int64_t truck, sqlite_days days, utc_time t) {
  auto found = one(fresh_before_.bind(1, truck).bind(2, to_epoch_ms(t)));
  for (std::int64_t day = std::min(day_of(t), days.last); day >= days.first && !failed_; --day) {
    if (found && day < day_of(*found)) break;
    if (const auto sorted = one(before_.bind(1, truck).bind(2, to_epoch_ms(t)).bind(4, day)))
      return found ? std::max(*found, *sorted) : *sorted;
  }
  return found;
}

std::optional<utc_time> sqlite_neighbours::from(std::int64_t truck, sqlite_days days, utc_time t) {
  auto found = one(fresh_from_.bind(1, truck).bind(2, to_epoch_ms(t)));
  for (std::int64_t day = std::max(day_of(t), days.first); day <= days.last && !failed_; ++day) {
    if (found && day > day_of(*found)) break;
    if (const auto sorted = one(from_.bind(1, truck).bind(2, to_epoch_ms(t)).bind(4, day)))
      return found ? std::min(*found, *sorted) : *sorted;
  }
  return found;
}

}  // namespace haulcast::store
