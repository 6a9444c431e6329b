#include "haulcast/engine/geofences.hpp"

#include <iterator>

namespace haulcast::engine {

std::shared_ptr<const geofence> geofences::find(std::string_view id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : found->second;
}

void geofences::set(std::shared_ptr<const geofence> what) {
  changed_.insert_or_assign(what->id, what);
  std::string id = what->id;
  all_.insert_or_assign(std::move(id), std::move(what));
}

void geofences::remove(std::string_view id) {
  const auto found = all_.find(id);
  if (found == all_.end()) return;
  all_.erase(found);
  changed_.insert_or_assign(std::string{id}, nullptr);
}

std::vector<geofence_changes> geofences::take_changed() {
  auto taken = std::exchange(given_back_, {});
  if (!changed_.empty()) taken.push_back(std::exchange(changed_, {}));
  return taken;
}

void geofences::give_back(std::vector<geofence_changes> taken) {
  std::move(given_back_.begin(), given_back_.end(), std::back_inserter(taken));
  given_back_ = std::move(taken);
}

bool geofences::restore(std::shared_ptr<const geofence> what) {
  std::string id = what->id;
  return all_.emplace(std::move(id), std::move(what)).second;
}

}  // namespace haulcast::engine
