// The geofences of a world by their ids, and which of them the next snapshot has to save.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "haulcast/engine/geofence.hpp"

namespace haulcast::engine {

/// In the order of their ids.
using geofence_map = std::map<std::string, std::shared_ptr<const geofence>, std::less<>>;
/// What is to be saved of them: as they are now; null: to be forgotten.
using geofence_changes = geofence_map;

/// Finding and changing are O(log geofences). Pure, not thread-safe: part of a world.
///
/// Unlike trucks they are saved as they all were when the pass began: a replay from there judges positions by the geofences of
/// then, as it does by the rules of then. What has changed is a map of its own, so that a pass takes it whole, in O(1), and
/// what is immutable is written elsewhere.
class geofences {
 public:
  /// Null: there is none.
  std::shared_ptr<const geofence> find(std::string_view id) const;
  const geofence_map& all() const noexcept { return all_; }
  std::size_t size() const noexcept { return all_.size(); }

  /// Under its id, in the place of another one.
  void set(std::shared_ptr<const geofence> what);
  void remove(std::string_view id);

  /// Everything that has changed since it was taken last; the longest ago first, where earlier passes gave it back.
  std::vector<geofence_changes> take_changed();
  /// A pass came to nothing: the next one takes it again.
  void give_back(std::vector<geofence_changes> taken);

  /// Only into an empty table's first life. False: there is one of its id.
  bool restore(std::shared_ptr<const geofence> what);

 private:
  geofence_map all_;
  geofence_changes changed_;
  std::vector<geofence_changes> given_back_;
};

}  // namespace haulcast::engine
