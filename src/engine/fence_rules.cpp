#include "haulcast/engine/fence_rules.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace haulcast::engine {

namespace {

using place = fence_events::place;

constexpr double assumed_accuracy_m = 10;  // where a phone gives none
constexpr double plain_accuracy_m = 1;     // better than this, and without hysteresis, a position is taken at its word
constexpr double moved_sigmas = 8;         // so far no truck that stands seems to have moved
constexpr double moving_kmh = 20;          // who says that it drives so fast does not stand
constexpr double enough_evidence = 36;     // six sigmas at once, or as much in several positions
constexpr double degree = 0.017453292519943295;
constexpr double metres_per_degree = 111'195;
constexpr double same_place_m = 1;  // as exact as boundaries are

double accuracy_or_assumed(double said_m) noexcept { return std::isnan(said_m) ? assumed_accuracy_m : said_m; }

// How far a position may be wrong, and what that means beside this geofence.
struct noise {
  double hysteresis_m;
  double accuracy_m;
  double sigma_m;
  double margin_m;
  bool plain;

  noise(const geofence& g, const position& p)
      : hysteresis_m{g.hysteresis_m},
        accuracy_m{accuracy_or_assumed(p.accuracy_m)},
        sigma_m{accuracy_m + hysteresis_m / 4},
        margin_m{accuracy_m + hysteresis_m},
        plain{hysteresis_m == 0 && accuracy_m < plain_accuracy_m} {}

  // From a place that is as exact as that; judged by the places alone.
  bool is_move(geo::point from, double from_accuracy_m, geo::point to) const noexcept {
    return is_move(from_accuracy_m, [&] { return geo::distance_m(from, to); });
  }
  template <class Distance>
  bool is_move(double from_accuracy_m, const Distance& way_m) const {
    const double worst_m = std::max(accuracy_m, from_accuracy_m);
    return worst_m <= exact_enough_m && way_m() >= moved_sigmas * (worst_m + hysteresis_m / 4);
  }
};

event about_visit(event_type type, std::string_view truck_id, const geofence& g, utc_time when) {
  event e;
  e.type = type;
  e.time = when;
  e.truck_id = truck_id;
  e.fence.emplace(g.id, g.name);
  return e;
}

// Judges one position by one geofence.
class judging {
 public:
  judging(const fence_step& step, visits& all, const geofence& g, std::vector<double>& crossings, fence_events& out)
      : step_{step}, all_{all}, g_{g}, noise_{g, step.now}, scratch_{crossings}, out_{out} {}

  void run() {
    const bool in = g_.region->contains(step_.now.point);
    visit* const v = all_.find(g_.id);
    if (v == nullptr)
      in ? arrive() : pass_by();
    else if (v->inside)
      in ? stay(*v) : seem_out(*v);
    else
      in ? seem_in(*v) : turn_back(*v);
  }

 private:
  // ---- believed to be outside

  // A geofence that the truck was in before it knew of it, and the first position of all, need no proof.
  void arrive() {
    const bool is_new = !step_.before_where || g_.region->contains(*step_.before_where);
    if (all_.full()) {
      ++out_.refused;
      return;
    }
    visit& v = all_.add(g_);
    if (is_new) return enter(v, here());
    start(v);
    seem_in(v);
  }
  // In and out between two positions, which are too far apart to be noise.
  void pass_by() {
    if (!has_come_far()) return;
    const auto& all = crossings();
    if (all.size() < 2) return;
    if (!noise_.plain) return told_visit(at(all.front()), at(all.back()));
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) told_visit(at(all[i]), at(all[i + 1]));
  }
  void seem_in(visit& v) {
    note_doubt(v);
    if (moves_since(v) && !awaits_an_end(v)) return enter(v, v.since);
    weigh(v);
    if (v.evidence >= enough_evidence) enter(v, v.since);
  }
  void turn_back(const visit& v) {
    if (noise_.plain || noise_.is_move(v.from, v.doubt_m, step_.now.point)) told_visit(v.since, last_crossing());
    all_.drop(g_.id);
  }
  // It came in where it seems to have left another one, and that is not believed yet: at a shared border the exit is told
  // first. Not for longer than the truck is near that place.
  bool awaits_an_end(const visit& v) const {
    if (noise_.plain || geo::distance_m(v.since.where, step_.now.point) >= moved_sigmas * noise_.sigma_m) return false;
    return std::ranges::any_of(all_.all(), [&v](const visit& other) {
      return other.inside && other.run > 0 && geo::distance_m(other.since.where, v.since.where) <= same_place_m;
    });
  }

  // ---- believed to be inside

  void stay(visit& v) {
    if (v.run > 0) {
      v.run = 0;
      return;
    }
    if (!has_come_far()) return;
    const auto& all = crossings();
    if (all.size() < 2) return;
    if (noise_.plain) {
      for (std::size_t i = 0; i + 1 < all.size(); i += 2) leave_and_return(v, all[i], all[i + 1]);
      return;
    }
    const double middle = (all.front() + all.back()) / 2;
    const geo::point there = geo::between(*step_.before_where, step_.now.point, middle);
    if (g_.region->signed_distance_m(there, noise_.margin_m) > noise_.margin_m) leave_and_return(v, all.front(), all.back());
  }
  void seem_out(visit& v) {
    if (v.run == 0 || (has_come_far() && crossings().size() > 1)) start(v);  // it went through once more
    note_doubt(v);
    const double out_by = weigh(v);
    const bool gone = noise_.plain ||
                      (out_by > g_.hysteresis_m &&
                       (v.evidence >= enough_evidence || (moves_since(v) && (out_by > noise_.margin_m || heads_away(out_by)))));
    if (!gone) return;
    leave(v, v.since, place::left);
    all_.drop(g_.id);
  }

  // A position that is not exact says little about boundaries, however fast the truck drives.
  bool moves_since(const visit& v) const noexcept {
    if (noise_.plain) return true;
    const bool drives = step_.now.speed_kmh >= moving_kmh && noise_.accuracy_m <= exact_enough_m;
    return drives || noise_.is_move(v.from, v.doubt_m, step_.now.point);
  }
  // It says that it drives, and so that the boundary falls behind it: by more than half of its speed.
  bool heads_away(double out_by) const noexcept {
    const auto& [latitude, longitude] = step_.now.point;
    if (!(step_.now.speed_kmh >= moving_kmh) || std::isnan(step_.now.heading) || std::fabs(latitude) > 89) return false;
    const double second_m = step_.now.speed_kmh / 3.6;
    const double heading = step_.now.heading * degree;
    const double east = second_m * std::sin(heading) / (metres_per_degree * std::cos(latitude * degree));
    const geo::point ahead{latitude + second_m * std::cos(heading) / metres_per_degree, std::remainder(longitude + east, 360)};
    return g_.region->signed_distance_m(ahead, out_by + second_m) - out_by >= second_m / 2;
  }
  // Straight, since the position before.
  bool has_come_far() const noexcept {
    if (!step_.far_m) return false;
    const double before_m = accuracy_or_assumed(step_.before_accuracy_m);
    if (noise_.plain && before_m < plain_accuracy_m) return true;
    return noise_.is_move(before_m, [this] { return *step_.far_m; });
  }

  // ---- what it comes to

  void start(visit& v) {
    v.run = 0;
    v.evidence = 0;
    v.since = last_crossing();
    v.from = step_.before_where.value_or(step_.now.point);
    v.doubt_m = step_.before_where ? accuracy_or_assumed(step_.before_accuracy_m) : noise_.accuracy_m;
  }
  void note_doubt(visit& v) const noexcept { v.doubt_m = std::max(v.doubt_m, noise_.accuracy_m); }
  // Metres to the boundary.
  double weigh(visit& v) {
    const double reach = enough_evidence * noise_.sigma_m + noise_.margin_m;
    const double by = std::fabs(g_.region->signed_distance_m(step_.now.point, reach));
    v.evidence += by * by / (noise_.sigma_m * noise_.sigma_m);
    ++v.run;
    return by;
  }

  void enter(visit& v, const crossing& where) {
    v.inside = true;
    v.dwelled = v.trespassing = v.speeding = false;
    v.entered_at = where.when;
    v.run = 0;
    if (g_.alert_on.on_enter) tell(place::entered, event_type::geofence_entered, where);
    if (g_.restricted) tell(place::trespassing, event_type::zone_violated, where);
    v.trespassing = g_.restricted;
    out_.change(v, true);
  }
  void leave(visit& v, const crossing& where, place order) {
    if (const utc_time due = v.entered_at + g_.dwell_after(); !v.dwelled && due <= where.when && g_.alert_on.on_dwell) {
      event e = about_visit(event_type::geofence_dwelled, step_.truck_id, g_, due);
      e.where = position_at(where);
      e.interpolated = where.between;
      out_.add(place::dwelled, std::move(e));
    }
    if (v.speeding) tell(place::normalised, event_type::speed_normalised, where, g_.speed_limit_kmh);
    if (g_.alert_on.on_exit) tell(order, event_type::geofence_exited, where);
    out_.change(v, false);
  }
  void told_visit(const crossing& in, const crossing& out) {
    visit passing;
    passing.geofence_id = g_.id;
    enter(passing, in);
    leave(passing, out, in.when == out.when ? place::left_at_once : place::left);
  }
  void leave_and_return(visit& v, double out, double in) {
    leave(v, at(out), place::left);
    enter(v, at(in));
  }

  // ---- where and when

  crossing here() const { return {step_.now.timestamp, step_.now.point, false}; }
  crossing at(double part) const {
    const auto span = static_cast<double>((step_.now.timestamp - step_.before_when).count());
    const milliseconds after{static_cast<std::int64_t>(std::floor(part * span + 0.5))};
    return {step_.before_when + after, geo::between(*step_.before_where, step_.now.point, part), true};
  }
  crossing last_crossing() {
    const auto& all = crossings();
    return all.empty() ? here() : at(all.back());
  }
  // Looked for where they matter only: it takes longer than all else.
  const std::vector<double>& crossings() {
    if (std::exchange(has_crossings_, true)) return scratch_;
    scratch_.clear();
    if (step_.connected) g_.region->crossings(*step_.before_where, step_.now.point, scratch_);
    return scratch_;
  }

  // What else is known of the truck at that moment is what the position says of the trip.
  kept_position position_at(const crossing& c) const {
    if (!c.between && c.when == step_.now.timestamp) return kept_position{step_.now};
    position p;
    p.timestamp = c.when;
    p.point = c.where;
    p.trip_id = step_.now.trip_id;
    p.driver_id = step_.now.driver_id;
    return kept_position{p};
  }
  void tell(place order, event_type type, const crossing& where, double limit = unknown) {
    event e = about_visit(type, step_.truck_id, g_, where.when);
    e.where = position_at(where);
    e.interpolated = where.between;
    e.fence->speed_limit_kmh = limit;
    out_.add(order, std::move(e));
  }

  const fence_step& step_;
  visits& all_;
  const geofence& g_;
  const noise noise_;
  std::vector<double>& scratch_;
  bool has_crossings_ = false;
  fence_events& out_;
};

void tell_dwelled(visit& v, std::string_view truck_id, const kept_position& where, fence_events& out) {
  v.dwelled = true;
  if (!v.fence->alert_on.on_dwell) return;
  event e = about_visit(event_type::geofence_dwelled, truck_id, *v.fence, v.entered_at + v.dwell_after);
  e.where = where;
  out.add(place::dwelled, std::move(e));
}

// What a geofence that is gone was to tell, the visit knows.
void end(visit& v, utc_time now, const newest_place& truck, exit_reason why, fence_events& out) {
  if (!v.inside) return;
  event e;
  e.time = now;
  e.truck_id = truck.truck_id;
  e.where = truck.where;
  e.fence.emplace(v.geofence_id, v.geofence_name);
  if (v.speeding) {
    e.type = event_type::speed_normalised;
    out.add(place::normalised, e);
  }
  if (v.tells_exit) {
    e.type = event_type::geofence_exited;
    e.fence->reason = why;
    out.add(place::left, std::move(e));
  }
  out.change(v, false);
}

// None: it goes on.
std::optional<exit_reason> why_it_ends(const visit& v, const geofence* g, const newest_place& truck) {
  if (g == nullptr || g->created > v.version) return exit_reason::deleted;  // it may be there again
  if (!g->active) return exit_reason::disabled;
  if (!g->concerns(truck.truck_id)) return exit_reason::changed;
  if (g->version == v.version) return std::nullopt;
  const double out_by = g->region->signed_distance_m(truck.where.point(), g->hysteresis_m);
  return out_by > g->hysteresis_m ? std::optional{exit_reason::changed} : std::nullopt;
}

// Of one whose geofence has changed and still has the truck, or almost.
void go_on(visit& v, const geofence& g, utc_time now, const newest_place& truck, fence_events& out) {
  v.judge_by(g);
  v.run = 0;
  if (!g.region->contains(truck.where.point())) {
    v.run = 1;
    v.evidence = 0;
    v.since = {now, truck.where.point(), false};
    v.from = truck.where.point();
    v.doubt_m = accuracy_or_assumed(truck.where.accuracy_m());
  }
  if (g.restricted && !v.trespassing) {
    event e = about_visit(event_type::zone_violated, truck.truck_id, g, now);
    e.where = truck.where;
    out.add(place::trespassing, std::move(e));
  }
  v.trespassing = g.restricted;
  if (!v.speeding || !std::isnan(g.speed_limit_kmh)) return;
  v.speeding = false;  // there is no limit any more
  event e = about_visit(event_type::speed_normalised, truck.truck_id, g, now);
  e.where = truck.where;
  out.add(place::normalised, std::move(e));
}

}  // namespace

void fence_events::clear() noexcept {
  told_.clear();
  changes.clear();
  refused = 0;
}

void fence_events::give(std::vector<event>& to) {
  const auto key = [](const entry& e) { return std::tie(e.what.time, e.order, e.what.fence->geofence_id, e.number); };
  std::ranges::sort(told_, [&](const entry& a, const entry& b) { return key(a) < key(b); });
  for (entry& e : told_) to.push_back(std::move(e.what));
  told_.clear();
}

bool may_be_far(double way_m, double from_accuracy_m, double to_accuracy_m, double least_hysteresis_m) noexcept {
  const double worst_m = std::max(accuracy_or_assumed(from_accuracy_m), accuracy_or_assumed(to_accuracy_m));
  return (least_hysteresis_m == 0 && worst_m < plain_accuracy_m) || way_m >= moved_sigmas * (worst_m + least_hysteresis_m / 4);
}

void fence_step::judge(visits& all, const geofence& g, std::vector<double>& scratch, fence_events& out) const {
  judging{*this, all, g, scratch, out}.run();
}

void fence_step::look_around(visits& all, fence_events& out) const {
  for (visit& v : all.all()) {
    if (const auto due = v.dwells_at(); due && *due <= now.timestamp) tell_dwelled(v, truck_id, kept_position{now}, out);
    const double limit = v.speed_limit_kmh;
    if (!v.inside || v.run > 0 || std::isnan(limit) || std::isnan(now.speed_kmh)) continue;
    const bool speeds = now.speed_kmh > limit;
    if (std::exchange(v.speeding, speeds) == speeds) continue;
    event e =
        about_visit(speeds ? event_type::speed_violated : event_type::speed_normalised, truck_id, *v.fence, now.timestamp);
    e.where.emplace(now);
    e.fence->speed_limit_kmh = limit;
    out.add(speeds ? place::speeding : place::normalised, std::move(e));
  }
}

void dwell_until(visits& all, utc_time now, std::string_view truck_id, const kept_position& where, fence_events& out) {
  for (visit& v : all.all()) {
    if (const auto due = v.dwells_at(); due && *due <= now) tell_dwelled(v, truck_id, where, out);
  }
}

bool settle(visits& all, const geofence* (*lookup)(const void* in, std::string_view id), const void* in, utc_time now,
            const newest_place& truck, fence_events& out) {
  bool changed = false;
  std::erase_if(all.all(), [&](visit& v) {
    const geofence* const g = lookup(in, v.geofence_id);
    if (g != nullptr && g->version == v.version && g->active) {
      v.found(*g);
      return false;
    }
    changed = true;
    const auto why = why_it_ends(v, g, truck);
    if (!v.inside) return true;  // what it seemed to enter is something else now
    if (why) {
      end(v, now, truck, *why, out);
      return true;
    }
    go_on(v, *g, now, truck, out);
    return false;
  });
  return changed;
}

void end_all(visits& all, utc_time now, const newest_place& truck, fence_events& out) {
  for (visit& v : all.all()) end(v, now, truck, exit_reason::deleted, out);
  all.all().clear();
}

}  // namespace haulcast::engine
