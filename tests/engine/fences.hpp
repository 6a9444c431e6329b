// Words for geofences around the depot, and for what trucks do at them.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/story.hpp"
#include "haulcast/engine/geofence.hpp"

namespace haulcast::engine::story {

/// A circle around the depot.
inline geofence around_depot(double radius_m, std::string id = "depot") {
  return {.id = std::move(id), .shape = geo::circle{depot, radius_m}};
}

/// A rectangle from so many metres north of the depot to so many, 200 m wide, with the depot's meridian in its middle.
inline geofence strip(double from_m, double to_m, std::string id) {
  constexpr double half_width = 0.00133;
  const double low = north(from_m).latitude, high = north(to_m).latitude;
  const double west = depot.longitude - half_width, east = depot.longitude + half_width;
  const geo::point first{low, west};
  return {.id = std::move(id), .shape = geo::polygon{{{first, {low, east}, {high, east}, {high, west}, first}}}};
}

/// Taken at its word, with positions that are exact to half a metre.
inline geofence plain(geofence g) {
  g.hysteresis_m = 0;
  return g;
}

/// "exited depot @12.5 deleted": what was told about geofences, the truck left out.
inline std::string fence_told(const event& e) {
  std::string text{to_string(e.type)};
  if (text.starts_with("geofence.")) text = text.substr(9);
  const auto ms = (e.time - morning).count();
  text += " " + e.fence->geofence_id + " @" + std::to_string(ms / 1000);
  if (ms % 1000 != 0) text += "." + std::to_string(1000 + ms % 1000).substr(1);
  if (e.fence->reason != exit_reason::none) text += " " + std::string{to_string(e.fence->reason)};
  return text;
}
inline std::vector<std::string> fences_told(const std::vector<event>& events) {
  std::vector<std::string> all;
  for (const event& e : events) {
    if (e.fence) all.push_back(fence_told(e));
  }
  return all;
}

/// A day with geofences in it.
class fenced_day : public day {
 public:
  using day::day;

  const outcome& ask(any_command what, milliseconds now = 0ms) {
    out.clear();
    world_.apply(command{morning + now, std::move(what)}, offset_ + 1, out);
    if (out.decided.changed()) ++offset_;
    return out;
  }
  const outcome& put(geofence g, milliseconds now = 0ms) { return ask(put_geofence{.what = std::move(g)}, now); }
  const outcome& remove(std::string id, milliseconds now = 0ms) { return ask(remove_geofence{std::move(id)}, now); }

  /// What was told about geofences when the truck was heard there, the moment it was measured.
  std::vector<std::string> drive(const position& p) {
    day::hear(p, p.timestamp - morning);
    return fences_told(out.events);
  }
  std::vector<std::string> drive(const std::vector<position>& all) {
    std::vector<std::string> told;
    for (const position& p : all) std::ranges::copy(drive(p), std::back_inserter(told));
    return told;
  }
  std::vector<std::string> wait_until(milliseconds now) {
    tick_at(now);
    return fences_told(out.events);
  }
  std::vector<std::string> inside(const std::string& id = "TRK-1") const {
    std::vector<std::string> all;
    for (const visit& v : world_.visits_of(world_.find(id).value()).all()) {
      if (v.inside) all.push_back(v.geofence_id);
    }
    return all;
  }
};

}  // namespace haulcast::engine::story
