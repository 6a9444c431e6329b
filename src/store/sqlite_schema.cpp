#include "sqlite_schema.hpp"

#include <fmt/format.h>

#include <array>

#include "haulcast/store/sqlite.hpp"

namespace haulcast::store {

namespace {

// Says in the file's header whose it is: "HAUL".
constexpr std::int64_t application_id = 0x4841554C;

// Times are ms since 1970 in UTC; days and hours are whole ones since then. Unknown is NULL.
//
// Positions end in the order of day, truck and time: one truck over a time range lies together in each day, and the oldest
// day lies at the front, where retention takes it away. The key is their identity too, so each is there once.
constexpr std::array migrations{
    R"(
    CREATE TABLE checkpoint (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      journal TEXT NOT NULL,
      offset INTEGER NOT NULL
    );
    CREATE TABLE truck (
      number INTEGER PRIMARY KEY,
      truck_id TEXT NOT NULL UNIQUE,
      removed INTEGER NOT NULL DEFAULT 0,
      version INTEGER NOT NULL DEFAULT 0,
      name TEXT, plate TEXT, max_speed_kmh REAL, length_m REAL, width_m REAL, height_m REAL, weight_kg REAL, attributes TEXT
    );
    CREATE TABLE geofence (
      geofence_id TEXT PRIMARY KEY,
      version INTEGER NOT NULL,
      geofence TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE position (
      day INTEGER NOT NULL,
      truck INTEGER NOT NULL,
      time INTEGER NOT NULL,
      latitude REAL NOT NULL, longitude REAL NOT NULL,
      speed_kmh REAL, heading REAL, altitude_m REAL, accuracy_m REAL, odometer_km REAL, fuel_level_pct REAL, battery_pct REAL,
      engine_status TEXT, trip_id TEXT, driver_id TEXT, attributes TEXT,
      verdict INTEGER NOT NULL,
      suspicion INTEGER NOT NULL,
      received_at INTEGER NOT NULL,
      offset INTEGER NOT NULL, place INTEGER NOT NULL,
      PRIMARY KEY (day, truck, time)
    ) WITHOUT ROWID;
    CREATE TABLE event (
      offset INTEGER NOT NULL, place INTEGER NOT NULL,
      time INTEGER NOT NULL,
      type TEXT NOT NULL,
      truck_id TEXT, subject TEXT,
      event TEXT NOT NULL
    );
    CREATE UNIQUE INDEX event_by_time ON event (time, offset, place);
    CREATE INDEX event_by_type ON event (type, time, offset, place);
    CREATE INDEX event_by_truck ON event (truck_id, time, offset, place);
    CREATE TABLE quarantine (
      received_at INTEGER NOT NULL,
      offset INTEGER NOT NULL, place INTEGER NOT NULL,
      code TEXT NOT NULL,
      truck_id TEXT,
      raw TEXT,
      PRIMARY KEY (received_at, offset, place)
    ) WITHOUT ROWID;
    CREATE TABLE hour (
      truck INTEGER NOT NULL,
      hour INTEGER NOT NULL,
      distance_m REAL NOT NULL,
      max_speed_kmh REAL,
      moving_ms INTEGER NOT NULL,
      idle_ms INTEGER NOT NULL,
      coordinates_count INTEGER NOT NULL,
      PRIMARY KEY (truck, hour)
    ) WITHOUT ROWID;
    CREATE TABLE unsettled_hour (
      hour INTEGER NOT NULL,
      truck INTEGER NOT NULL,
      PRIMARY KEY (hour, truck)
    ) WITHOUT ROWID;
    CREATE INDEX unsettled_hour_by_truck ON unsettled_hour (truck, hour);
    CREATE TABLE dead_letter (
      time INTEGER NOT NULL,
      offset INTEGER NOT NULL, place INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      truck_id TEXT,
      reason TEXT NOT NULL,
      letter TEXT
    );
    CREATE INDEX dead_letter_by_time ON dead_letter (time);
    )",
    // Positions arrive in runs, each in the order of truck and time, and are merged into the sorted ones when there are many:
    // where each of ten thousand trucks sends one now and then, each would have a page of its own to be written otherwise.
    R"(
    ALTER TABLE position RENAME TO sorted_position;
    CREATE TABLE position_run (
      run INTEGER PRIMARY KEY,
      began INTEGER NOT NULL,           -- when its first row was received
      first_day INTEGER NOT NULL,       -- of its positions
      positions INTEGER NOT NULL,
      merged INTEGER NOT NULL DEFAULT 0 -- those of trucks up to this number lie in sorted_position
    );
    CREATE TABLE fresh_position (
      run INTEGER NOT NULL,
      day INTEGER NOT NULL,
      truck INTEGER NOT NULL,
      time INTEGER NOT NULL,
      latitude REAL NOT NULL, longitude REAL NOT NULL,
      speed_kmh REAL, heading REAL, altitude_m REAL, accuracy_m REAL, odometer_km REAL, fuel_level_pct REAL, battery_pct REAL,
      engine_status TEXT, trip_id TEXT, driver_id TEXT, attributes TEXT,
      verdict INTEGER NOT NULL,
      suspicion INTEGER NOT NULL,
      received_at INTEGER NOT NULL,
      offset INTEGER NOT NULL, place INTEGER NOT NULL,
      PRIMARY KEY (run, truck, time)
    ) WITHOUT ROWID;
    CREATE VIEW position AS
      SELECT * FROM sorted_position
      UNION ALL
      SELECT f.day, f.truck, f.time, f.latitude, f.longitude, f.speed_kmh, f.heading, f.altitude_m, f.accuracy_m, f.odometer_km,
             f.fuel_level_pct, f.battery_pct, f.engine_status, f.trip_id, f.driver_id, f.attributes, f.verdict, f.suspicion,
             f.received_at, f.offset, f.place
      FROM position_run r CROSS JOIN fresh_position f ON f.run = r.run WHERE f.truck > r.merged;
    )",
};

store_result<std::int64_t> pragma(sqlite_db& db, std::string_view name) {
  auto ask = db.prepare(fmt::format("PRAGMA {}", name));
  if (!ask.row()) return db.error("read");
  return ask.integer(0);
}

}  // namespace

int sqlite_schema_version() noexcept { return static_cast<int>(migrations.size()); }

store_result<int> schema_version(sqlite_db& db) {
  const auto version = pragma(db, "user_version");
  if (!version) return version.error();
  return static_cast<int>(*version);
}

namespace {

store_result<migration> steps(sqlite_db& db) {
  const auto version = schema_version(db);
  if (!version) return version.error();
  const auto whose = pragma(db, "application_id");
  if (!whose) return whose.error();
  const auto tables = pragma(db, "schema_version");
  if (!tables) return tables.error();
  const std::string path = sqlite3_db_filename(db.handle(), "main");
  if (*whose != application_id && (*whose != 0 || *version != 0 || *tables != 0)) {
    return store_error{trouble::fatal, fmt::format("{} is a database, but not a store of haulcast", path)};
  }
  if (*version > sqlite_schema_version()) {
    return store_error{trouble::fatal, fmt::format("the store {} was written by a newer version (schema {}, this one knows {})",
                                                   path, *version, sqlite_schema_version())};
  }
  for (int next = *version; next < sqlite_schema_version(); ++next) {
    if (auto taken = db.run(migrations[static_cast<std::size_t>(next)]); !taken) return taken.error();
  }
  const auto said = db.run(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, sqlite_schema_version()).c_str());
  if (!said) return said.error();
  return migration{*version, sqlite_schema_version()};
}

}  // namespace

store_result<migration> migrate(sqlite_db& db, bool dry_run) {
  if (auto begun = db.run("BEGIN IMMEDIATE"); !begun) return begun.error();
  auto done = steps(db);
  const auto ended = db.run(done && !dry_run ? "COMMIT" : "ROLLBACK");
  if (done && !ended) return ended.error();
  return done;
}

store_result<migration> migrate_sqlite(const sqlite_options& options, bool dry_run) {
  if (std::error_code none; dry_run && !std::filesystem::exists(options.path, none))
    return migration{0, sqlite_schema_version()};
  auto opened = sqlite_db::open(options.path, sqlite_db::use::writing);
  if (!opened) return opened.error();
  return migrate(**opened, dry_run);
}

}  // namespace haulcast::store
