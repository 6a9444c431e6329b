#include "haulcast/engine/fences_in_force.hpp"

#include <algorithm>
#include <utility>

namespace haulcast::engine {

void fences_in_force::put(std::shared_ptr<const geofence> g) {
  ++changes_;
  remove(g->id);
  if (!g->active) return;
  std::uint32_t key = 0;
  if (free_keys_.empty()) {
    key = static_cast<std::uint32_t>(by_key_.size());
    by_key_.emplace_back();
  } else {
    key = free_keys_.back();
    free_keys_.pop_back();
  }
  least_hysteresis_m_ = std::min(least_hysteresis_m_, g->hysteresis_m);
  index_.insert(key, *g->region, *g->cover);
  keys_.emplace(g->id, key);
  by_key_[key] = std::move(g);
}

void fences_in_force::remove(std::string_view id) {
  const auto found = keys_.find(id);
  if (found == keys_.end()) return;
  ++changes_;
  const std::uint32_t key = found->second;
  keys_.erase(found);
  index_.erase(key);
  by_key_[key].reset();
  free_keys_.push_back(key);
}

bool fences_in_force::look(std::optional<geo::point> from, geo::point to, memo& last, std::vector<found_fence>& found) {
  if (from) {
    if (!index_.along(*from, to, 0, last, candidates_)) return false;
    found.clear();
    for (const auto& each : candidates_) found.push_back({by_key_[each.key].get(), each.all_inside});
    return true;
  }
  if (!index_.containing(to, last, containing_)) return false;
  found.clear();
  for (const std::uint32_t key : containing_) found.push_back({by_key_[key].get(), true});
  return true;
}

}  // namespace haulcast::engine
