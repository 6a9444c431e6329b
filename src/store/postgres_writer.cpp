#include "postgres_writer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "postgres_rows.hpp"

namespace haulcast::store {

namespace {

constexpr std::chrono::minutes migration_most{10};  // at start; larger ones are for `haulcast migrate`

// Emptied by each commit.
constexpr const char* scratch_tables = R"(
  CREATE TEMP TABLE IF NOT EXISTS said_position (LIKE haulcast.position, turn integer) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS said_truck (LIKE haulcast.truck) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS said_geofence (LIKE haulcast.geofence) ON COMMIT DELETE ROWS;
)";

constexpr const char* own_partitions =
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent IN ('haulcast.position'::regclass, 'haulcast.event'::regclass, 'haulcast.quarantine'::regclass, "
    "'haulcast.hour'::regclass)";

}  // namespace

std::unique_ptr<writer> make_postgres_writer(postgres_options options) {
  return std::make_unique<postgres_writer>(std::move(options));
}

store_result<migration> migrate_postgres(const postgres_options& options, bool dry_run) {
  postgres_watch watch;
  try {
    postgres_session session{options, postgres_session::use::writing, watch};
    return migrate(session, dry_run);
  } catch (const std::exception& thrown) {
    return error_of(thrown, watch, options.answer_timeout);
  }
}

store_result<void> postgres_writer::open() {
  return guarded([]() -> store_result<void> { return {}; });
}

store_result<void> postgres_writer::ready() {
  if (watch_.interrupted()) return store_error{trouble::unavailable, "the store is being left"};
  if (session_) return {};
  try {
    watch_.start_over();
    auto made = std::make_unique<postgres_session>(options_, postgres_session::use::writing, watch_);
    prepare_schema(*made);
    const postgres_watch::spell bounded{watch_, options_.answer_timeout + grace};
    made->set_search_path();
    pqxx::work in{made->sql()};
    in.exec(scratch_tables);
    partitions_.clear();
    for (const auto& row : in.exec(own_partitions)) partitions_.emplace(text_in(row, 0));
    in.commit();
    session_ = std::move(made);
    return {};
  } catch (const std::exception& thrown) {
    return error_of(thrown, watch_, options_.connect_timeout);
  }
}

void postgres_writer::prepare_schema(postgres_session& session) {
  {
    const postgres_watch::spell bounded{watch_, options_.answer_timeout + grace};
    if (!options_.migrates) await_schema(session);
    if (is_current(session)) return;
  }
  const postgres_watch::spell bounded{watch_, migration_most};
  migrate(session, false);
}

void postgres_writer::forget() {
  numbers_.clear();
  known_.clear();
}

// Locked, so that a commit whose answer was lost is over: until then whoever asks waits, for lock_timeout at most. A
// transaction takes this lock before all else, hence one that has not taken it yet never comes to a commit: its client is gone.
std::optional<journal::checkpoint> postgres_writer::lock_checkpoint(pqxx::transaction_base& in) {
  const auto row = in.exec1("SELECT journal, record FROM checkpoint FOR UPDATE");
  if (row[0].is_null()) return std::nullopt;
  return journal::checkpoint{.journal_id = std::string{text_in(row, 0)}, .offset = static_cast<offset_t>(integer_in(row, 1))};
}

store_result<std::optional<journal::checkpoint>> postgres_writer::checkpoint() {
  return guarded([&]() -> store_result<std::optional<journal::checkpoint>> {
    pqxx::work in{session_->sql()};
    auto at = lock_checkpoint(in);
    in.commit();
    in_doubt_.reset();
    return at;
  });
}

void postgres_writer::move_checkpoint(pqxx::transaction_base& in, const journal::checkpoint& to) {
  in.exec_params0("UPDATE checkpoint SET journal = $1, record = $2", to.journal_id, to.offset);
}

store_result<void> postgres_writer::adopt(const journal::checkpoint& to) {
  return guarded([&]() -> store_result<void> {
    pqxx::work in{session_->sql()};
    lock_checkpoint(in);
    move_checkpoint(in, to);
    in.commit();
    return {};
  });
}

void postgres_writer::expect(pqxx::transaction_base& in, offset_t before, const std::string& journal_id) {
  const auto at = lock_checkpoint(in);
  if (!at || (at->journal_id == journal_id && at->offset == before)) return;
  if (in_doubt_ == at) throw std::runtime_error{"the batch before was committed after all"};
  throw hopeless{
      fmt::format("somebody else writes to the store in PostgreSQL: it is at record {} of journal {}, and was left at "
                  "record {} of journal {}",
                  at->offset, at->journal_id, before, journal_id)};
}

store_result<void> postgres_writer::write(const batch& rows, const std::string& journal_id) {
  return guarded([&]() -> store_result<void> {
    make_room(rows);
    const auto attempt = [&](trust how) {
      pqxx::work in{session_->sql()};
      expect(in, rows.begins - 1, journal_id);
      put(in, rows, how);
      const journal::checkpoint to{journal_id, rows.reaches};
      move_checkpoint(in, to);
      in_doubt_ = to;
      in.commit();
      in_doubt_.reset();
    };
    try {
      attempt(trust::as_told);
    } catch (const pqxx::unique_violation&) {  // a journal that knows less than the store, from an older backup
      forget();
      attempt(trust::nothing);
    }
    return {};
  });
}

store_result<void> postgres_writer::rehearse(const batch& rows) {
  return guarded([&]() -> store_result<void> {
    make_room(rows);
    pqxx::work in{session_->sql()};
    put(in, rows, trust::nothing);
    in.abort();
    forget();
    return {};
  });
}

// Refuses what PostgreSQL would take and change, or what it has no room for. All of it in one pass: PostgreSQL waits meanwhile.
void postgres_writer::make_room(const batch& rows) {
  const auto must_be_storable = [](utc_time t) {
    if (t < earliest || t > latest) throw unstorable{"a time is outside of the years 1970 to 9999"};
  };
  // Neighbours are mostly of one day: names are made for those that are not.
  const auto room_in = [this, last = std::chrono::sys_days::min()](const partitions_of& table, utc_time t) mutable {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    if (std::exchange(last, day) != day) make_partition(table, day);
  };
  const auto& [position, event, quarantine, hour] = partitioned;
  for (auto room = room_in; const position_row& row : rows.positions) {
    const geo::point p = row.what.point;
    // Written so that NaN is refused too; geography turns (500, 100) into (140, 80) without a word.
    if (!(std::abs(p.latitude) <= 90 && std::abs(p.longitude) <= 180)) {
      throw unstorable{"a position's latitude or longitude is no place on the earth"};
    }
    must_be_storable(row.what.timestamp);
    must_be_storable(row.received_at);
    room(position, row.what.timestamp);
  }
  for (auto room = room_in; const event_row& row : rows.events) {
    must_be_storable(row.time);
    room(event, row.time);
  }
  for (auto room = room_in; const quarantine_row& row : rows.quarantine) {
    must_be_storable(row.received_at);
    room(quarantine, row.received_at);
  }
  for (const dead_letter& row : rows.dead) must_be_storable(row.when);
}

// In a transaction of its own, so that its locks are short and no batch that fails takes it away again.
void postgres_writer::make_partition(const partitions_of& table, utc_time t) {
  std::string name = partition_name(table, t);
  if (partitions_.contains(name)) return;
  pqxx::work in{session_->sql()};
  in.exec_params("SELECT haulcast.add_partition($1, $2)", table.table, moment(t));
  in.commit();
  partitions_.insert(std::move(name));
}

store_result<void> postgres_writer::make_durable() {
  return guarded([&]() -> store_result<void> {
    // A commit that waits for the disk takes all before it along.
    pqxx::work in{session_->sql()};
    in.exec("SET LOCAL synchronous_commit = on");
    in.exec("UPDATE checkpoint SET record = record");
    in.commit();
    return {};
  });
}

}  // namespace haulcast::store
