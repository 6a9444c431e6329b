// POST, PUT and DELETE of geofences, as commands.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "desk.hpp"
#include "haulcast/http/router.hpp"

namespace haulcast::pipeline {
class pipeline;
}

namespace haulcast::http {

/// The most bytes of a geofence: enough for 10,000 vertices with all digits that a double has.
inline constexpr std::size_t geofence_body_bytes = 1 << 20;

/// 201 with Location, the geofence as GET shows it and its tag; 409 where the id is taken. Bodies are read at the desk.
late_handler create_geofence_handler(pipeline::pipeline& spine, std::shared_ptr<desk> aside);
/// 201 or 200, likewise.
late_handler put_geofence_handler(pipeline::pipeline& spine, std::shared_ptr<desk> aside);
/// 204.
late_handler remove_geofence_handler(pipeline::pipeline& spine);

/// `"<version>"`.
std::string etag_of_geofence(std::uint64_t version);

}  // namespace haulcast::http
