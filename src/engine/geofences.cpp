#include "haulcast/engine/geofences.hpp"

#include <iterator>

#include "haulcast/base/bytes.hpp"

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

std::shared_ptr<const geofence> geofences::restore(std::string_view bytes) {
  byte_reader in{bytes};
  auto made = std::make_shared<geofence>();
  if (!made->load(in) || !in.done()) return nullptr;
  made->prepare();
  return all_.emplace(made->id, made).second ? made : nullptr;
}

}  // namespace haulcast::engine
