// The streets that simulated trucks drive on: a grid around a real city's centre, with lights, sites and dead zones.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "haulcast/geo/point.hpp"

namespace haulcast::client {

/// A crossing of the grid, in blocks from the centre: east and north before the grid is turned.
struct crossing {
  int east = 0;
  int north = 0;
  friend bool operator==(const crossing&, const crossing&) = default;
};

/// The ways to leave a crossing; the next one is a right turn.
enum class direction : std::uint8_t { north, east, south, west };
constexpr direction right_of(direction d) noexcept { return static_cast<direction>((static_cast<int>(d) + 1) % 4); }
constexpr direction opposite(direction d) noexcept { return right_of(right_of(d)); }
crossing next_in(direction d, crossing from) noexcept;

/// Everything is a function of the place (and the time since the fleet started): no state, nothing stored, any thread.
class city {
 public:
  static constexpr double block_m = 180;
  static constexpr int reach = 16;  // blocks from the centre that sites lie within
  static constexpr int sites = 48;
  static constexpr double red_s = 32;  // of a light's cycle
  static constexpr double cycle_s = 64;

  constexpr city(std::string_view name, geo::point centre, double turned_degrees, std::uint64_t salt)
      : name_{name}, centre_{centre}, turned_degrees_{turned_degrees}, salt_{salt} {}

  std::string_view name() const noexcept { return name_; }
  geo::point centre() const noexcept { return centre_; }

  /// Where a truck loads and unloads; `which` < sites.
  crossing site(std::uint64_t which) const noexcept;
  /// For a truck that comes along `d`. A third of the crossings have lights; the two axes alternate.
  bool red(crossing at, direction d, double elapsed_s) const noexcept;
  /// What the signs say on the block that leaves `from` along `d`: 30, 50 or 60.
  double limit_kmh(crossing from, direction d) const noexcept;
  /// Whether phones have a network there: one cell of 3 by 3 blocks in 20 has none.
  bool covered(double east_m, double north_m) const noexcept;

  geo::point to_point(double east_m, double north_m) const noexcept;
  /// Degrees from north of a block along `d`.
  double heading(direction d) const noexcept;

 private:
  std::uint64_t dice_at(crossing c, std::uint64_t what) const noexcept;

  std::string_view name_;
  geo::point centre_;
  double turned_degrees_;  // clockwise
  std::uint64_t salt_;
};

/// The cities that fleets are spread over.
std::span<const city> cities() noexcept;

}  // namespace haulcast::client
