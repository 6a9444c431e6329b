// The embedded store's one writing connection.
#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "haulcast/store/sqlite.hpp"
#include "known_trucks.hpp"
#include "sqlite_db.hpp"
#include "sqlite_track.hpp"

namespace haulcast::store {

class sqlite_writer final : public writer {
 public:
  explicit sqlite_writer(sqlite_options options) : options_{std::move(options)} {}

  store_result<void> open() override;
  store_result<std::optional<journal::checkpoint>> checkpoint() override;
  store_result<void> adopt(const journal::checkpoint& to) override;
  store_result<void> write(const batch& rows, const std::string& journal_id) override;
  store_result<void> rehearse(const batch& rows) override;
  store_result<void> make_durable() override;
  store_result<bool> upkeep(const retention& keep, utc_time now) override;
  void interrupt() noexcept override;

 private:
  using known_truck = store::known_truck<std::int64_t>;
  struct statements {
    explicit statements(sqlite_db& db);

    sqlite_statement get_checkpoint, set_checkpoint;
    sqlite_statement find_truck, add_truck, revive_truck, say_truck, remove_truck;
    sqlite_statement put_geofence, remove_geofence;
    sqlite_statement newest_run, add_run, lengthen_run, add_position, fresh_times, sorted_time, unsettle;
    sqlite_statement add_event, add_quarantine, add_dead;
  };

  struct merge_statements {
    explicit merge_statements(sqlite_db& db);

    sqlite_statement runs, merged_run, drop_positions, drop_run, trucks, merge, move_hand;
  };

  struct hour_statements {
    explicit hour_statements(sqlite_db& db);

    sqlite_statement marks, settled, replaced, add;
    sqlite_track positions;
  };

  store_result<void> ready();
  template <class Work>
  auto guarded(Work work) -> decltype(work());
  store_result<std::optional<journal::checkpoint>> read_checkpoint();
  store_result<void> move_checkpoint(const journal::checkpoint& to);
  store_result<void> expect(offset_t before, const std::string& journal_id);
  store_result<void> put(const batch& rows);
  store_result<known_truck*> truck(std::string_view id);
  store_result<void> put_positions(const batch& rows);
  store_result<void> put_position(const position_row& row, known_truck& of, std::int64_t run);
  struct keyed_position;
  store_result<bool> is_repeat(const keyed_position& p);
  store_result<std::int64_t> run_for(const batch& rows);
  store_result<void> put_registry(const batch& rows);
  store_result<void> put_geofences(const batch& rows);
  store_result<void> put_others(const batch& rows);
  /// What is merged although there is not much of it.
  struct overdue {
    utc_time began_before;
    std::int64_t day_before = 0;
  };
  store_result<bool> merge_some(std::int64_t positions, const std::optional<overdue>& small);
  store_result<std::int64_t> drop_merged_run();
  store_result<std::int64_t> merge_trucks(std::int64_t hand, std::int64_t held, std::int64_t positions);
  store_result<bool> settle_some(utc_time now);
  store_result<void> settle_truck(std::int64_t truck, sqlite_days days, std::int64_t before_hour);
  store_result<bool> drop_some(const retention& keep, utc_time now);
  bool file_is_ours() const;

  const sqlite_options options_;
  std::atomic<bool> interrupted_{false};
  std::mutex opening_;  // db_ is not replaced while interrupt() uses it
  std::unique_ptr<sqlite_db> db_;
  std::optional<statements> run_;
  std::optional<merge_statements> merge_;
  std::optional<hour_statements> hours_;
  by_truck_id<known_truck> trucks_;
  std::int64_t settled_before_ = 0;  // marks of earlier hours may be gone again
  std::vector<known_truck*> of_batch_;
  struct keyed_position {
    std::int64_t truck;
    utc_time time;
    place at;
    const position_row* row;
  };
  std::vector<keyed_position> in_key_order_;
  std::vector<std::int64_t> fresh_times_;  // of the truck and day in hand, where positions may repeat
  std::pair<std::int64_t, std::int64_t> fresh_times_of_;
  std::int64_t hours_hand_ = 0;  // trucks whose old hours were looked at
};

// A failed commit leaves in doubt what is there, and a connection that saw one is not asked again. What is known of trucks may
// stem from what was rolled back.
template <class Work>
auto sqlite_writer::guarded(Work work) -> decltype(work()) {
  if (auto opened = ready(); !opened) return opened.error();
  auto done = work();
  if (done) return done;
  trucks_.clear();
  if (done.error().what == trouble::poison) return done;
  run_.reset();
  merge_.reset();
  hours_.reset();
  const std::lock_guard lock{opening_};
  db_.reset();
  return done;
}

}  // namespace haulcast::store
