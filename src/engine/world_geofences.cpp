// What commands do to geofences.
#include <utility>

#include "haulcast/engine/world.hpp"

namespace haulcast::engine {

namespace {

bool may_touch(const geofence& there, const std::string& merchant) noexcept {
  return merchant.empty() || there.belongs_to(merchant);
}

}  // namespace

void world::enforce(const std::shared_ptr<geofence>& what, offset_t offset) {
  const auto there = geofences_.find(what->id);
  what->version = offset;
  what->created = there ? there->created : offset;
  what->prepare();
  geofences_.set(what);
  fences_.put(what);
  follows_ = true;
  if (there) fence_has_changed(what->id);
}

// Ids are one space for all. To a merchant what belongs to others is not there: a condition on it is answered so, and only that
// the id is taken cannot be hidden.
void world::decide(const put_geofence& asked, utc_time, offset_t offset, outcome& out) {
  const auto there = geofences_.find(asked.what.id);
  const bool taken = there && !may_touch(*there, asked.merchant_id);
  const auto present = there && !taken ? std::optional{there->version} : std::nullopt;
  if (!asked.only_if.holds(present)) {
    out.decided = {command_status::precondition_failed, present.value_or(0)};
    return;
  }
  if (taken || (there && asked.only_new)) {
    out.decided = {command_status::exists};
    return;
  }
  if (present && same(*there, asked.what)) {
    out.decided = {command_status::unchanged, *present};
    return;
  }
  auto made = std::make_shared<geofence>(asked.what);
  enforce(made, offset);
  out.fence = {made->id, std::move(made)};
  out.decided = {present ? command_status::updated : command_status::created, offset};
}

void world::decide(const remove_geofence& asked, utc_time, offset_t, outcome& out) {
  const auto there = geofences_.find(asked.geofence_id);
  if (!there || !may_touch(*there, asked.merchant_id)) {
    out.decided = {command_status::not_found};
    return;
  }
  if (!asked.only_if.holds(there->version)) {
    out.decided = {command_status::precondition_failed, there->version};
    return;
  }
  geofences_.remove(asked.geofence_id);
  fences_.remove(asked.geofence_id);
  fence_has_changed(asked.geofence_id);
  out.fence = {asked.geofence_id, nullptr};
  out.decided = {command_status::removed};
}

}  // namespace haulcast::engine
