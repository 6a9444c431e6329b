#include "postgres_mirror.hpp"

#include <libpq-fe.h>
#include <sqlite3.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "haulcast/store/sqlite.hpp"

namespace haulcast::support {
namespace {

constexpr Oid float8 = 701;

struct copied {
  const char* table;
  const char* select;  // the embedded table's columns, in its order
};

constexpr copied tables[] = {
    {"checkpoint", "SELECT 1, journal, record FROM checkpoint WHERE journal IS NOT NULL"},
    {"truck",
     "SELECT number, truck_id, removed::int, version, name, plate, max_speed_kmh, length_m, width_m, height_m, weight_kg, "
     "attributes FROM truck"},
    {"geofence", "SELECT geofence_id, version, geofence FROM geofence"},
    {"sorted_position",
     "SELECT floor(extract(epoch FROM time) / 86400)::bigint, truck, (extract(epoch FROM time) * 1000)::bigint, "
     "ST_Y(point::geometry), ST_X(point::geometry), speed_kmh, heading, altitude_m, accuracy_m, odometer_km, fuel_level_pct, "
     "battery_pct, engine_status, trip_id, driver_id, attributes, verdict, suspicion, "
     "(extract(epoch FROM received_at) * 1000)::bigint, record, place FROM position"},
    {"event", "SELECT record, place, (extract(epoch FROM time) * 1000)::bigint, type, truck_id, subject, event FROM event"},
    {"quarantine",
     "SELECT (extract(epoch FROM received_at) * 1000)::bigint, record, place, code, truck_id, raw FROM quarantine"},
    {"hour",
     "SELECT truck, (extract(epoch FROM hour) / 3600)::bigint, distance_m, max_speed_kmh, moving_ms, idle_ms, "
     "coordinates_count FROM hour"},
    {"unsettled_hour", "SELECT hour, truck FROM unsettled_hour"},
    {"dead_letter",
     "SELECT (extract(epoch FROM time) * 1000)::bigint, record, place, kind, truck_id, reason, letter FROM dead_letter"},
};

void must(bool good, const std::string& why) {
  if (!good) throw std::runtime_error{"cannot mirror the store: " + why};
}

// Numbers as numbers: SQLite's own reading of digits may miss the last bit.
void bind(sqlite3_stmt* to, const PGresult* from, int row, int column) {
  if (PQgetisnull(from, row, column) != 0) {
    sqlite3_bind_null(to, column + 1);
  } else if (PQftype(from, column) == float8) {
    sqlite3_bind_double(to, column + 1, std::strtod(PQgetvalue(from, row, column), nullptr));
  } else {
    sqlite3_bind_text(to, column + 1, PQgetvalue(from, row, column), PQgetlength(from, row, column), SQLITE_STATIC);
  }
}

void copy(PGconn* from, sqlite3* to, const copied& what) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> rows{PQexec(from, what.select), &PQclear};
  must(PQresultStatus(rows.get()) == PGRES_TUPLES_OK, PQerrorMessage(from));
  std::string sql = std::string{"INSERT INTO "} + what.table + " VALUES (";
  for (int i = 1; i <= PQnfields(rows.get()); ++i) sql += "?" + std::to_string(i) + ",";
  sql.back() = ')';
  sqlite3_stmt* insert = nullptr;
  must(sqlite3_prepare_v2(to, sql.c_str(), -1, &insert, nullptr) == SQLITE_OK, sqlite3_errmsg(to));
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    for (int i = 0; i < PQnfields(rows.get()); ++i) bind(insert, rows.get(), row, i);
    must(sqlite3_step(insert) == SQLITE_DONE, std::string{what.table} + ": " + sqlite3_errmsg(to));
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
}

}  // namespace

void mirror_postgres(const std::string& connection, const std::filesystem::path& data_dir) {
  const auto file = data_dir / "store.sqlite";
  must(!std::filesystem::exists(file), "there is a file already");
  must(store::migrate_sqlite({.path = file}, false).has_value(), "no file can be made");
  const std::unique_ptr<PGconn, decltype(&PQfinish)> from{PQconnectdb(connection.c_str()), &PQfinish};
  must(PQstatus(from.get()) == CONNECTION_OK, PQerrorMessage(from.get()));
  PQclear(PQexec(from.get(), "SET search_path = haulcast, public"));
  PQclear(PQexec(from.get(), "SET extra_float_digits = 1"));
  sqlite3* made = nullptr;
  must(sqlite3_open(file.c_str(), &made) == SQLITE_OK, "it cannot be opened");
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> to{made, &sqlite3_close};
  sqlite3_exec(made, "BEGIN", nullptr, nullptr, nullptr);
  for (const auto& each : tables) copy(from.get(), made, each);
  must(sqlite3_exec(made, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK, sqlite3_errmsg(made));
}

}  // namespace haulcast::support
