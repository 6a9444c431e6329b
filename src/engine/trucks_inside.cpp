#include "haulcast/engine/trucks_inside.hpp"

namespace haulcast::engine {

void trucks_inside::come(std::string_view geofence_id, truck_index truck) {
  table& t = tables_[place_of(geofence_id)];
  auto at = t.find(geofence_id);
  if (at == t.end()) at = t.emplace(geofence_id, trucks{}).first;
  at->second.insert(truck);
}

void trucks_inside::go(std::string_view geofence_id, truck_index truck) {
  table& t = tables_[place_of(geofence_id)];
  const auto at = t.find(geofence_id);
  if (at == t.end()) return;
  at->second.erase(truck);
  if (at->second.empty()) t.erase(at);
}

const trucks_inside::trucks* trucks_inside::in(std::string_view geofence_id) const {
  const table& t = tables_[place_of(geofence_id)];
  const auto at = t.find(geofence_id);
  return at == t.end() ? nullptr : &at->second;
}

}  // namespace haulcast::engine
