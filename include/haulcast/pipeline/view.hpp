// The committed, told copy of every truck's newest position, status and registration, and of every geofence: what reads and
// snapshots for subscribers come from.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/base/block_vector.hpp"
#include "haulcast/base/prefetch.hpp"
#include "haulcast/engine/id_index.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::pipeline {

using engine::offset_t;
using engine::truck_index;

struct alignas(cache_line_bytes) told_truck {
  std::string id;
  bool registered = false;  // it is there for whoever reads
  bool has_position = false;
  bool had_position = false;  // before it was removed: shown again when it comes back
  engine::truck_status status = engine::truck_status::offline;
  utc_time received_at;        // of `newest`
  offset_t position_told = 0;  // the record that brought `newest`
  engine::kept_position newest;
  std::shared_ptr<const engine::registration> registration;  // null: nothing was said of it
};
static_assert(sizeof(told_truck) == 3 * cache_line_bytes);

/// Changes only in Tell, so a read after an answer sees what was written, and nobody sees what a failed commit takes back.
/// Loop only. Indexes are those of the world it was made from; index order is the order in which trucks appeared.
class view {
 public:
  explicit view(std::size_t max_trucks);
  /// As of a recovered world: every record in it counts as told.
  view(const engine::world& world, std::size_t max_trucks, offset_t told);

  /// Asks for the memory that telling something of these trucks takes.
  void prefetch(const std::vector<engine::outcome::truck_change>& trucks) const noexcept;
  void tell_position(truck_index truck, std::string_view id, const engine::position& p, utc_time received_at, offset_t offset);
  void tell_status(truck_index truck, std::string_view id, engine::truck_status status);
  void tell_registration(const engine::outcome::registry_change& change);
  /// O(log geofences).
  void tell_geofence(const engine::outcome::geofence_change& change);
  void tell_visit(const std::string& truck_id, const engine::visit_change& change);

  /// Also one that was removed: whoever follows it by its index gets it when it comes back.
  std::optional<truck_index> find(std::string_view id) const;
  /// A truck that the world has but nobody was told of yet has an empty id.
  const told_truck& at(truck_index truck) const { return trucks_[truck]; }
  std::size_t size() const noexcept { return trucks_.size(); }
  const engine::geofence_map& geofences() const noexcept { return geofences_; }
  /// Which trucks are in a geofence, by their ids, and since when. Null: none is. O(log geofences).
  using trucks_inside = std::map<std::string, utc_time, std::less<>>;
  const trucks_inside* inside(std::string_view geofence_id) const;

 private:
  told_truck& entry(truck_index truck, std::string_view id);

  block_vector<told_truck> trucks_;
  engine::id_index by_id_;
  engine::geofence_map geofences_;
  std::map<std::string, trucks_inside, std::less<>> inside_;
};

}  // namespace haulcast::pipeline
