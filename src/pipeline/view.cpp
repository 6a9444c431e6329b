#include "haulcast/pipeline/view.hpp"

#include <utility>

namespace haulcast::pipeline {

view::view(std::size_t max_trucks) : by_id_{max_trucks} {}

view::view(const engine::world& world, std::size_t max_trucks, offset_t told) : view{max_trucks} {
  geofences_ = world.geofences().all();
  for (truck_index i = 0; i < world.size(); ++i) {
    const engine::truck& t = world.at(i);
    told_truck& mine = entry(i, t.id);
    mine.registered = !t.removed;
    mine.registration = world.registration_of(i);
    (t.removed ? mine.had_position : mine.has_position) = t.has_position;
    mine.status = t.status();
    mine.newest = t.newest;
    mine.received_at = t.newest_received_at;
    mine.position_told = told;
    for (const engine::visit& v : world.visits_of(i).all()) {
      if (v.inside) inside_[v.geofence_id].emplace(t.id, v.entered_at);
    }
  }
}

told_truck& view::entry(truck_index truck, std::string_view id) {
  while (trucks_.size() <= truck) trucks_.emplace_back();
  told_truck& t = trucks_[truck];
  if (t.id.empty()) {
    t.id = id;
    t.registered = true;
    by_id_.insert(engine::id_index::hash(t.id), truck);
  }
  return t;
}

void view::prefetch(const std::vector<engine::outcome::truck_change>& trucks) const noexcept {
  for (const auto& [truck, status] : trucks) {
    if (truck < trucks_.size()) prefetch_whole(trucks_[truck]);
  }
}

void view::tell_position(truck_index truck, std::string_view id, const engine::position& p, utc_time received_at,
                         offset_t offset) {
  told_truck& t = entry(truck, id);
  t.newest.assign(p);
  t.has_position = true;
  t.received_at = received_at;
  t.position_told = offset;
}

void view::tell_status(truck_index truck, std::string_view id, engine::truck_status status) {
  entry(truck, id).status = status;
}

void view::tell_registration(const engine::outcome::registry_change& change) {
  told_truck& t = entry(change.truck, change.truck_id);
  t.status = change.status;
  t.registration = change.now;
  const bool there = change.now != nullptr;
  if (std::exchange(t.registered, there) == there) return;
  (there ? t.has_position : t.had_position) = std::exchange(there ? t.had_position : t.has_position, false);
}

void view::tell_geofence(const engine::outcome::geofence_change& change) {
  if (change.now)
    geofences_.insert_or_assign(change.geofence_id, change.now);
  else
    geofences_.erase(change.geofence_id);
}

void view::tell_visit(const std::string& truck_id, const engine::visit_change& change) {
  if (change.inside) {
    inside_[change.geofence_id].insert_or_assign(truck_id, change.since);
    return;
  }
  const auto fence = inside_.find(change.geofence_id);
  if (fence == inside_.end()) return;
  fence->second.erase(truck_id);
  if (fence->second.empty()) inside_.erase(fence);
}

const view::trucks_inside* view::inside(std::string_view geofence_id) const {
  const auto found = inside_.find(geofence_id);
  return found == inside_.end() ? nullptr : &found->second;
}

std::optional<truck_index> view::find(std::string_view id) const {
  return by_id_.find(engine::id_index::hash(id), [&](truck_index truck) { return trucks_[truck].id == id; });
}

}  // namespace haulcast::pipeline
