// The body of POST /v1/geofences and PUT /v1/geofences/{geofence_id} -> a geofence, and back into what reads show.
#pragma once

#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/engine/geofence.hpp"
#include "haulcast/wire/body_failure.hpp"

namespace haulcast::wire {

/// One object with the members that append_geofence writes; null means not given. Strict: nothing else, nothing twice, no
/// nesting over 16. Required: `type`, and what makes the shape of that type. The first fault in the order of the body is told,
/// then what is missing, then what is wrong with the shape: codes as body_failure has them, `member_missing`, and
/// `geofence_too_complex`. `geofence_id` may be missing; where `id_in_path` is not empty, that is the id, and another one in
/// the body is refused. The shape has no problem then, and no region is made of it yet. O(bytes) and what geo::problem_of
/// takes.
result<engine::geofence, body_failure> parse_geofence(std::string_view body, std::string_view id_in_path = {});

/// The whole of it as one JSON object. Linear in its vertices: about 1 ms for the most of them.
void append_geofence(std::string& out, const engine::geofence& g);

/// The same as a GeoJSON Feature: a circle is a Point and its `radius_meters`, a corridor a LineString and its `width_meters`.
void append_geofence_feature(std::string& out, const engine::geofence& g);

}  // namespace haulcast::wire
