#include "geofences/scene.hpp"

#include <algorithm>
#include <functional>

#include "geo/random_shapes.hpp"

namespace haulcast::bench {
namespace {

using geo::point;
using place_maker = std::function<point(geo::random_shapes&)>;

constexpr double south = 45, north = 55, west = 0, east = 19.1;
constexpr std::size_t towns = 200;
constexpr double town_m = 33'800;

point anywhere(geo::random_shapes& dice) { return {dice.between(south, north), dice.between(west, east)}; }

geo::polygon star(geo::random_shapes& dice, point middle) {
  const double size = dice.between(100, 5000);
  const std::size_t corners = 5 + dice.count(0, 45);
  geo::ring ring;
  for (std::size_t i = 0; i < corners; ++i) {
    const double bearing = 360.0 * static_cast<double>(i) / static_cast<double>(corners);
    ring.push_back(geo::walk(middle, bearing, size * dice.between(0.5, 1)));
  }
  ring.push_back(ring.front());
  return {{ring}};
}

geo::corridor road(geo::random_shapes& dice, point from) {
  geo::corridor made{{from}, 400};
  double bearing = dice.between(0, 360);
  for (std::size_t i = 0; i < 8; ++i) {
    bearing += dice.between(-40, 40);
    made.path.push_back(geo::walk(made.path.back(), bearing, dice.between(300, 2500)));
  }
  return made;
}

void drive(geo::random_shapes& dice, point from, std::vector<point>& out) {
  double bearing = dice.between(0, 360);
  double kmh = dice.between(0, 90);
  for (std::size_t i = 0; i < scene::track_length; ++i) {
    out.push_back(from);
    kmh = std::clamp(kmh + dice.between(-15, 15), 0.0, 90.0);
    bearing += dice.between(-15, 15);
    from = geo::walk(from, bearing, kmh / 3.6 * 5);
  }
}

scene make(std::string name, std::size_t fences, std::size_t trucks, const place_maker& place) {
  geo::random_shapes dice{7};
  scene made{.name = std::move(name), .fences = {}, .tracks = {}};
  for (std::size_t i = 0; i < fences; ++i) {
    const point at = place(dice);
    const auto kind = dice.count(0, 99);
    if (kind < 70) {
      made.fences.emplace_back(geo::circle{at, dice.between(100, 5000)});
    } else if (kind < 95) {
      made.fences.emplace_back(star(dice, at));
    } else {
      made.fences.emplace_back(road(dice, at));
    }
  }
  for (std::size_t i = 0; i < trucks; ++i) drive(dice, place(dice), made.tracks);
  return made;
}

}  // namespace

scene uniform_scene(std::size_t fences, std::size_t trucks) { return make("uniform", fences, trucks, anywhere); }

scene clustered_scene(std::size_t fences, std::size_t trucks) {
  geo::random_shapes dice{8};
  std::vector<point> middles;
  for (std::size_t i = 0; i < towns; ++i) middles.push_back(anywhere(dice));
  // Denser towards the middle, as towns are: a radius drawn evenly.
  return make("clustered", fences, trucks, [middles](geo::random_shapes& of) {
    const auto& town = middles[of.count(0, towns - 1)];
    return geo::walk(town, of.between(0, 360), of.between(0, town_m));
  });
}

}  // namespace haulcast::bench
