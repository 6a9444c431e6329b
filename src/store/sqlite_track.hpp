// One truck's positions in the embedded store, for its hourly figures; and the figures that are kept.
#pragma once

#include "haulcast/store/hours.hpp"
#include "sqlite_db.hpp"

namespace haulcast::store {

/// The first and last day that have positions, of any truck; none: there are none, or it failed.
struct sqlite_days {
  std::int64_t first = 0;
  std::int64_t last = -1;
};
sqlite_days days_of(sqlite_db& db);

/// Of the truck that was chosen last. Reads within the transaction that is on. A read that fails ends as if there were nothing
/// more: failed() says so.
class sqlite_track final : public track {
 public:
  explicit sqlite_track(sqlite_db& db);
  void choose(std::int64_t truck, sqlite_days days) noexcept;

  std::optional<utc_time> before(utc_time t) override;
  std::optional<utc_time> from(utc_time t) override;
  void read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) override;

  bool failed() const noexcept { return failed_; }

 private:
  std::optional<utc_time> one(sqlite_statement& ask, std::int64_t day, utc_time t);

  std::int64_t truck_ = 0;
  sqlite_days days_;
  sqlite_statement before_, from_, read_;
  bool failed_ = false;
};

hour_figures read_figures(const sqlite_statement& row);  // hour, distance, max speed, moving, idle, count

}  // namespace haulcast::store
