// What a store reads for an answer: by the database's own account of the very statements that the store's reader ran.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "haulcast/store/reader.hpp"
#include "parts/database.hpp"

namespace haulcast::bench {

struct reading {
  double position_rows = 0;  // of the table of positions, at most so many were read
  std::size_t statements = 0;
  std::set<std::string> partitions;  // that were read; PostgreSQL only
  std::vector<std::string> scans;    // of a whole table or index that may be long: "event"
};

/// A reader whose statements are accounted for. One for each kind of store.
class watched_reader {
 public:
  virtual ~watched_reader() = default;
  virtual store::reader& ask() = 0;
  /// Of all that was asked since the last time.
  virtual reading account() = 0;
};

/// By auto_explain: EXPLAIN (ANALYZE, FORMAT JSON) of each statement as it ran.
std::unique_ptr<watched_reader> watch_postgres(database& db, const std::string& name);

/// By sqlite3_trace and the counters of each statement as it ran. Only one lives at a time, for SQLite has one list of what is
/// told of new connections.
std::unique_ptr<watched_reader> watch_sqlite(const std::filesystem::path& file);

}  // namespace haulcast::bench
