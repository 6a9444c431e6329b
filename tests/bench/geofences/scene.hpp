// What geofences are measured with: 100,000 of them over a part of Europe, and trucks that drive there.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "haulcast/geo/shape.hpp"

namespace haulcast::bench {

/// 70 % circles of 100 to 5,000 m, 25 % polygons of 5 to 50 vertices, 5 % corridors of 400 m.
struct scene {
  std::string name;
  std::vector<geo::shape> fences;
  /// One truck after the other, `track_length` positions each: every 5 s, at 0 to 90 km/h.
  std::vector<geo::point> tracks;
  static constexpr std::size_t track_length = 100;
};

/// Everywhere alike.
scene uniform_scene(std::size_t fences, std::size_t trucks);
/// Around 200 towns, fences and trucks.
scene clustered_scene(std::size_t fences, std::size_t trucks);

}  // namespace haulcast::bench
