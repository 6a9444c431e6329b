// The members of a geofence's JSON, for all texts that carry them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/geofence.hpp"
#include "strict_body.hpp"

namespace haulcast::wire {

/// A geofence while it is read.
struct geofence_body : engine::geofence {
  std::string type;
  std::optional<geo::point> center;
  double radius_meters = engine::unknown;
  std::optional<geo::polygon> coordinates;
  std::optional<std::vector<geo::point>> path;
  double width_meters = engine::unknown;
};

/// All of the API's.
std::span<const body_member<geofence_body>> geofence_members();
/// Those that say no place: what is beside a geometry of GeoJSON.
std::span<const body_member<geofence_body>> geofence_property_members();

body_failure wrong_type(std::string pointer, std::string_view wanted);
body_failure wrong_value(std::string pointer, std::string_view wanted);
body_failure too_complex(std::string pointer);
/// The same fault of something that stands there.
body_fault under(std::string_view pointer, body_fault fault);
body_fault read_id(const simdjson::dom::element& given, std::string pointer, std::string& into);

/// Longitude first, as in GeoJSON; an altitude may follow, and does not count.
bool read_point(const simdjson::dom::element& given, geo::point& into);
body_fault read_center(const simdjson::dom::element& given, std::string_view name, geofence_body& into);
body_fault read_path(const simdjson::dom::element& given, std::string_view name, geofence_body& into);
body_fault read_rings(const simdjson::dom::element& given, std::string_view name, geofence_body& into);

/// When all members are read: defaults, then the shape, which has no problem afterwards. Pointers as in the API's JSON.
body_fault complete(geofence_body& from);

}  // namespace haulcast::wire
