// The embedded store's questions: each in one read transaction of its own, which ends with the answer.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "haulcast/store/sqlite.hpp"
#include "sqlite_positions.hpp"
#include "sqlite_schema.hpp"
#include "sqlite_times.hpp"
#include "sqlite_track.hpp"

namespace haulcast::store {

namespace {

using clock = std::chrono::steady_clock;

constexpr int look_at_clock_every = 10'000;  // steps of SQLite's machine: some 0.1 ms

// A name that an older or newer version of this program wrote, and this one does not know, is left out of answers.
template <class Enum, std::size_t Count>
std::optional<Enum> named(std::string_view name) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (engine::to_string(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

place place_in(const sqlite_statement& row, int column) {
  return {static_cast<offset_t>(row.integer(column)), static_cast<std::uint32_t>(row.integer(column + 1))};
}

class sqlite_reader final : public reader {
 public:
  explicit sqlite_reader(sqlite_options options) : options_{std::move(options)} {}

  store_result<journal::checkpoint> checkpoint() override {
    return answered([this] { return read_checkpoint(); });
  }
  store_result<page<stored_position>> history(const history_query& q) override;
  store_result<page<stored_event>> events(const event_query& q) override;
  store_result<page<stored_rejection>> quarantine(const quarantine_query& q) override;
  store_result<page<hour_figures>> hours(const hours_query& q, const std::vector<unstored_point>& unstored) override;

 private:
  template <class Work>
  auto answered(Work work) -> decltype(work());
  template <class Row, class Fill>
  store_result<page<Row>> page_of(Fill fill);
  store_result<void> ready();
  store_result<journal::checkpoint> read_checkpoint();
  store_result<std::optional<std::int64_t>> number_of(std::string_view truck_id);
  store_result<void> read_hours(const hours_query& q, const std::vector<unstored_point>& unstored, page<hour_figures>& to);
  static int out_of_time(void* self);

  const sqlite_options options_;
  std::unique_ptr<sqlite_db> db_;
  clock::time_point until_;
};

int sqlite_reader::out_of_time(void* self) { return clock::now() > static_cast<sqlite_reader*>(self)->until_ ? 1 : 0; }

store_result<void> sqlite_reader::ready() {
  if (db_) return {};
  auto opened = sqlite_db::open(options_.path, sqlite_db::use::reading);
  if (!opened) return opened.error();
  const auto version = schema_version(**opened);
  if (!version) return version.error();
  if (*version < sqlite_schema_version())
    return store_error{trouble::unavailable, "the store is not there yet, or not migrated yet"};
  if (*version > sqlite_schema_version()) return store_error{trouble::fatal, "the store was written by a newer version"};
  db_ = std::move(*opened);
  sqlite3_progress_handler(db_->handle(), look_at_clock_every, &sqlite_reader::out_of_time, this);
  return {};
}

// After a failure the connection is made anew: the file may have been replaced.
template <class Work>
auto sqlite_reader::answered(Work work) -> decltype(work()) {
  until_ = clock::now() + options_.query_timeout;
  if (auto opened = ready(); !opened) return opened.error();
  if (auto begun = db_->run("BEGIN"); !begun) {
    db_.reset();
    return begun.error();
  }
  auto done = work();
  if (done)
    sqlite3_exec(db_->handle(), "COMMIT", nullptr, nullptr, nullptr);
  else
    db_.reset();
  return done;
}

template <class Row, class Fill>
store_result<page<Row>> sqlite_reader::page_of(Fill fill) {
  return answered([&]() -> store_result<page<Row>> {
    auto at = read_checkpoint();
    if (!at) return at.error();
    page<Row> made{.at = std::move(*at), .rows = {}};
    if (auto filled = fill(made); !filled) return filled.error();
    return made;
  });
}

store_result<journal::checkpoint> sqlite_reader::read_checkpoint() {
  auto get = db_->prepare("SELECT journal, offset FROM checkpoint");
  if (get.row()) return journal::checkpoint{std::string{get.text(0)}, static_cast<offset_t>(get.integer(1))};
  if (get.failed()) return db_->error("read");
  return journal::checkpoint{};
}

store_result<std::optional<std::int64_t>> sqlite_reader::number_of(std::string_view truck_id) {
  auto find = db_->prepare("SELECT number FROM truck WHERE truck_id = ?1");
  if (find.bind(1, truck_id).row()) return std::optional{find.integer(0)};
  if (find.failed()) return db_->error("read");
  return std::optional<std::int64_t>{};
}

stored_position position_of(const sqlite_statement& row) {
  engine::position p;
  p.timestamp = from_epoch_ms(row.integer(0));
  p.point = {.latitude = row.number(1), .longitude = row.number(2)};
  p.speed_kmh = row.number(3);
  p.heading = row.number(4);
  p.altitude_m = row.number(5);
  p.accuracy_m = row.number(6);
  p.odometer_km = row.number(7);
  p.fuel_level_pct = row.number(8);
  p.battery_pct = row.number(9);
  p.engine_status = row.text(10);
  p.trip_id = row.text(11);
  p.driver_id = row.text(12);
  p.attributes = row.text(13);
  return {.at = place_in(row, 17),
          .judged = {static_cast<engine::verdict>(row.integer(14)), static_cast<engine::suspicion>(row.integer(15))},
          .received_at = from_epoch_ms(row.integer(16)),
          .what = engine::kept_position{p}};
}

store_result<page<stored_position>> sqlite_reader::history(const history_query& q) {
  return page_of<stored_position>([&](page<stored_position>& to) -> store_result<void> {
    const auto truck = number_of(q.truck_id);
    if (!truck) return truck.error();
    if (!*truck) return {};
    sqlite_positions stored{*db_,
                            "latitude, longitude, speed_kmh, heading, altitude_m, accuracy_m, odometer_km, fuel_level_pct, "
                            "battery_pct, engine_status, trip_id, driver_id, attributes, verdict, suspicion, received_at, "
                            "offset, place"};
    const utc_time from = q.after ? std::max(q.from, *q.after + milliseconds{1}) : q.from;
    stored.read(**truck, days_of(*db_), from, q.to, [&](const sqlite_statement& row) {
      to.rows.push_back(position_of(row));
      return to.rows.size() <= q.limit;
    });
    if (stored.failed()) return db_->error("read");
    to.more = to.rows.size() > q.limit;
    if (to.more) to.rows.pop_back();
    return {};
  });
}

store_result<page<stored_event>> sqlite_reader::events(const event_query& q) {
  return page_of<stored_event>([&](page<stored_event>& to) -> store_result<void> {
    std::string sql = "SELECT time, offset, place, type, event FROM event WHERE time BETWEEN ?1 AND ?2";
    if (q.before) sql += " AND (time, offset, place) < (?3, ?4, ?5)";
    if (!q.truck_id.empty()) sql += " AND truck_id = ?6";
    if (!q.subject.empty()) sql += " AND subject = ?7";
    if (!q.types.empty()) {
      sql += q.types.size() > 1 ? " AND +type IN (" : " AND type IN (";  // of several it walks in order and picks
      for (const auto type : q.types) sql.append(1, '\'').append(engine::to_string(type)).append("',");
      sql.back() = ')';
    }
    sql += " ORDER BY time DESC, offset DESC, place DESC LIMIT ?8";
    auto get = db_->prepare(sql);
    // Said of the time alone too, from which it begins to walk then.
    get.bind(1, to_epoch_ms(q.from)).bind(2, to_epoch_ms(q.before ? std::min(q.to, q.before->time) : q.to));
    if (q.before) {
      get.bind(3, to_epoch_ms(q.before->time)).bind(4, q.before->id.offset).bind(5, std::int64_t{q.before->id.index});
    }
    get.bind(6, std::string_view{q.truck_id}).bind(7, std::string_view{q.subject}).bind(8, std::uint64_t{q.limit + 1});
    while (get.row()) {
      if (to.rows.size() == q.limit) {
        to.more = true;
        break;
      }
      const auto at = place_in(get, 1);
      const auto type = named<engine::event_type, engine::event_types>(get.text(3));
      if (!type) continue;
      to.rows.push_back({.id = {at.offset, at.index},
                         .type = *type,
                         .time = from_epoch_ms(get.integer(0)),
                         .text = std::string{get.text(4)}});
    }
    if (get.failed()) return db_->error("read");
    return {};
  });
}

store_result<page<stored_rejection>> sqlite_reader::quarantine(const quarantine_query& q) {
  return page_of<stored_rejection>([&](page<stored_rejection>& to) -> store_result<void> {
    std::string sql =
        "SELECT received_at, offset, place, code, truck_id, raw FROM quarantine WHERE received_at BETWEEN ?1 AND ?2";
    if (q.before) sql += " AND (received_at, offset, place) < (?3, ?4, ?5)";
    if (!q.truck_id.empty()) sql += " AND truck_id = ?6";
    if (q.code) sql += " AND code = ?7";
    sql += " ORDER BY received_at DESC, offset DESC, place DESC LIMIT ?8";
    auto get = db_->prepare(sql);
    get.bind(1, to_epoch_ms(q.from)).bind(2, to_epoch_ms(q.before ? std::min(q.to, q.before->received_at) : q.to));
    if (q.before) {
      get.bind(3, to_epoch_ms(q.before->received_at)).bind(4, q.before->at.offset).bind(5, std::int64_t{q.before->at.index});
    }
    get.bind(6, std::string_view{q.truck_id}).bind(8, std::uint64_t{q.limit + 1});
    if (q.code) get.bind(7, engine::to_string(*q.code));
    while (get.row()) {
      if (to.rows.size() == q.limit) {
        to.more = true;
        break;
      }
      const auto code = named<engine::reject_code, engine::reject_codes>(get.text(3));
      if (!code) continue;
      to.rows.push_back({.at = place_in(get, 1),
                         .received_at = from_epoch_ms(get.integer(0)),
                         .code = *code,
                         .truck_id = std::string{get.text(4)},
                         .raw = std::string{get.text(5)}});
    }
    if (get.failed()) return db_->error("read");
    return {};
  });
}

store_result<void> sqlite_reader::read_hours(const hours_query& q, const std::vector<unstored_point>& unstored,
                                             page<hour_figures>& to) {
  const auto known = number_of(q.truck_id);
  if (!known) return known.error();
  const std::int64_t truck = known->value_or(0);  // no truck has that number
  std::vector<track_point> behind;
  std::vector<utc_time> unsettled;
  for (const unstored_point& p : unstored) {
    if (p.at.offset <= to.at.offset) continue;
    behind.push_back(p.what);
    unsettled.push_back(hour_of(p.what.when));
  }
  auto marks = db_->prepare("SELECT hour FROM unsettled_hour WHERE truck = ?1 ORDER BY hour");
  marks.bind(1, truck);
  while (marks.row()) unsettled.push_back(hour_at(marks.integer(0)));
  if (marks.failed()) return db_->error("read");
  auto get = db_->prepare(
      "SELECT hour, distance_m, max_speed_kmh, moving_ms, idle_ms, coordinates_count FROM hour "
      "WHERE truck = ?1 AND hour BETWEEN ?2 AND ?3 ORDER BY hour");
  get.bind(1, truck).bind(2, hour_number(q.from + std::chrono::hours{1} - milliseconds{1})).bind(3, hour_number(q.to));
  while (get.row()) to.rows.push_back(read_figures(get));
  if (get.failed()) return db_->error("read");
  sqlite_track stored{*db_};
  stored.choose(truck, days_of(*db_));
  joined_track positions{stored, behind};
  to.rows = current_figures(positions, std::move(to.rows), std::move(unsettled), q.from, q.to);
  if (stored.failed()) return db_->error("read");
  return {};
}

store_result<page<hour_figures>> sqlite_reader::hours(const hours_query& q, const std::vector<unstored_point>& unstored) {
  return page_of<hour_figures>([&](page<hour_figures>& to) { return read_hours(q, unstored, to); });
}

}  // namespace

std::unique_ptr<reader> make_sqlite_reader(sqlite_options options) {
  return std::make_unique<sqlite_reader>(std::move(options));
}

}  // namespace haulcast::store
