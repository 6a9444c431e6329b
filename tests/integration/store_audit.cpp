#include "store_audit.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <functional>
#include <map>
#include <stdexcept>

#include "haulcast/journal/recovery.hpp"
#include "haulcast/store/hours.hpp"
#include "haulcast/store/sqlite.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/json_out.hpp"
#include "story.hpp"

namespace haulcast::support {
namespace {

constexpr std::size_t examples_max = 10;

/// Everything that a statement gives, as text.
void each_row(const std::filesystem::path& file, const std::string& sql, const std::function<void(sqlite3_stmt*)>& take) {
  sqlite3* db = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK ||
      sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    throw std::runtime_error{fmt::format("cannot ask {}: {}", file.string(), sqlite3_errmsg(db))};
  }
  int code = 0;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) take(statement);
  const std::string why = sqlite3_errmsg(db);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  if (code != SQLITE_DONE) throw std::runtime_error{why};
}

std::string text_of(sqlite3_stmt* s, int column) {
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  return text == nullptr ? "" : text;
}

double number_of(sqlite3_stmt* s, int column) {
  return sqlite3_column_type(s, column) == SQLITE_NULL ? engine::unknown : sqlite3_column_double(s, column);
}

class auditor {
 public:
  auditor(const ledger& books, const std::filesystem::path& data_dir) : books_{books}, file_{data_dir / "store.sqlite"} {
    auto log = journal::segment_log::open({.directory = data_dir / "journal"});
    if (!log) throw std::runtime_error{log.error().what};
    log_ = std::move(*log);
    if (log_->first_offset() != 1) throw std::runtime_error{"the journal's beginning is gone"};
  }

  store_report run() {
    std::string at;
    each_row(file_, "SELECT journal || ' ' || offset FROM checkpoint", [&](sqlite3_stmt* s) { at = text_of(s, 0); });
    if (at != fmt::format("{} {}", log_->id(), log_->last_offset())) {
      throw std::runtime_error{fmt::format("the store is at {}, the journal at {}", at, log_->last_offset())};
    }
    read_journal();
    compare(positions_,
            "SELECT offset, place, truck_id || ' ' || time || ' ' || received_at || ' ' || verdict || ' ' || "
            "suspicion, latitude, longitude, speed_kmh, heading, altitude_m, accuracy_m, odometer_km, "
            "fuel_level_pct, battery_pct, engine_status, trip_id, driver_id, position.attributes, truck_id, time "
            "FROM position JOIN truck ON number = truck",
            report_.positions, [this](sqlite3_stmt* s) { return position_in(s); });
    compare(events_, "SELECT offset, place, event FROM event", report_.events, [](sqlite3_stmt* s) { return text_of(s, 2); });
    compare(rejected_,
            "SELECT offset, place, received_at || ' ' || code || ' ' || coalesce(truck_id, '') || ' ' || "
            "coalesce(raw, '') FROM quarantine",
            report_.rejected, [](sqlite3_stmt* s) { return text_of(s, 2); });
    each_row(file_, "SELECT count(*) FROM dead_letter", [this](sqlite3_stmt* s) {
      if (sqlite3_column_int64(s, 0) != 0) complain(report_.lost, "there are dead letters");
    });
    check_books();
    check_hours();
    check_configuration();
    return std::move(report_);
  }

 private:
  using place = std::pair<std::int64_t, std::int64_t>;

  void complain(std::uint64_t& count, std::string example) {
    ++count;
    if (report_.examples.size() < examples_max) report_.examples.push_back(std::move(example));
  }

  void read_journal() {
    const auto read =
        journal::for_each_record(*log_, 1, [this](journal::offset_t at, const journal::record_view& r) -> result<void> {
          std::vector<engine::event> events;
          if (!journal::read_events(r, events)) throw std::runtime_error{"events cannot be read"};
          for (std::uint32_t i = 0; i < events.size(); ++i) {
            std::string text;
            wire::append_cloud_event(text, events[i], {at, i}, "/haulcast/" + log_->id());
            events_[{at, i}] = text;
          }
          if (r.kind == journal::record_kind::batch) take_batch(at, r);
          if (r.kind == journal::record_kind::command) take_command(at, r);
          return {};
        });
    if (!read) throw std::runtime_error{read.error().what};
  }

  void take_batch(journal::offset_t at, const journal::record_view& r) {
    engine::batch input;
    std::vector<engine::judgement> told;
    if (!journal::read_batch(r, input, told)) throw std::runtime_error{"a batch cannot be read"};
    for (std::size_t i = 0; i < input.positions.size(); ++i) {
      if (told[i].what == engine::verdict::duplicate) continue;
      const auto& p = input.positions[i];
      const std::string truck{input.trucks[p.truck]};
      trucks_[truck] = true;
      std::string json;
      wire::append_position(json, truck, p.where);
      positions_[{at, p.index}] = fmt::format("{} {} {} {} {} {}", truck, to_epoch_ms(p.where.timestamp), to_epoch_ms(r.time),
                                              static_cast<int>(told[i].what), static_cast<int>(told[i].why), json);
      tracks_[truck].emplace(p.where.timestamp, store::track_point_of(p.where, told[i].what == engine::verdict::suspect));
    }
    for (const auto& q : input.rejected) {
      rejected_[{at, q.index}] = fmt::format("{} {} {} {}", to_epoch_ms(r.time), engine::to_string(q.code), q.truck_id, q.raw);
    }
  }

  void take_command(journal::offset_t at, const journal::record_view& r) {
    engine::command input;
    engine::command_status decided{};
    if (!journal::read_command(r, input, decided)) throw std::runtime_error{"a command cannot be read"};
    if (const auto* const put = std::get_if<engine::put_geofence>(&input.what)) fences_[put->what.id] = at;
    if (const auto* const gone = std::get_if<engine::remove_geofence>(&input.what)) fences_.erase(gone->geofence_id);
    if (const auto* const put = std::get_if<engine::register_truck>(&input.what)) trucks_[put->truck_id] = true;
    if (const auto* const gone = std::get_if<engine::remove_truck>(&input.what)) trucks_[gone->truck_id] = false;
  }

  std::string position_in(sqlite3_stmt* s) {
    engine::position p;
    p.point = {number_of(s, 3), number_of(s, 4)};
    const std::string texts[] = {text_of(s, 12), text_of(s, 13), text_of(s, 14), text_of(s, 15)};
    p.speed_kmh = number_of(s, 5);
    p.heading = number_of(s, 6);
    p.altitude_m = number_of(s, 7);
    p.accuracy_m = number_of(s, 8);
    p.odometer_km = number_of(s, 9);
    p.fuel_level_pct = number_of(s, 10);
    p.battery_pct = number_of(s, 11);
    p.engine_status = texts[0];
    p.trip_id = texts[1];
    p.driver_id = texts[2];
    p.attributes = texts[3];
    p.timestamp = from_epoch_ms(sqlite3_column_int64(s, 17));
    std::string json;
    wire::append_position(json, text_of(s, 16), p);
    held_[{text_of(s, 16), sqlite3_column_int64(s, 17)}].push_back({number_of(s, 3), number_of(s, 4)});
    return text_of(s, 2) + " " + json;
  }

  // Whatever the journal has is there once, as it is there, and nothing else is.
  template <class Line>
  void compare(const std::map<place, std::string>& expected, const std::string& sql, std::uint64_t& count, Line line) {
    std::map<place, int> seen;
    each_row(file_, sql, [&](sqlite3_stmt* s) {
      ++count;
      const place at{sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)};
      const std::string found = line(s);
      const auto there = expected.find(at);
      if (there == expected.end())
        complain(report_.strange, fmt::format("{}/{} is not in the journal: {}", at.first, at.second, found));
      else if (there->second != found)
        complain(report_.strange,
                 fmt::format("{}/{}: {} in the journal, {} in the store", at.first, at.second, there->second, found));
      if (++seen[at] == 2) complain(report_.twice, fmt::format("{}/{} is there twice: {}", at.first, at.second, found));
    });
    for (const auto& [at, text] : expected) {
      if (!seen.contains(at)) complain(report_.lost, fmt::format("{}/{} is not in the store: {}", at.first, at.second, text));
    }
  }

  void check_books() {
    for (const auto& [key, there] : held_) {
      if (there.size() > 1)
        complain(report_.twice, fmt::format("{} at {} is there {} times", key.first, key.second, there.size()));
    }
    for (const ledger_batch& b : books_.batches) {
      for (const ledger_position& p : b.positions) {
        if (!p.must_be_held()) continue;
        const auto there = held_.find({books_.trucks[p.truck], p.timestamp_ms});
        if (there == held_.end() || there->second.front() != std::pair{p.latitude, p.longitude})
          complain(report_.lost, fmt::format("{} at {} was acknowledged", books_.trucks[p.truck], p.timestamp_ms));
      }
    }
  }

  void check_hours() {
    const auto reader = store::make_sqlite_reader({.path = file_});
    for (const auto& [truck, track] : tracks_) {
      store::hour_fold fold;
      for (const auto& [when, p] : track) fold.add(p);
      const auto expected = fold.take();
      const auto got = reader->hours({.truck_id = truck, .from = expected.front().hour, .to = expected.back().hour}, {});
      if (!got) throw std::runtime_error{got.error().why};
      report_.hours += got->rows.size();
      if (got->rows != expected) complain(report_.differing, "the figures of " + truck);
    }
  }

  void check_configuration() {
    std::map<std::string, bool> trucks;
    each_row(file_, "SELECT truck_id, removed FROM truck",
             [&](sqlite3_stmt* s) { trucks[text_of(s, 0)] = sqlite3_column_int(s, 1) == 0; });
    std::map<std::string, std::uint64_t> fences;
    each_row(file_, "SELECT geofence_id, version FROM geofence",
             [&](sqlite3_stmt* s) { fences[text_of(s, 0)] = static_cast<std::uint64_t>(sqlite3_column_int64(s, 1)); });
    if (trucks != trucks_) complain(report_.differing, "the trucks");
    if (fences != fences_) complain(report_.differing, "the geofences");
  }

  const ledger& books_;
  std::filesystem::path file_;
  std::unique_ptr<journal::segment_log> log_;
  std::map<place, std::string> positions_, events_, rejected_;
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::pair<double, double>>> held_;
  std::map<std::string, std::map<utc_time, store::track_point>> tracks_;
  std::map<std::string, bool> trucks_;  // whether it is there
  std::map<std::string, std::uint64_t> fences_;
  store_report report_;
};

}  // namespace

std::string store_report::to_string() const {
  std::string text = fmt::format(
      "the store: {} positions, {} events, {} refused positions, {} hours of figures: {} lost, {} twice, {} strange, {} "
      "differing",
      positions, events, rejected, hours, lost, twice, strange, differing);
  for (const auto& e : examples) text += "\n  " + e;
  return text;
}

store_report audit_store(const ledger& books, const std::filesystem::path& data_dir) { return auditor{books, data_dir}.run(); }

bool await_store(server& of, std::chrono::milliseconds within) {
  api admin = of.as();
  return eventually([&] { return metric(admin.get("/metrics").raw.body, "haulcast_store_lag_records") == 0; }, within);
}

}  // namespace haulcast::support
