// Words for geofences around the depot.
#pragma once

#include <string>
#include <utility>

#include "engine/story.hpp"
#include "haulcast/engine/geofence.hpp"

namespace haulcast::engine::story {

/// A circle around the depot.
inline geofence around_depot(double radius_m, std::string id = "depot") {
  return {.id = std::move(id), .shape = geo::circle{depot, radius_m}};
}

/// A rectangle from so many metres north of the depot to so many, 2 km wide, with the depot's meridian in its middle.
inline geofence strip(double from_m, double to_m, std::string id) {
  constexpr double half_width = 0.0133;
  const double low = north(from_m).latitude, high = north(to_m).latitude;
  const double west = depot.longitude - half_width, east = depot.longitude + half_width;
  const geo::point first{low, west};
  return {.id = std::move(id), .shape = geo::polygon{{{first, {low, east}, {high, east}, {high, west}, first}}}};
}

}  // namespace haulcast::engine::story
