// What an import of geofences does to the world: staged, complete, then in force some at a time.
#include <algorithm>
#include <utility>

#include "haulcast/base/bytes.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {

// Nothing else concerns these geofences until they are in force, so what is counted here is what it will come to.
void world::decide(const stage_geofences& asked, utc_time, offset_t offset, outcome& out) {
  if (asked.first && !import_.complete) import_ = {};
  if (import_.complete) {
    out.decided = {command_status::importing};
    return;
  }
  for (const auto& each : asked.what) {
    ++(geofences_.find(each->id) ? import_.counts.updated : import_.counts.created);
    import_.staged.push_back(each);
  }
  out.decided = {command_status::staged, offset};
}

void world::decide(const import_geofences& asked, utc_time, offset_t offset, outcome& out) {
  if (import_.complete || import_.staged.size() != asked.staged) {
    out.decided = {command_status::not_found};
    return;
  }
  import_.complete = asked.staged > 0;
  import_.counts.unchanged = asked.unchanged;
  out.decided = {.what = command_status::imported, .version = offset, .counts = import_.counts};
}

void world::decide(const enforce_geofences& asked, utc_time, offset_t offset, outcome& out) {
  if (!import_.complete) {
    out.decided = {command_status::not_found};
    return;
  }
  for (std::uint32_t i = 0; i < asked.count && !import_.staged.empty(); ++i) {
    const std::shared_ptr<geofence> next = std::move(import_.staged.front());
    import_.staged.pop_front();
    enforce(next, offset);
    out.enforced.push_back(next);
  }
  if (import_.staged.empty()) import_ = {};
  out.decided = {command_status::enforced, offset};
}

void world::prepare_import() {
  if (!import_.complete) return;
  for (const auto& each : import_.staged) each->prepare();
}

std::deque<std::shared_ptr<geofence>> world::forget_staged() {
  if (import_.complete) return {};
  return std::exchange(import_, {}).staged;
}

void world::save_import(byte_writer& out) const {
  if (!import_.complete) return;
  for (const auto& each : import_.staged) each->save(out);
}

}  // namespace haulcast::engine
