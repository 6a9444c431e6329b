#include "haulcast/client/city.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "haulcast/client/dice.hpp"

namespace haulcast::client {
namespace {

constexpr double metres_per_degree = 111'195;  // of latitude, on the sphere that geo measures on
constexpr double radians = std::numbers::pi / 180;
constexpr double cell_m = 3 * city::block_m;

enum salts : std::uint64_t { site_salt = 1, light_salt, limit_salt, coverage_salt };

constexpr std::array all_cities{
    city{"Zurich", {47.3769, 8.5417}, 35, 1},       city{"Berlin", {52.5200, 13.4050}, 8, 2},
    city{"Chicago", {41.8781, -87.6298}, 0, 3},     city{"Nairobi", {-1.2864, 36.8172}, 20, 4},
    city{"Sao Paulo", {-23.5505, -46.6333}, 45, 5}, city{"Seoul", {37.5665, 126.9780}, 12, 6},
};

constexpr bool along_meridian(direction d) noexcept { return d == direction::north || d == direction::south; }

}  // namespace

crossing next_in(direction d, crossing from) noexcept {
  switch (d) {
    case direction::north: return {from.east, from.north + 1};
    case direction::east: return {from.east + 1, from.north};
    case direction::south: return {from.east, from.north - 1};
    case direction::west: return {from.east - 1, from.north};
  }
  return from;
}

std::uint64_t city::dice_at(crossing c, std::uint64_t what) const noexcept {
  const auto place =
      (static_cast<std::uint64_t>(static_cast<std::uint32_t>(c.east)) << 32) | static_cast<std::uint32_t>(c.north);
  return mix(mix(salt_, what), place);
}

crossing city::site(std::uint64_t which) const noexcept {
  constexpr auto width = static_cast<std::uint64_t>(2 * reach + 1);
  const std::uint64_t drawn = dice_at({static_cast<int>(which), 0}, site_salt);
  return {static_cast<int>(drawn % width) - reach, static_cast<int>((drawn >> 32) % width) - reach};
}

bool city::red(crossing at, direction d, double elapsed_s) const noexcept {
  const std::uint64_t drawn = dice_at(at, light_salt);
  if (drawn % 3 != 0) return false;
  const double offset = static_cast<double>((drawn >> 16) % 64);
  const bool meridian_is_red = std::fmod(elapsed_s + offset, cycle_s) < red_s;
  return meridian_is_red == along_meridian(d);
}

double city::limit_kmh(crossing from, direction d) const noexcept {
  const int street = along_meridian(d) ? from.east : from.north;
  if (street % 4 == 0) return 60;  // a main road every fourth street
  const bool quiet = dice_at(along_meridian(d) ? crossing{street, 1} : crossing{1, street}, limit_salt) % 4 == 0;
  return quiet ? 30 : 50;
}

bool city::covered(double east_m, double north_m) const noexcept {
  const crossing cell{static_cast<int>(std::floor(east_m / cell_m)), static_cast<int>(std::floor(north_m / cell_m))};
  return dice_at(cell, coverage_salt) % 20 != 0;
}

geo::point city::to_point(double east_m, double north_m) const noexcept {
  const double c = std::cos(turned_degrees_ * radians);
  const double s = std::sin(turned_degrees_ * radians);
  const double true_east = east_m * c + north_m * s;
  const double true_north = north_m * c - east_m * s;
  return {centre_.latitude + true_north / metres_per_degree,
          centre_.longitude + true_east / (metres_per_degree * std::cos(centre_.latitude * radians))};
}

double city::heading(direction d) const noexcept { return std::fmod(static_cast<int>(d) * 90 + turned_degrees_, 360); }

std::span<const city> cities() noexcept { return all_cities; }

}  // namespace haulcast::client
