// Which geofences trucks are in: how positions, time and commands change that.
#include <algorithm>
#include <cmath>
#include <utility>

#include "about.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {

namespace {

constexpr double segment_max_m = 100'000;      // of a way that is taken for straight
constexpr double metres_per_degree = 111'320;  // of latitude, rounded up; of longitude nowhere more
constexpr std::size_t look_max = 2'000;        // trucks that a look for something due examines at most, mostly in vain

double at_most_m(geo::point a, geo::point b) noexcept {
  return metres_per_degree * (std::fabs(a.latitude - b.latitude) + std::fabs(a.longitude - b.longitude));
}

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
    change.inside ? inside_.come(change.geofence_id, index) : inside_.go(change.geofence_id, index);
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
  const truck& t = trucks_[index];
  fence_step step{.truck_id = t.id,
                  .now = p,
                  .before_where = before.known ? std::optional{before.where} : std::nullopt,
                  .before_when = before.when,
                  .before_accuracy_m = before.accuracy_m};
  connect(step, before);
  choose_judged(index, step);
  if (judged_.empty() && here.in.empty()) return;
  // Those that it is in come first: what it leaves makes room, and is told before what it enters there.
  for (const geofence*& g : judged_) {
    const visit* const v = here.in.of(g);
    if (v != nullptr && v->inside) step.judge(here.in, *std::exchange(g, nullptr), crossings_, fence_events_);
  }
  for (const geofence* const g : judged_) {
    if (g != nullptr) step.judge(here.in, *g, crossings_, fence_events_);
  }
  step.look_around(here.in, fence_events_);
  if (fence_events_.refused > 0) {  // once there is room it is looked at again, as after a restart
    here.memo = {};
    around_.forget();
  }
  if (!judged_.empty() || !fence_events_.empty()) give_visits(index, out);
}

// Straight from the position before, as far as is known; distances are measured where they are not obviously short.
void world::connect(fence_step& step, const truck_moment& before) const {
  const bool exact =
      !(before.accuracy_m > exact_enough_m) && !(step.now.accuracy_m > exact_enough_m);  // unknown is exact enough
  if (!before.known || !before.trusted || !exact || step.now.timestamp - before.when > rules_.max_segment) return;
  const auto far = [&](double way_m) {
    return may_be_far(way_m, before.accuracy_m, step.now.accuracy_m, fences_.least_hysteresis_m());
  };
  double way_m = at_most_m(before.where, step.now.point);
  if (far(way_m)) way_m = geo::distance_m(before.where, step.now.point);
  step.connected = way_m <= segment_max_m;
  if (step.connected && far(way_m)) step.far_m = way_m;
}

// Geofences to which the position may mean something: not those that the truck was in all the time, nor those of which it is
// known that it is still out. What is known already is asked first.
void world::choose_judged(truck_index index, const fence_step& step) {
  presence& here = presences_[index];
  const auto from = step.far_m ? step.before_where : std::nullopt;
  judged_.clear();
  if (fences_.knows(from.has_value(), step.now.point, here.memo)) return choose_crossed(here.in, step.truck_id, {});
  here.memo = {};
  if (from) {
    around_.forget();
    fences_.look(from, step.now.point, here.memo, found_fences_);
  } else if (const auto* const crossed = around_.follow(index, fences_, step.now.point, here.memo, found_fences_)) {
    return choose_crossed(here.in, step.truck_id, *crossed);
  }
  choose_among_all(here.in, step.truck_id);
  // Which keys they have in the index must not decide which of them there is room for.
  if (from || here.in.all().size() + judged_.size() > visits::most) std::ranges::sort(judged_, {}, &geofence::id);
}

// Beside what changed only what is not settled matters.
void world::choose_crossed(const engine::visits& in, std::string_view truck_id,
                           const std::vector<fences_around::crossed_fence>& crossed) {
  for (const visit& v : in.all()) {
    if (v.run > 0) judged_.push_back(v.fence);
  }
  const std::size_t unsettled = judged_.size();
  for (const auto& [g, inside] : crossed) {
    const visit* const v = in.of(g);
    if (v != nullptr ? v->run == 0 : inside && g->concerns(truck_id)) judged_.push_back(g);
  }
  if (judged_.size() > unsettled) std::ranges::sort(judged_, {}, &geofence::id);
}

void world::choose_among_all(const engine::visits& in, std::string_view truck_id) {
  for (const auto& [g, no_boundary] : found_fences_) {
    const visit* const v = in.of(g);
    const bool was_in = v != nullptr && v->inside && v->run == 0;
    if (v != nullptr ? !was_in || !no_boundary : g->concerns(truck_id)) judged_.push_back(g);
  }
  for (const visit& v : in.all()) {
    if (std::ranges::find(found_fences_, v.fence, &fences_in_force::found_fence::what) == found_fences_.end()) {
      judged_.push_back(v.fence);
    }
  }
}

// The limit that holds where no geofence gives one. Only of a live position.
void world::watch_speed(truck_index index, const position& p, outcome& out) {
  if (std::isnan(p.speed_kmh)) return;
  truck& t = trucks_[index];
  const auto gives_one = [](const visit& v) { return v.inside && !std::isnan(v.fence->speed_limit_kmh); };
  const auto limit = rules_.default_speed_limit_kmh;
  const bool speeds = limit && p.speed_kmh > *limit && std::ranges::none_of(presences_[index].in.all(), gives_one);
  if (std::exchange(t.speeding, speeds) == speeds) return;
  event e = about(speeds ? event_type::speed_violated : event_type::speed_normalised, p.timestamp, t);
  e.fence.emplace().speed_limit_kmh = limit.value_or(unknown);
  out.events.push_back(std::move(e));
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
  for (std::size_t looked_at = 0; !dwell_dues_.empty() && dwell_dues_.top().when <= now; ++looked_at) {
    if (found.size() >= max || looked_at == look_max) break;
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
  while (!unsettled_.empty() && found.size() < max && looked_at < look_max) {
    const auto first = unsettled_.begin();
    auto& [id, of] = *first;
    const auto* const trucks = inside_.in(id);
    if (trucks == nullptr) {
      unsettled_.erase(first);
      continue;
    }
    const geofence* const g = in_force(&geofences_, id);
    auto at = trucks->lower_bound(of.from);
    for (; at != trucks->end() && found.size() < max && looked_at < look_max; ++at, ++looked_at) {
      const visit* const v = presences_[*at].in.find(id);
      if (v == nullptr || (g != nullptr && g->version == v->version)) continue;
      of.found_some = true;
      if (std::ranges::find(found, *at) == found.end()) found.push_back(*at);
    }
    if (at != trucks->end()) {
      of.from = *at;
    } else if (std::exchange(of.found_some, false)) {
      of.from = 0;  // once more, should what was found not have been settled
      return;
    } else {
      unsettled_.erase(first);
    }
  }
}

void world::fence_has_changed(const std::string& id) {
  ++geofence_changes_;
  if (inside_.in(id) != nullptr) unsettled_.insert_or_assign(id, unsettled_fence{});
}

void world::end_visits(truck_index index, utc_time now, outcome& out) {
  presence& here = presences_[index];
  here.memo = {};  // should it come back, it is in them anew
  around_.forget();
  if (here.in.empty()) return;
  const truck& t = trucks_[index];
  end_all(here.in, now, {t.id, t.newest}, fence_events_);
  give_visits(index, out);
}

// Who is in what is known from the trucks; only what nobody saved is made anew: which of them a change has not reached yet.
void world::recount_visits() {
  std::vector<std::string> changed;
  inside_.for_each([&](const std::string& id, const trucks_inside::trucks& trucks) {
    const geofence* const g = in_force(&geofences_, id);
    const auto stale = [&](truck_index index) {
      const visit* const v = presences_[index].in.find(id);
      return v != nullptr && (g == nullptr || g->version != v->version);
    };
    if (std::ranges::any_of(trucks, stale)) changed.push_back(id);
  });
  unsettled_.clear();
  for (std::string& id : changed) unsettled_.emplace(std::move(id), unsettled_fence{});
}

}  // namespace haulcast::engine
