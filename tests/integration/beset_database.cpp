#include "beset_database.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace haulcast::support {

namespace {

std::string ask_of(const std::string& connection, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> to{PQconnectdb(connection.c_str()), &PQfinish};
  const std::unique_ptr<PGresult, decltype(&PQclear)> told{PQexec(to.get(), sql.c_str()), &PQclear};
  if (PQresultStatus(told.get()) != PGRES_TUPLES_OK) throw std::runtime_error{PQerrorMessage(to.get())};
  return PQntuples(told.get()) == 0 ? std::string{} : PQgetvalue(told.get(), 0, 0);
}

std::uint64_t record_of(const std::string& connection) {
  if (ask_of(connection, "SELECT to_regclass('haulcast.checkpoint') IS NOT NULL") != "t") return 0;
  return std::strtoull(ask_of(connection, "SELECT coalesce(max(record), 0) FROM haulcast.checkpoint").c_str(), nullptr, 10);
}

}  // namespace

beset_database::beset_database()
    : server_{{"wal_writer_delay=10s", "wal_writer_flush_after=1GB", "max_connections=40", "max_wal_size=2GB"}},
      proxy_{server_.socket()} {
  server_.run("CREATE DATABASE haulcast");
}

std::string beset_database::url() const {
  return "host=127.0.0.1 port=" + std::to_string(proxy_.port()) + " user=haulcast sslmode=disable dbname=" + name;
}

std::string beset_database::ask(const std::string& sql) const { return ask_of(connection(), sql); }

std::uint64_t beset_database::record() const { return record_of(connection()); }

int beset_database::terminate_backends() const {
  return std::atoi(
      ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'haulcast'").c_str());
}

void beset_database::back_up() {
  server_.dump(name, scratch_ / "backup");
  backed_up_ = record();
}

void beset_database::restore() {
  server_.run("CREATE DATABASE beside");
  server_.restore(scratch_ / "backup", "beside");
  backed_up_ = record_of(server_.connection("beside"));
  replace();
}

void beset_database::restore_nothing() {
  server_.run("CREATE DATABASE beside");
  replace();
}

void beset_database::replace() {
  server_.run("DROP DATABASE haulcast WITH (FORCE)");
  server_.run("ALTER DATABASE beside RENAME TO haulcast");
}

}  // namespace haulcast::support
