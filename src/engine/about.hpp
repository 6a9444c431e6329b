// An event that a truck is in.
#pragma once

#include "haulcast/engine/event.hpp"
#include "haulcast/engine/truck.hpp"

namespace haulcast::engine {

inline event about(event_type type, utc_time time, const truck& t) {
  event e;
  e.type = type;
  e.time = time;
  e.truck_id = t.id;
  if (t.has_position) e.where = t.newest;
  return e;
}

}  // namespace haulcast::engine
