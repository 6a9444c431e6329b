// Which geofences trucks are in: how positions, time and commands change that.
#include <algorithm>
#include <utility>

#include "haulcast/engine/world.hpp"

namespace haulcast::engine {

namespace {

constexpr double segment_max_m = 100'000;  // of a way that is taken for straight
constexpr std::size_t unsettled_look_max = 2'000;

}  // namespace

const geofence* world::in_force(const void* geofences, std::string_view id) {
  const auto& all = static_cast<const engine::geofences*>(geofences)->all();
  const auto found = all.find(id);
  return found == all.end() ? nullptr : found->second.get();
}

// What became of geofences since this truck was looked at. Which of them did is found by their versions, so that a truck that
// is looked at more often comes to the same.
bool world::settle_visits(truck_index index, utc_time now, outcome& out) {
  presence& here = presences_[index];
  if (here.settled == geofence_changes_) return false;
  here.settled = geofence_changes_;
  if (here.in.empty()) return false;
  const truck& t = trucks_[index];
  const bool changed = settle(here.in, in_force, &geofences_, now, {t.id, t.newest}, fence_events_);
  give_visits(index, out);
  return changed;
}

void world::give_visits(truck_index index, outcome& out) {
  for (const visit_change& change : fence_events_.changes) {
    auto& inside = inside_[change.geofence_id];
    change.inside ? static_cast<void>(inside.insert(index)) : static_cast<void>(inside.erase(index));
    if (inside.empty()) inside_.erase(change.geofence_id);
    out.visits.push_back({trucks_[index].id, change});
  }
  out.visits_refused += fence_events_.refused;
  fence_events_.give(out.events);
  fence_events_.clear();
  await_dwelling(index);
}

// Only of a live position; `before` is the truck as it was.
void world::follow(truck_index index, const truck_moment& before, const position& p, outcome& out) {
  presence& here = presences_[index];
  const bool connected = before.known && before.trusted && p.timestamp - before.when <= rules_.max_segment &&
                         geo::distance_m(before.where, p.point) <= segment_max_m;
  const auto came_from = connected ? std::optional{before.where} : std::nullopt;
  const bool anew = fences_.look(came_from, p.point, here.memo, judged_);
  if (!anew && here.in.empty()) return;
  const truck& t = trucks_[index];
  if (anew) {
    std::erase_if(judged_, [&](const geofence* g) { return !g->concerns(t.id); });
  } else {
    judged_.clear();
  }
  for (const visit& v : here.in.all()) {
    if (anew || v.run > 0) judged_.push_back(v.fence);
  }
  std::ranges::sort(judged_, {}, &geofence::id);
  const auto again = std::ranges::unique(judged_);
  judged_.erase(again.begin(), again.end());
  const fence_step step{.truck_id = t.id,
                        .now = p,
                        .before_where = before.known ? std::optional{before.where} : std::nullopt,
                        .before_when = before.when,
                        .connected = connected};
  for (const geofence* const g : judged_) step.judge(here.in, *g, crossings_, fence_events_);
  step.look_around(here.in, fence_events_);
  if (fence_events_.refused > 0) here.memo = {};  // once there is room it is looked at again, as after a restart
  give_visits(index, out);
}

void world::await_dwelling(truck_index index) {
  presence& here = presences_[index];
  const auto due = here.in.dwells_at();
  if (!due) {
    here.awaited = utc_time::max();
  } else if (*due < here.awaited) {
    here.awaited = *due;
    dwell_dues_.push({*due, index});
  }
}

// An entry may be too early, which is noticed here, but never too late.
void world::find_dwelling(utc_time now, std::size_t max, std::vector<truck_index>& found) {
  std::vector<due_entry> put_back;
  while (!dwell_dues_.empty() && dwell_dues_.top().when <= now && found.size() < max) {
    const due_entry top = dwell_dues_.top();
    dwell_dues_.pop();
    presence& here = presences_[top.truck];
    if (here.awaited != top.when) continue;  // sooner ones came, or none is left
    const auto due = here.in.dwells_at();
    here.awaited = due.value_or(utc_time::max());
    if (!due) continue;
    if (*due <= now && std::ranges::find(found, top.truck) == found.end()) found.push_back(top.truck);
    put_back.push_back({*due, top.truck});
  }
  for (const due_entry& entry : put_back) dwell_dues_.push(entry);
}

// Trucks in geofences that have changed, some at a time.
void world::find_unsettled(std::size_t max, std::vector<truck_index>& found) {
  std::size_t looked_at = 0;
  while (!unsettled_.empty() && found.size() < max && looked_at < unsettled_look_max) {
    unsettled_fence& of = unsettled_.front();
    const auto trucks = inside_.find(of.geofence_id);
    if (trucks == inside_.end()) {
      unsettled_ids_.erase(of.geofence_id);
      unsettled_.pop_front();
      continue;
    }
    const geofence* const g = in_force(&geofences_, of.geofence_id);
    auto at = trucks->second.lower_bound(of.from);
    for (; at != trucks->second.end() && found.size() < max && looked_at < unsettled_look_max; ++at, ++looked_at) {
      const visit* const v = presences_[*at].in.find(of.geofence_id);
      if (v == nullptr || (g != nullptr && g->version == v->version)) continue;
      of.found_some = true;
      if (std::ranges::find(found, *at) == found.end()) found.push_back(*at);
    }
    if (at != trucks->second.end()) {
      of.from = *at;
    } else if (std::exchange(of.found_some, false)) {
      of.from = 0;  // once more, should what was found not have been settled
      return;
    } else {
      unsettled_ids_.erase(of.geofence_id);
      unsettled_.pop_front();
    }
  }
}

void world::fence_has_changed(const std::string& id) {
  ++geofence_changes_;
  if (!inside_.contains(id)) return;
  if (unsettled_ids_.insert(id).second) {
    unsettled_.push_back({id});
    return;
  }
  const auto same = [&id](const unsettled_fence& u) { return u.geofence_id == id; };
  *std::ranges::find_if(unsettled_, same) = {id};
}

void world::end_visits(truck_index index, utc_time now, outcome& out) {
  presence& here = presences_[index];
  if (here.in.empty()) return;
  const truck& t = trucks_[index];
  end_all(here.in, now, {t.id, t.newest}, fence_events_);
  give_visits(index, out);
}

// Who is in what is known from the trucks; only what nobody saved is made anew: which of them a change has not reached yet.
void world::recount_visits() {
  std::vector<std::string> changed;
  for (const auto& [id, trucks] : inside_) {
    const geofence* const g = in_force(&geofences_, id);
    const auto stale = [&](truck_index index) {
      const visit* const v = presences_[index].in.find(id);
      return v != nullptr && (g == nullptr || g->version != v->version);
    };
    if (std::ranges::any_of(trucks, stale)) changed.push_back(id);
  }
  unsettled_.clear();
  unsettled_ids_ = {changed.begin(), changed.end()};
  for (const std::string& id : changed) unsettled_.push_back({id});
}

}  // namespace haulcast::engine
