// The file of an import as GeoJSON, and what can be said of its features.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/client/import_geofences.hpp"

namespace haulcast::client {

/// KML is converted, and what it has that no geofence has is told on `err`. Error: one sentence; it cannot be read.
result<std::string> read_geofence_text(const import_options& options, std::ostream& err);

/// "Main Warehouse" or "warehouse-001" of the feature at that place; none: it has neither, or there is no such feature.
/// O(text).
std::optional<std::string> name_of_feature(std::string_view geo_json, std::size_t place);
/// The N of "/features/N/...".
std::optional<std::size_t> feature_in(std::string_view pointer) noexcept;

/// As far as it can be checked here. Error: "feature 17 (Main Warehouse): /features/17/geometry: ...".
result<std::size_t> check_geofence_text(std::string_view geo_json);

/// "feature 17 (Main Warehouse): " in front of what is told of it; just the sentence, if it is of no feature.
std::string tell_fault(std::string_view geo_json, std::string_view pointer, std::string_view detail);

}  // namespace haulcast::client
