// One truck's positions in the embedded store, for its hourly figures; and the figures that are kept.
#pragma once

#include "haulcast/store/hours.hpp"
#include "sqlite_positions.hpp"

namespace haulcast::store {

/// Of the truck that was chosen last. Reads within the transaction that is on. A read that fails ends as if there were nothing
/// more: failed() says so.
class sqlite_track final : public track {
 public:
  explicit sqlite_track(sqlite_db& db);
  void choose(std::int64_t truck, sqlite_days days) noexcept;

  std::optional<utc_time> before(utc_time t) override;
  std::optional<utc_time> from(utc_time t) override;
  void read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) override;

  bool failed() const noexcept { return positions_.failed() || neighbours_.failed(); }

 private:
  std::int64_t truck_ = 0;
  sqlite_days days_;
  sqlite_positions positions_;
  sqlite_neighbours neighbours_;
};

hour_figures read_figures(const sqlite_statement& row);  // hour, distance, max speed, moving, idle, count

}  // namespace haulcast::store
