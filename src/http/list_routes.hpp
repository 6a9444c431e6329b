// Lists of the past: events and refused positions.
#pragma once

#include <memory>

#include "haulcast/http/router.hpp"

namespace haulcast::http {

class past;

/// GET /v1/events and /v1/quarantine.
void add_list_routes(router& to, std::shared_ptr<past> from);

}  // namespace haulcast::http
