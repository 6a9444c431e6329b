// Which trucks may come in: decided before anything is applied, from the world as the newest input left it.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "haulcast/pipeline/pipeline.hpp"

namespace haulcast::pipeline {

namespace {

using engine::reject_code;

// Their positions are rejected in their places; the batch names the other trucks only.
template <class Refused>
void refuse_trucks(engine::batch& input, reject_code why, Refused&& refused) {
  constexpr auto nowhere = static_cast<std::uint32_t>(-1);
  std::vector<std::uint32_t> moved_to(input.trucks.size(), nowhere);
  std::vector<std::string_view> kept;
  for (std::size_t i = 0; i < input.trucks.size(); ++i) {
    if (refused(input.trucks[i])) continue;
    moved_to[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(input.trucks[i]);
  }
  std::erase_if(input.positions, [&](engine::batch_position& p) {
    if (moved_to[p.truck] == nowhere) {
      input.rejected.push_back({p.index, why, input.trucks[p.truck], {}});
      return true;
    }
    p.truck = moved_to[p.truck];
    return false;
  });
  std::sort(input.rejected.begin(), input.rejected.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  input.trucks = std::move(kept);
}

// Of several faults the first is told, and truck_id's come behind those of structure and before all others. A truck_id that is
// itself at fault could not be read.
bool comes_behind_truck_id(reject_code c) {
  return c == reject_code::field_type_invalid || (c >= reject_code::timestamp_missing && c < reject_code::too_many_trucks);
}

}  // namespace

// Trucks are counted here, not in the engine: how many there are is nothing that one truck's replay can know.
void pipeline::refuse_new_trucks(engine::batch& input) const {
  if (world_->size() + input.trucks.size() <= options_.max_trucks) return;
  world_->prefetch(input.trucks);
  const auto is_new = [this](std::string_view id) { return !world_->find(id); };
  const auto unknown = static_cast<std::size_t>(std::ranges::count_if(input.trucks, is_new));
  if (world_->size() + unknown <= options_.max_trucks) return;
  std::size_t room = options_.max_trucks > world_->size() ? options_.max_trucks - world_->size() : 0;
  refuse_trucks(input, reject_code::too_many_trucks, [&](std::string_view id) {
    if (world_->find(id)) return false;
    if (room == 0) return true;
    --room;
    return false;
  });
}

void pipeline::refuse_unregistered_trucks(engine::batch& input) const {
  const auto unregistered = [this](std::string_view id) {
    const auto known = world_->find(id);
    return !known || world_->at(*known).removed;
  };
  for (engine::rejected_position& r : input.rejected) {
    if (!r.truck_id.empty() && comes_behind_truck_id(r.code) && unregistered(r.truck_id)) r.code = reject_code::truck_unknown;
  }
  world_->prefetch(input.trucks);
  if (std::ranges::any_of(input.trucks, unregistered)) refuse_trucks(input, reject_code::truck_unknown, unregistered);
}

bool pipeline::has_room_for(const engine::command& input) const {
  if (const auto* const fence = std::get_if<engine::put_geofence>(&input.what))
    return world_->geofences().size() + (import_ ? import_->to_create : 0) < options_.max_geofences ||
           world_->geofences().find(fence->what.id);
  const auto* const asked = std::get_if<engine::register_truck>(&input.what);
  return asked == nullptr || world_->size() < options_.max_trucks || world_->find(asked->truck_id);
}

}  // namespace haulcast::pipeline
