// PUT and DELETE /v1/trucks/{truck_id}: the truck registry, as commands.
#pragma once

#include "haulcast/http/router.hpp"

namespace haulcast::pipeline {
class pipeline;
}

namespace haulcast::http {

/// The most bytes of a registration.
inline constexpr std::size_t registration_body_bytes = 16 << 10;

/// 201 with Location, or 200, with the truck as GET shows it and its tag.
late_handler register_truck_handler(pipeline::pipeline& spine);
/// 204.
late_handler remove_truck_handler(pipeline::pipeline& spine);

}  // namespace haulcast::http
