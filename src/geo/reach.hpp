// How far a search for the nearest edge goes, and how what it finds is told in metres.
#pragma once

#include <cmath>
#include <numbers>

#include "ellipsoid.hpp"
#include "vec3.hpp"

namespace haulcast::geo {

/// Squares of chords beyond all that is at most so many metres away.
inline double chord2_within(double metres) {
  const double angle = metres / radius_least_m * (1 + 1e-12) + 1e-12;
  return angle < std::numbers::pi ? chord2_of_angle(angle) : 8;
}

/// Some distance that is farther.
inline double beyond(double reach_m) { return reach_m * 1.001 + 1; }

/// What is surely free of a boundary that was told to be so far away, on the sphere's nearest place: the ellipsoid may have one
/// that is nearer by one per cent.
inline double surely_free_m(double told_m) { return 0.97 * std::fabs(told_m) - 1; }

/// To a place that an edge tree has found: near it without, and far away with the geodesic.
inline double metres_between(point p, vec3 direction, vec3 foot) {
  constexpr double near_m = 500'000;
  const double metres = near_metres(direction, foot);
  return metres < near_m ? metres : geodesic_m(p, place(foot));
}

}  // namespace haulcast::geo
