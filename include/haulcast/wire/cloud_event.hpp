// One event of the engine -> CloudEvents 1.0 JSON, as it goes to subscribers and streams.
#pragma once

#include <string>
#include <string_view>

#include "haulcast/engine/event.hpp"

namespace haulcast::wire {

/// Appends one JSON object on one line. `source` names the journal that gave the id (any URI reference); `position` in the data
/// has the same members as a position everywhere else. A text that is empty (an event without a truck) is left out.
/// No errors; any thread.
void append_cloud_event(std::string& out, const engine::event& e, engine::event_id id, std::string_view source);

}  // namespace haulcast::wire
