// Random numbers that are the same on every machine for the same seed, in 8 bytes a truck.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace haulcast::client {

/// One round of splitmix64 (S. Vigna): turns counters and places into numbers that look random.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept { return mix(mix(a) ^ b); }

/// A stream of them. std::mt19937 would be 2.5 KiB a truck, and the distributions of std differ between libraries.
class dice {
 public:
  explicit constexpr dice(std::uint64_t seed) noexcept : state_{mix(seed)} {}

  constexpr std::uint64_t next() noexcept { return mix(state_++); }
  /// In [0, 1).
  constexpr double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// In [low, high).
  constexpr double between(double low, double high) noexcept { return low + (high - low) * fraction(); }
  /// In [0, n); n > 0.
  constexpr std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
  constexpr bool chance(double p) noexcept { return fraction() < p; }

  struct normal_pair {
    double x, y;
  };
  /// Two independent draws of mean 0 and deviation 1 (Box-Muller).
  normal_pair normal() noexcept {
    const double r = std::sqrt(-2 * std::log(1 - fraction()));
    const double angle = 2 * std::numbers::pi * fraction();
    return {r * std::cos(angle), r * std::sin(angle)};
  }

 private:
  std::uint64_t state_;
};

}  // namespace haulcast::client
