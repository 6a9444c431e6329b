// The journal's records -> the rows of a store.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>
#include <string_view>

#include "haulcast/journal/record.hpp"
#include "haulcast/store/rows.hpp"

namespace haulcast::consumers {

/// Pure: the same records give the same rows, so a run that is read again after a crash is written as it was the first time.
/// Rows are views into the groups, which the batch keeps; about 0.1 us a position. Not thread-safe.
class row_builder {
 public:
  using offset_t = engine::offset_t;
  struct limits {
    std::size_t rows = 50'000;
    std::uint64_t bytes = 8U << 20;  // of records
  };

  /// `source`: of the events ("/haulcast/<journal id>").
  row_builder(std::string source, limits most) : source_{std::move(source)}, most_{most} {}

  /// Adds the records of the group from `from` on, which must follow what was added before. Stops behind the record that
  /// reaches a limit: full(). Returns the offset of the first record that was not added. A record that cannot be read becomes
  /// a dead letter.
  offset_t add(const journal::shared_group& group, offset_t from);

  bool full() const noexcept { return made_.rows() >= most_.rows || made_.bytes >= most_.bytes; }
  bool empty() const noexcept { return made_.reaches == 0; }
  const store::batch& made() const noexcept { return made_; }
  /// What was made, and begins anew.
  store::batch take();

 private:
  bool add_record(offset_t at, std::string_view bytes);
  bool add_batch(offset_t at, const journal::record_view& record);
  bool add_command(offset_t at, const journal::record_view& record);
  void add(const engine::register_truck& asked, offset_t at);
  void add(const engine::remove_truck& asked, offset_t at);
  void add(const engine::put_geofence& asked, offset_t at);
  void add(const engine::remove_geofence& asked, offset_t at);
  void add(const engine::stage_geofences& asked, offset_t at);
  void add(const engine::import_geofences& asked, offset_t at);
  void add(const engine::enforce_geofences& asked, offset_t at);
  bool add_enforced(offset_t at, const journal::record_view& record);
  void add_events(offset_t at);
  std::uint32_t heard(std::string_view truck_id, offset_t at);
  void say(std::string_view truck_id, offset_t at, std::shared_ptr<const engine::registration> what);
  void say_fence(std::string_view id, offset_t at, std::shared_ptr<const engine::geofence> what);

  std::string source_;
  limits most_;
  store::batch made_;
  boost::unordered_flat_map<std::string_view, std::uint32_t> trucks_;  // -> made_.trucks
  boost::unordered_flat_map<std::string, std::size_t> registry_;       // -> made_.registry
  boost::unordered_flat_map<std::string, std::size_t> geofences_;      // -> made_.geofences
  engine::batch read_;                                                 // scratch, as those below
  std::vector<engine::judgement> judgements_;
  std::vector<engine::event> events_;
  std::vector<std::uint32_t> places_;
};

}  // namespace haulcast::consumers
