// One truck's positions in the embedded store: the sorted ones, and those that lie in runs yet.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "haulcast/base/time.hpp"
#include "sqlite_db.hpp"

namespace haulcast::store {

/// The first and last day of sorted positions, of any truck; none: there are none, or it failed.
struct sqlite_days {
  std::int64_t first = 0;
  std::int64_t last = -1;
};
sqlite_days days_of(sqlite_db& db);

/// Reads within the transaction that is on. What fails ends as if there were nothing more: failed() says so.
class sqlite_positions {
 public:
  /// `columns` are read behind the time, which is column 0.
  sqlite_positions(sqlite_db& db, const std::string& columns);

  /// Gives positions in the order of time, of each time the one that was stored first, until `take` returns false.
  /// A probe for each run, and what is given; positions of other trucks or times are not read.
  void read(std::int64_t truck, sqlite_days days, utc_time from, utc_time to,
            const std::function<bool(const sqlite_statement&)>& take);

  bool failed() const noexcept { return failed_; }

 private:
  sqlite_statement sorted_, fresh_;
  bool failed_ = false;
};

/// When the truck's nearest position before a time, or at or after it, was sent, suspect ones apart.
class sqlite_neighbours {
 public:
  explicit sqlite_neighbours(sqlite_db& db);

  std::optional<utc_time> before(std::int64_t truck, sqlite_days days, utc_time t);
  std::optional<utc_time> from(std::int64_t truck, sqlite_days days, utc_time t);

  bool failed() const noexcept { return failed_; }

 private:
  std::optional<utc_time> one(sqlite_statement& ask);

  sqlite_statement before_, from_, fresh_before_, fresh_from_;
  bool failed_ = false;
};

}  // namespace haulcast::store
