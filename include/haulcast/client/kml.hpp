// KML -> the GeoJSON that POST /v1/geofences:import takes.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"

namespace haulcast::client {

/// What KML has no member for.
struct kml_defaults {
  std::string radius_meters;  // of a Point without one; a number, or empty: then the server refuses it
  std::string width_meters;   // of a LineString, likewise
};

struct kml_features {
  std::string geo_json;                                     // a FeatureCollection
  std::size_t count = 0;                                    // of its features
  std::map<std::string, std::size_t, std::less<>> skipped;  // data that no geofence has, by name: in how many placemarks
};

/// Each Placemark with a Point, a LineString or a Polygon (innerBoundaryIs: holes) becomes a feature; of a MultiGeometry each
/// part does. Its id is the datum `geofence_id`, else the attribute `id`, else made of the name, else of its number; further
/// ones of one Placemark, or of the same name, end in "-2", "-3". `name` and the members of ExtendedData (Data or SimpleData)
/// become properties: numbers, true and false as such, `alert_on`, `tags` and `trucks` cut at commas; `restricted`,
/// `speed_limit_kmh`, `hysteresis_meters` and `trucks` go into `rules`. Whether values are allowed is for the server to say.
///
/// Nothing is fetched, and no document type is taken, so there are no entities but XML's own. Bounds: 64 elements deep, 1 MiB
/// of text in one of them. Error: one sentence with the line.
result<kml_features> read_kml(std::string_view text, const kml_defaults& defaults = {});

/// By what it begins with.
bool looks_like_xml(std::string_view text) noexcept;

}  // namespace haulcast::client
