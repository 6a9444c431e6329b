// A place on the earth, the distance between two, and a rectangle of a map.
#pragma once

namespace haulcast::geo {

/// WGS 84 degrees. The only place where latitude and longitude have an order.
struct point {
  double latitude = 0;
  double longitude = 0;

  friend bool operator==(const point&, const point&) = default;
};

/// Great-circle distance in metres on a sphere of the earth's mean radius (6,371,008.8 m), by the haversine formula
/// (R. W. Sinnott, "Virtues of the Haversine", 1984). Within 0.6 % of the ellipsoid. O(1).
double distance_m(point a, point b) noexcept;

/// The place on the great circle from `a` to `b` at that part of its length, from 0 to 1. O(1).
point between(point a, point b, double part) noexcept;

/// A rectangle of a map, west to east and south to north in degrees. `west > east` crosses the antimeridian.
struct bbox {
  double west = -180;
  double south = -90;
  double east = 180;
  double north = 90;

  bool contains(point p) const noexcept {
    if (p.latitude < south || p.latitude > north) return false;
    return west <= east ? p.longitude >= west && p.longitude <= east : p.longitude >= west || p.longitude <= east;
  }
  friend bool operator==(const bbox&, const bbox&) = default;
};

}  // namespace haulcast::geo
