#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "haulcast/store/sqlite.hpp"
#include "parts/plans.hpp"

namespace haulcast::bench {
namespace {

constexpr int steps_of_a_whole_scan = 10;  // fewer is a probe for the first row

/// One statement as it ran.
struct ran {
  std::string sql;  // with its values
  double rows = 0;
  double steps = 0;       // of SQLite's machine
  double full_steps = 0;  // from row to row of a scan that nothing bounds
};

class watched_sqlite;
watched_sqlite* watching = nullptr;

class watched_sqlite final : public watched_reader {
 public:
  explicit watched_sqlite(std::filesystem::path file) : file_{std::move(file)} {
    watching = this;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watched_sqlite::met));
    reader_ = store::make_sqlite_reader({.path = file_, .query_timeout = std::chrono::minutes{2}});
    const auto first = reader_->checkpoint();
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&watched_sqlite::met));
    if (!first) throw std::runtime_error{first.error().why};
    all_.clear();
    if (sqlite3_open_v2(file_.c_str(), &beside_, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK)
      throw std::runtime_error{"the store cannot be opened"};
  }
  ~watched_sqlite() override {
    reader_.reset();
    sqlite3_close_v2(beside_);
    watching = nullptr;
  }
  store::reader& ask() override { return *reader_; }

  reading account() override {
    reading made;
    for (const ran& each : std::exchange(all_, {})) {
      ++made.statements;
      if (each.full_steps > steps_of_a_whole_scan) made.scans.push_back(each.sql.substr(0, 100));
      if (each.sql.find("_position WHERE") != each.sql.npos || each.sql.find("fresh_position f") != each.sql.npos)
        made.position_rows += rows_read_at_most(each);
    }
    return made;
  }

 private:
  static int met(sqlite3* db, char**, const void*) {
    return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE | SQLITE_TRACE_ROW, &watched_sqlite::heard, nullptr);
  }
  static int heard(unsigned what, void*, void* of, void*) {
    auto* const statement = static_cast<sqlite3_stmt*>(of);
    if (what == SQLITE_TRACE_ROW) {
      ++watching->rows_;
      return 0;
    }
    char* const sql = sqlite3_expanded_sql(statement);
    const auto counted = [&](int which) { return static_cast<double>(sqlite3_stmt_status(statement, which, 1)); };
    watching->all_.push_back({.sql = sql == nullptr ? "" : sql,
                              .rows = std::exchange(watching->rows_, 0),
                              .steps = counted(SQLITE_STMTSTATUS_VM_STEP),
                              .full_steps = counted(SQLITE_STMTSTATUS_FULLSCAN_STEP)});
    sqlite3_free(sql);
    return 0;
  }

  /// A row that is answered takes as many steps as the loop is long, one that is passed over two at least. What goes before the
  /// loop counts as if it were rows.
  double rows_read_at_most(const ran& each) const {
    return each.rows + std::max(0.0, each.steps - each.rows * loop_length(each.sql)) / 2;
  }

  double loop_length(const std::string& sql) const {
    double length = 0;
    const auto row = [](void* to, int, char** values, char**) {
      const std::string_view code{values[1]};
      if (code == "Next" || code == "Prev") *static_cast<double*>(to) = std::stod(values[0]) - std::stod(values[3]) + 1;
      return 0;
    };
    sqlite3_exec(beside_, ("EXPLAIN " + sql).c_str(), row, &length, nullptr);
    return length;
  }

  const std::filesystem::path file_;
  std::unique_ptr<store::reader> reader_;
  sqlite3* beside_ = nullptr;
  std::vector<ran> all_;
  double rows_ = 0;  // of the statement that runs
};

}  // namespace

std::unique_ptr<watched_reader> watch_sqlite(const std::filesystem::path& file) {
  return std::make_unique<watched_sqlite>(file);
}

}  // namespace haulcast::bench
