#include "database_audit.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "haulcast/journal/recovery.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/time.hpp"
#include "slow_hours.hpp"
#include "story.hpp"

namespace haulcast::support {
namespace {

constexpr std::size_t examples_max = 10;
constexpr std::int64_t hour_ms = 3'600'000;

constexpr const char* tables = R"(
  SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET client_min_messages = error;
  DROP SCHEMA IF EXISTS audit CASCADE;
  CREATE SCHEMA audit;
  SET search_path = audit, haulcast, public;
  CREATE UNLOGGED TABLE sent (truck_id text COLLATE "C", time timestamptz, latitude float8, longitude float8);
  CREATE UNLOGGED TABLE refused (truck_id text COLLATE "C", time timestamptz);
  CREATE UNLOGGED TABLE journal_position (
    record bigint, place integer, truck_id text COLLATE "C", time timestamptz, received_at timestamptz, verdict smallint,
    suspicion smallint, latitude float8, longitude float8, speed_kmh float8, heading float8, altitude_m float8,
    accuracy_m float8, odometer_km float8, fuel_level_pct float8, battery_pct float8, engine_status text, trip_id text,
    driver_id text, attributes text);
  CREATE UNLOGGED TABLE journal_event (record bigint, place integer, time timestamptz, type text COLLATE "C", truck_id text COLLATE "C", event text);
  CREATE UNLOGGED TABLE journal_refused (record bigint, place integer, received_at timestamptz, code text COLLATE "C", truck_id text, raw text);
  CREATE UNLOGGED TABLE journal_fence (geofence_id text COLLATE "C", version bigint);
  CREATE UNLOGGED TABLE held AS
    SELECT p.record, p.place, t.truck_id, p.time, p.received_at, p.verdict, p.suspicion, ST_Y(p.point::geometry) AS latitude,
           ST_X(p.point::geometry) AS longitude, p.speed_kmh, p.heading, p.altitude_m, p.accuracy_m, p.odometer_km,
           p.fuel_level_pct, p.battery_pct, p.engine_status, p.trip_id, p.driver_id, p.attributes
    FROM haulcast.position p LEFT JOIN haulcast.truck t  -- by the slot too, which is where questions look
      ON t.number = p.truck AND p.slot = floor(extract(epoch FROM p.time) / 15)::bigint << 32 | p.truck;
)";

using answer = std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })>;

void must(bool good, const std::string& why) {
  if (!good) throw std::runtime_error{"cannot audit the database: " + why};
}

class database {
 public:
  explicit database(const std::string& connection) : to_{PQconnectdb(connection.c_str())} {
    must(PQstatus(to_.get()) == CONNECTION_OK, PQerrorMessage(to_.get()));
  }
  answer ask(const std::string& sql) {
    answer told{PQexec(to_.get(), sql.c_str())};
    const auto how = PQresultStatus(told.get());
    must(how == PGRES_TUPLES_OK || how == PGRES_COMMAND_OK || how == PGRES_COPY_IN, PQerrorMessage(to_.get()) + sql);
    return told;
  }
  void put(std::string_view bytes) {
    must(PQputCopyData(to_.get(), bytes.data(), static_cast<int>(bytes.size())) == 1, PQerrorMessage(to_.get()));
  }
  void end_copy() {
    must(PQputCopyEnd(to_.get(), nullptr) == 1, PQerrorMessage(to_.get()));
    while (const answer told{PQgetResult(to_.get())})
      must(PQresultStatus(told.get()) == PGRES_COMMAND_OK, PQerrorMessage(to_.get()));
  }

 private:
  std::unique_ptr<PGconn, decltype([](PGconn* c) { PQfinish(c); })> to_;
};

/// COPY in its text form. What is empty or NaN is NULL.
class copying {
 public:
  copying(database& to, const std::string& table) : to_{to} { to_.ask("COPY audit." + table + " FROM STDIN"); }
  copying& text(std::string_view value) {
    if (value.empty()) return raw("\\N");
    begin_field();
    for (const char c : value) {
      if (c == '\\' || c == '\t' || c == '\n' || c == '\r') line_ += '\\';
      line_ += c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
    }
    return *this;
  }
  copying& integer(std::int64_t value) { return raw(std::to_string(value)); }
  copying& number(double value) { return raw(std::isnan(value) ? "\\N" : fmt::format("{}", value)); }
  copying& time(utc_time value) {
    begin_field();
    wire::append_time(line_, value);
    return *this;
  }
  void end_row() {
    line_ += '\n';
    new_row_ = true;
    if (line_.size() < 1 << 16) return;
    to_.put(line_);
    line_.clear();
  }
  void finish() {
    to_.put(line_);
    to_.end_copy();
  }

 private:
  void begin_field() {
    if (!std::exchange(new_row_, false)) line_ += '\t';
  }
  copying& raw(std::string_view value) {
    begin_field();
    line_ += value;
    return *this;
  }
  database& to_;
  std::string line_;
  bool new_row_ = true;
};

class auditor {
 public:
  auditor(const std::string& connection, const ledger& books, const std::filesystem::path& data_dir, const told_hours& told)
      : db_{connection}, books_{books}, told_{told} {
    auto log = journal::segment_log::open({.directory = data_dir / "journal"});
    must(log.has_value(), log ? "" : log.error().what);
    log_ = std::move(*log);
  }

  store_report run() {
    must(log_->first_offset() == 1, "the journal's beginning is gone");
    db_.ask(tables);
    copy_books();
    copy_positions();
    copy_events();
    copy_refused();
    copy_fences();
    db_.ask("ANALYZE audit.sent, audit.held, audit.journal_position");
    checkpoint();
    count();
    against_books();
    records_against_journal(1);
    configuration_against_journal();
    hours();
    return std::move(report_);
  }

  store_report run_on_what_is_left() {
    db_.ask(tables);
    copy_positions();
    copy_events();
    copy_refused();
    checkpoint();
    count();
    records_against_journal(log_->first_offset());
    return std::move(report_);
  }

 private:
  void complain(std::uint64_t& count, std::string example) {
    ++count;
    if (report_.examples.size() < examples_max) report_.examples.push_back(std::move(example));
  }

  // Each row that the query gives is a fault, and its first column says which.
  void none(std::uint64_t& count, const std::string& what, const std::string& sql) {
    const auto rows = db_.ask("SELECT found::text FROM (" + sql + ") found");
    for (int i = 0; i < PQntuples(rows.get()); ++i) complain(count, what + ": " + PQgetvalue(rows.get(), i, 0));
  }

  // Of one truck and time the first stands, wherever the second says that it was.
  void copy_books() {
    copying sent{db_, "sent"};
    for_each_sent([&](const ledger_position& p) {
      if (p.verdict == told::duplicate || p.verdict == told::rejected) return;
      sent.text(books_.trucks[p.truck]).time(from_epoch_ms(p.timestamp_ms)).number(p.latitude).number(p.longitude).end_row();
    });
    sent.finish();
    copying refused{db_, "refused"};
    for_each_sent([&](const ledger_position& p) {
      if (p.verdict == told::rejected) refused.text(books_.trucks[p.truck]).time(from_epoch_ms(p.timestamp_ms)).end_row();
    });
    refused.finish();
  }
  void for_each_sent(const std::function<void(const ledger_position&)>& take) {
    for (const ledger_batch& b : books_.batches) {
      must(b.acknowledged(), "a batch was never acknowledged");
      for (const ledger_position& p : b.positions) take(p);
    }
  }

  void each_record(const std::function<void(journal::offset_t, const journal::record_view&)>& take) {
    const auto read = journal::for_each_record(*log_, log_->first_offset(),
                                               [&](journal::offset_t at, const journal::record_view& r) -> result<void> {
                                                 take(at, r);
                                                 return {};
                                               });
    must(read.has_value(), read ? "" : read.error().what);
  }
  void each_batch(
      const std::function<void(journal::offset_t, const engine::batch&, const std::vector<engine::judgement>&)>& take) {
    each_record([&](journal::offset_t at, const journal::record_view& r) {
      if (r.kind != journal::record_kind::batch) return;
      engine::batch input;
      std::vector<engine::judgement> judged;
      must(journal::read_batch(r, input, judged), "a batch cannot be read");
      take(at, input, judged);
    });
  }

  void copy_positions() {
    copying to{db_, "journal_position"};
    each_batch([&](journal::offset_t at, const engine::batch& b, const std::vector<engine::judgement>& judged) {
      for (std::size_t i = 0; i < b.positions.size(); ++i) {
        if (judged[i].what == engine::verdict::duplicate) continue;
        const engine::position& p = b.positions[i].where;
        to.integer(static_cast<std::int64_t>(at)).integer(b.positions[i].index).text(b.trucks[b.positions[i].truck]);
        to.time(p.timestamp).time(b.received_at);
        to.integer(static_cast<int>(judged[i].what)).integer(static_cast<int>(judged[i].why));
        to.number(p.point.latitude).number(p.point.longitude).number(p.speed_kmh).number(p.heading).number(p.altitude_m);
        to.number(p.accuracy_m).number(p.odometer_km).number(p.fuel_level_pct).number(p.battery_pct);
        to.text(p.engine_status).text(p.trip_id).text(p.driver_id).text(p.attributes).end_row();
      }
    });
    to.finish();
  }

  void copy_events() {
    copying to{db_, "journal_event"};
    each_record([&](journal::offset_t at, const journal::record_view& r) {
      std::vector<engine::event> events;
      must(journal::read_events(r, events), "events cannot be read");
      for (std::uint32_t i = 0; i < events.size(); ++i) {
        std::string text;
        wire::append_cloud_event(text, events[i], {at, i}, "/haulcast/" + log_->id());
        to.integer(static_cast<std::int64_t>(at)).integer(i).time(events[i].time).text(engine::to_string(events[i].type));
        to.text(events[i].truck_id).text(text).end_row();
      }
    });
    to.finish();
  }

  void copy_refused() {
    copying to{db_, "journal_refused"};
    each_batch([&](journal::offset_t at, const engine::batch& b, const std::vector<engine::judgement>&) {
      for (const auto& q : b.rejected) {
        to.integer(static_cast<std::int64_t>(at)).integer(q.index).time(b.received_at).text(engine::to_string(q.code));
        to.text(q.truck_id).text(q.raw).end_row();
      }
    });
    to.finish();
  }

  void copy_fences() {
    std::map<std::string, journal::offset_t> there;
    each_record([&](journal::offset_t at, const journal::record_view& r) {
      if (r.kind != journal::record_kind::command) return;
      engine::command input;
      engine::command_status decided{};
      must(journal::read_command(r, input, decided), "a command cannot be read");
      if (const auto* const put = std::get_if<engine::put_geofence>(&input.what)) there[put->what.id] = at;
      if (const auto* const gone = std::get_if<engine::remove_geofence>(&input.what)) there.erase(gone->geofence_id);
    });
    copying to{db_, "journal_fence"};
    for (const auto& [id, version] : there) to.text(id).integer(static_cast<std::int64_t>(version)).end_row();
    to.finish();
  }

  void checkpoint() {
    const auto at = db_.ask("SELECT journal || ' ' || record FROM haulcast.checkpoint");
    const std::string expected = fmt::format("{} {}", log_->id(), log_->last_offset());
    if (PQntuples(at.get()) != 1 || PQgetvalue(at.get(), 0, 0) != expected)
      complain(report_.differing, fmt::format("the checkpoint is {}, the journal at {}", PQgetvalue(at.get(), 0, 0), expected));
    none(report_.lost, "a dead letter", "SELECT reason, letter FROM haulcast.dead_letter");
  }

  void count() {
    const auto rows = db_.ask(
        "SELECT (SELECT count(*) FROM haulcast.position), (SELECT count(*) FROM haulcast.event), "
        "(SELECT count(*) FROM haulcast.quarantine)");
    const auto number = [&](int column) { return std::strtoull(PQgetvalue(rows.get(), 0, column), nullptr, 10); };
    report_.positions = number(0);
    report_.events = number(1);
    report_.rejected = number(2);
  }

  // Everything was acknowledged, so what is there and what was sent are the same.
  void against_books() {
    none(report_.lost, "acknowledged, and not there",
         "SELECT s.* FROM sent s WHERE NOT EXISTS (SELECT FROM held h WHERE h.truck_id = s.truck_id AND h.time = s.time AND "
         "h.latitude = s.latitude AND h.longitude = s.longitude)");
    none(report_.strange, "there, and never sent",
         "SELECT h.truck_id, h.time FROM held h WHERE NOT EXISTS (SELECT FROM sent s WHERE h.truck_id = s.truck_id AND "
         "h.time = s.time)");
    none(report_.twice, "there more than once",
         "SELECT truck_id, time, count(*) FROM held GROUP BY truck_id, time HAVING count(*) > 1");
    none(report_.lost, "refused, and not in the quarantine",
         "SELECT * FROM refused EXCEPT SELECT truck_id, (raw::json ->> 'timestamp')::timestamptz FROM haulcast.quarantine");
  }

  void both_ways(const std::string& what, const std::string& expected, const std::string& found) {
    none(report_.lost, what + " of the journal, not in the store", expected + " EXCEPT ALL " + found);
    none(report_.strange, what + " of the store, not in the journal", found + " EXCEPT ALL " + expected);
  }

  void records_against_journal(journal::offset_t first) {
    const auto since = fmt::format(" WHERE record >= {}", first);
    both_ways("a position", "SELECT * FROM journal_position", "SELECT * FROM held" + since);
    both_ways("an event", "SELECT * FROM journal_event",
              "SELECT record, place, time, type, truck_id, event::text FROM haulcast.event" + since);
    both_ways("a refused position", "SELECT * FROM journal_refused",
              "SELECT record, place, received_at, code, truck_id, raw FROM haulcast.quarantine" + since);
  }

  void configuration_against_journal() {
    both_ways("a geofence", "SELECT * FROM journal_fence", "SELECT geofence_id, version FROM haulcast.geofence");
    both_ways("a truck", "SELECT DISTINCT truck_id FROM journal_position",
              "SELECT truck_id FROM haulcast.truck WHERE NOT removed");
  }

  void hours() {
    none(report_.differing, "an hour is not settled", "SELECT hour, truck FROM haulcast.unsettled_hour");
    const auto trucks = db_.ask("SELECT truck_id FROM haulcast.truck ORDER BY 1");
    for (int i = 0; i < PQntuples(trucks.get()); ++i) hours_of(PQgetvalue(trucks.get(), i, 0));
  }

  void hours_of(const std::string& truck) {
    const auto expected = slow_hours(track_of(truck));
    const auto kept = hours_kept(truck);
    for (const auto& [hour, figures] : expected) {
      const auto there = kept.find(hour);
      if (there == kept.end() || !there->second.same_as(figures))
        complain(report_.differing, fmt::format("{} in hour {}: {:.3f} m of {:.3f} m, {} positions of {}", truck, hour,
                                                there == kept.end() ? 0 : there->second.distance_m, figures.distance_m,
                                                there == kept.end() ? 0 : there->second.count, figures.count));
    }
    for (const auto& [hour, figures] : kept) {
      if (!expected.contains(hour)) complain(report_.strange, fmt::format("{} has no hour {}", truck, hour));
    }
    report_.hours += expected.size();
    if (const auto asked = told_.find(truck); asked != told_.end()) compare(truck, expected, asked->second);
  }

  std::vector<slow_point> track_of(const std::string& truck) {
    const auto rows = db_.ask(
        "SELECT (extract(epoch FROM time) * 1000)::bigint, latitude, longitude, speed_kmh, accuracy_m, engine_status, verdict "
        "FROM held WHERE truck_id = '" +
        truck + "' ORDER BY time");
    std::vector<slow_point> track;
    for (int i = 0; i < PQntuples(rows.get()); ++i) {
      track.push_back({.at_ms = std::strtoll(PQgetvalue(rows.get(), i, 0), nullptr, 10),
                       .latitude = number(rows, i, 1),
                       .longitude = number(rows, i, 2),
                       .speed_kmh = number(rows, i, 3),
                       .accuracy_m = number(rows, i, 4),
                       .engine_status = PQgetvalue(rows.get(), i, 5),
                       .suspect = std::string_view{PQgetvalue(rows.get(), i, 6)} == "2"});
    }
    return track;
  }

  std::map<std::int64_t, slow_hour> hours_kept(const std::string& truck) {
    const auto rows = db_.ask(
        "SELECT floor(extract(epoch FROM hour) / 3600)::bigint, distance_m, h.max_speed_kmh, moving_ms, idle_ms, "
        "coordinates_count "
        "FROM haulcast.hour h JOIN haulcast.truck t ON t.number = h.truck WHERE t.truck_id = '" +
        truck + "'");
    std::map<std::int64_t, slow_hour> kept;
    const auto whole = [&](int row, int column) { return std::strtoll(PQgetvalue(rows.get(), row, column), nullptr, 10); };
    for (int i = 0; i < PQntuples(rows.get()); ++i) {
      const slow_hour found{number(rows, i, 1), number(rows, i, 2), whole(i, 3), whole(i, 4), whole(i, 5)};
      if (!kept.emplace(whole(i, 0), found).second) complain(report_.twice, "an hour of " + truck);
    }
    return kept;
  }

  static double number(const answer& rows, int row, int column) {
    return PQgetisnull(rows.get(), row, column) != 0 ? std::nan("") : std::strtod(PQgetvalue(rows.get(), row, column), nullptr);
  }

  // What the server answers, which rounds to metres and thousandths of a minute.
  void compare(const std::string& truck, const std::map<std::int64_t, slow_hour>& expected,
               const std::vector<nlohmann::json>& asked) {
    if (asked.size() != expected.size())
      return complain(report_.differing,
                      fmt::format("{} hours told of {}: {} are right", asked.size(), truck, expected.size()));
    auto next = asked.begin();
    for (const auto& [hour, f] : expected) {
      const nlohmann::json& item = *next++;
      const double average = f.distance_m / 1'000 / (static_cast<double>(f.moving_ms) / hour_ms);
      const bool same = item.at("hour") == rfc3339(hour * hour_ms) &&
                        near(item, "total_distance_km", f.distance_m / 1'000, 0.001) &&
                        near(item, "idle_time_minutes", static_cast<double>(f.idle_ms) / 60'000, 0.001) &&
                        near(item, "max_speed_kmh", f.max_speed_kmh, 1e-9) &&
                        near(item, "average_speed_kmh", f.moving_ms == 0 ? std::nan("") : average, 0.1) &&
                        item.at("coordinates_count") == f.count;
      if (!same) complain(report_.differing, fmt::format("told of {}: {}", truck, item.dump()));
    }
  }
  static bool near(const nlohmann::json& item, const char* name, double expected, double off) {
    const auto& told = item.at(name);
    if (told.is_null() || std::isnan(expected)) return told.is_null() && std::isnan(expected);
    return std::abs(told.get<double>() - expected) <= off;
  }

  database db_;
  const ledger& books_;
  const told_hours& told_;
  std::unique_ptr<journal::segment_log> log_;
  store_report report_;
};

}  // namespace

store_report audit_database(const std::string& connection, const ledger& books, const std::filesystem::path& data_dir,
                            const told_hours& told) {
  return auditor{connection, books, data_dir, told}.run();
}

store_report audit_what_is_left(const std::string& connection, const std::filesystem::path& data_dir) {
  return auditor{connection, {}, data_dir, {}}.run_on_what_is_left();
}

}  // namespace haulcast::support
