#include "sqlite_db.hpp"

#include <fmt/format.h>

#include <limits>

namespace haulcast::store {

namespace {

constexpr int busy_timeout_ms = 5'000;

// Of a row's own making. Everything else may be otherwise in a while, or is for somebody to repair.
bool is_poison(int code) noexcept {
  return code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG || code == SQLITE_RANGE;
}

}  // namespace

sqlite_statement::sqlite_statement(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  code_ = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  statement_.reset(made);
}

sqlite_statement& sqlite_statement::bind(int at, std::int64_t value) noexcept {
  sqlite3_bind_int64(statement_.get(), at, value);
  return *this;
}

sqlite_statement& sqlite_statement::bind(int at, double value) noexcept {
  if (std::isnan(value))
    sqlite3_bind_null(statement_.get(), at);
  else
    sqlite3_bind_double(statement_.get(), at, value);
  return *this;
}

sqlite_statement& sqlite_statement::bind(int at, std::string_view text) noexcept {
  if (text.empty())
    sqlite3_bind_null(statement_.get(), at);
  else
    sqlite3_bind_text64(statement_.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

bool sqlite_statement::row() noexcept {
  code_ = sqlite3_step(statement_.get());
  if (code_ == SQLITE_ROW) return true;
  if (const int why = sqlite3_reset(statement_.get()); why != SQLITE_OK) code_ = why;
  return false;
}

double sqlite_statement::number(int column) const noexcept {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view sqlite_statement::text(int column) const noexcept {
  const auto* const begin = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return begin == nullptr ? std::string_view{}
                          : std::string_view{begin, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

store_result<std::unique_ptr<sqlite_db>> sqlite_db::open(const std::filesystem::path& path, use how) {
  const int flags = how == use::writing ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* db = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<sqlite_db> made{new sqlite_db{db, path}};
  if (opened != SQLITE_OK) {
    return store_error{trouble::unavailable,
                       fmt::format("cannot open the store {}: {}", path.string(), sqlite3_errstr(opened))};
  }
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, busy_timeout_ms);
  return made;
}

sqlite_db::~sqlite_db() { sqlite3_close_v2(db_); }

store_result<void> sqlite_db::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error("use");
  return {};
}

store_result<void> sqlite_db::transaction(const char* begin, const std::function<store_result<void>()>& work) {
  if (auto begun = run(begin); !begun) return begun;
  auto done = work();
  if (done) done = run("COMMIT");
  if (!done) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  return done;
}

store_error sqlite_db::error(std::string_view doing) const {
  const int code = sqlite3_errcode(db_) & 0xFF;
  return {is_poison(code) ? trouble::poison : trouble::unavailable,
          fmt::format("cannot {} the store {}: {}", doing, path_.string(), sqlite3_errmsg(db_))};
}

}  // namespace haulcast::store
