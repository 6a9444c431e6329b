// A connection to an SQLite file, its statements, and what its errors mean.
#pragma once

#include <sqlite3.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "haulcast/store/error.hpp"

namespace haulcast::store {

/// Prepared once, run many times. A step that fails says so by failed(); the connection knows why.
class sqlite_statement {
 public:
  sqlite_statement() = default;
  sqlite_statement(sqlite3* db, std::string_view sql);

  sqlite_statement& bind(int at, std::int64_t value) noexcept;
  sqlite_statement& bind(int at, std::uint64_t value) noexcept { return bind(at, static_cast<std::int64_t>(value)); }
  /// Unknown (NaN) is NULL.
  sqlite_statement& bind(int at, double value) noexcept;
  /// The text must stay until the step; empty is NULL.
  sqlite_statement& bind(int at, std::string_view text) noexcept;

  /// The next row; false: there is none, or it failed. Either way the statement can be bound and run again.
  bool row() noexcept;
  /// Runs one that gives no rows.
  bool run() noexcept { return !row() && !failed(); }
  bool failed() const noexcept { return code_ != SQLITE_DONE && code_ != SQLITE_ROW; }
  /// Before it is run again while rows are left.
  void rewind() noexcept { sqlite3_reset(statement_.get()); }

  std::int64_t integer(int column) const noexcept { return sqlite3_column_int64(statement_.get(), column); }
  double number(int column) const noexcept;
  std::string_view text(int column) const noexcept;  // until the next step

 private:
  struct finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, finalize> statement_;
  int code_ = SQLITE_MISUSE;
};

/// One thread at a time, but for interrupt().
class sqlite_db {
 public:
  enum class use : std::uint8_t { writing, reading };
  static store_result<std::unique_ptr<sqlite_db>> open(const std::filesystem::path& path, use how);
  ~sqlite_db();
  sqlite_db(const sqlite_db&) = delete;

  sqlite_statement prepare(std::string_view sql) { return {db_, sql}; }
  store_result<void> run(const char* sql);
  /// Rolled back unless `work` and the commit succeed.
  store_result<void> transaction(const char* begin, const std::function<store_result<void>()>& work);
  /// What the newest failure means.
  store_error error(std::string_view doing) const;
  sqlite3* handle() noexcept { return db_; }
  void interrupt() noexcept { sqlite3_interrupt(db_); }

 private:
  sqlite_db(sqlite3* db, std::filesystem::path path) : db_{db}, path_{std::move(path)} {}

  sqlite3* db_;
  std::filesystem::path path_;
};

}  // namespace haulcast::store
