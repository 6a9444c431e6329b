#include "integration/either_store.hpp"

#include <libpq-fe.h>
#include <sqlite3.h>

#include <filesystem>
#include <stdexcept>

#include "support/needs.hpp"

namespace haulcast::support {
namespace {

namespace fs = std::filesystem;

constexpr const char* parts[] = {"", "-wal", "-shm"};

fs::path file_of(const server& s) { return s.data_dir() / "store.sqlite"; }
fs::path away(const server& s) { return s.data_dir() / "store.away"; }

void move_parts(const fs::path& from, const fs::path& to) {
  for (const char* part : parts) {
    std::error_code none;  // not all of them are there
    fs::rename(from.string() + part, to.string() + part, none);
  }
}

struct open_file {
  explicit open_file(const fs::path& file) {
    if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) throw std::runtime_error{"the store's file cannot be opened"};
    sqlite3_busy_timeout(db, 20'000);
  }
  ~open_file() { sqlite3_close(db); }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;

  sqlite3* db = nullptr;
};

class sqlite_lock final : public write_lock {
 public:
  explicit sqlite_lock(const fs::path& file) : file_{file} {
    EXPECT_EQ(sqlite3_exec(file_.db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }

 private:
  open_file file_;
};

class postgres_lock final : public write_lock {
 public:
  explicit postgres_lock(const std::string& connection) : to_{PQconnectdb(connection.c_str())} {
    PGresult* const locked = PQexec(to_, "BEGIN; LOCK TABLE haulcast.checkpoint IN EXCLUSIVE MODE");
    EXPECT_EQ(PQresultStatus(locked), PGRES_COMMAND_OK) << PQerrorMessage(to_);
    PQclear(locked);
  }
  ~postgres_lock() override { PQfinish(to_); }
  postgres_lock(const postgres_lock&) = delete;
  postgres_lock& operator=(const postgres_lock&) = delete;

 private:
  PGconn* to_;
};

int append_row(void* to, int columns, char** values, char**) {
  auto& all = *static_cast<std::string*>(to);
  for (int i = 0; i < columns; ++i) (all += i > 0 ? "|" : "") += values[i] == nullptr ? "" : values[i];
  all += ';';
  return 0;
}

}  // namespace

EitherStore::EitherStore() {
  if (in_postgres() && !postgres_server::programs().empty()) database_.emplace();
}

void EitherStore::SetUp() {
  if (in_postgres()) {
    NEEDS_POSTGRES();
  }
}

server_options EitherStore::kept(std::map<std::string, std::string> environment) const {
  if (database_) environment.emplace("HAULCAST_STORE__URL", database_->connection());
  return {.environment = std::move(environment)};
}

void EitherStore::take_store_away(const server& of) const {
  if (database_) return database_->let_be_there(false);
  move_parts(file_of(of), away(of));
  fs::create_directory(file_of(of));
}

void EitherStore::bring_store_back(const server& of) const {
  if (database_) return database_->let_be_there(true);
  fs::remove(file_of(of));
  move_parts(away(of), file_of(of));
}

std::unique_ptr<write_lock> EitherStore::lock_store(const server& of) const {
  if (database_) return std::make_unique<postgres_lock>(database_->connection());
  return std::make_unique<sqlite_lock>(file_of(of));
}

std::string EitherStore::ask_store(const server& of, const std::string& sql) const {
  if (database_) return database_->ask(sql);
  const open_file file{file_of(of)};
  std::string all;
  char* why = nullptr;
  if (sqlite3_exec(file.db, sql.c_str(), append_row, &all, &why) != SQLITE_OK) all = why;
  sqlite3_free(why);
  return all;
}

}  // namespace haulcast::support
