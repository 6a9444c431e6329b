// From the configuration to the options of what stands at the door.
#pragma once

#include "haulcast/app/config.hpp"
#include "haulcast/http/rate_limits.hpp"
#include "haulcast/http/routes.hpp"
#include "haulcast/http/server.hpp"
#include "haulcast/ws/live_server.hpp"

namespace haulcast::app {

/// Of a validated configuration. Raises this process's limit of descriptors as far as the system lets it; connections stay
/// below.
http::server_options server_options_of(const config& cfg);
http::ingest_options ingest_options_of(const config& cfg);
http::rate_limit_options rate_limits_of(const config& cfg);
ws::live_options live_options_of(const config& cfg);

}  // namespace haulcast::app
