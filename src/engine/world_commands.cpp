// What commands do to the world: each is decided from what is there, then carried out whole or not at all.
#include <algorithm>
#include <utility>

#include "about.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {

void world::apply(const command& input, offset_t offset, outcome& out) {
  if (answer_again(input, offset, out)) return;
  std::visit([&](const auto& asked) { decide(asked, input.now, offset, out); }, input.what);
  if (!out.decided.changed()) return;
  now_ = std::max(now_, input.now);
  remember(input, out.decided, offset);
}

void world::recall(const command& input, command_status decided, offset_t offset) {
  remember(input, recorded_outcome(decided, offset), offset);
  now_ = std::max(now_, input.now);
}

// In a replay a restored table may hold the record's own key, or that of a later one; neither answered it.
bool world::answer_again(const command& input, offset_t offset, outcome& out) const {
  if (!input.retry) return false;
  const auto* const known = retries_.find(input.retry->key, input.now);
  if (known == nullptr || known->offset >= offset) return false;
  if (known->asked.request != input.retry->request) {
    out.decided = {command_status::key_reused};
  } else {
    out.decided = known->came_to;
    out.decided.again = true;
  }
  return true;
}

// A restored table holds whatever was remembered before the newest that it has.
void world::remember(const command& input, const command_outcome& came_to, offset_t offset) {
  if (!input.retry) return;
  const auto* const newest = retries_.newest();
  if (newest == nullptr || newest->offset < offset) retries_.remember({*input.retry, came_to, input.now, offset});
}

// None: for a client there is no such truck.
std::optional<std::uint64_t> world::version_of(std::optional<truck_index> known) const {
  if (!known || trucks_[*known].removed) return std::nullopt;
  return registrations_[*known] ? registrations_[*known]->version : 0;
}

void world::set_registration(truck_index index, registration what, offset_t offset, outcome& out) {
  what.version = offset;
  registrations_[index] = std::make_shared<const registration>(std::move(what));
  const truck& t = trucks_[index];
  out.registry.push_back({index, t.id, t.status(), registrations_[index]});
}

void world::decide(const register_truck& asked, utc_time, offset_t offset, outcome& out) {
  const auto known = find(asked.truck_id);
  if (known && trucks_[*known].changed_at >= offset) {
    out.partly_skipped = true;
    return;
  }
  const auto present = version_of(known);
  if (!asked.only_if.holds(present)) {
    out.decided = {command_status::precondition_failed, present.value_or(0)};
    return;
  }
  if (present && same(registrations_[*known] ? *registrations_[*known] : registration{}, asked.what)) {
    out.decided = {command_status::unchanged, *present};
    return;
  }
  const truck_index index = known ? *known : index_of(asked.truck_id);
  trucks_[index].removed = false;
  set_registration(index, asked.what, offset, out);
  touch(index, offset);
  out.decided = {present ? command_status::updated : command_status::created, offset};
}

// What it drove and its window stay: a position that is sent again is told to be a duplicate as ever. Whoever saw it come
// online sees it go.
void world::decide(const remove_truck& asked, utc_time now, offset_t offset, outcome& out) {
  const auto known = find(asked.truck_id);
  if (known && trucks_[*known].changed_at >= offset) {
    out.partly_skipped = true;
    return;
  }
  const auto present = version_of(known);
  if (!present) {
    out.decided = {command_status::not_found};
    return;
  }
  if (!asked.only_if.holds(present)) {
    out.decided = {command_status::precondition_failed, *present};
    return;
  }
  truck& t = trucks_[*known];
  end_visits(*known, now, out);
  if (std::exchange(t.speeding, false)) out.events.push_back(about(event_type::speed_normalised, now, t));
  if (std::exchange(t.online, false)) out.events.push_back(about(event_type::truck_offline, now, t));
  t.removed = true;
  registrations_[*known].reset();
  touch(*known, offset);
  out.registry.push_back({*known, t.id, t.status(), nullptr});
  out.decided = {command_status::removed};
}

// By a position. A removed truck comes back by one that is new, and nothing of what was said of it before holds any more; what
// was sent before it went, and is sent again, does not bring it back.
void world::come_online(truck_index index, verdict heard_by, utc_time now, offset_t offset, outcome& out) {
  truck& t = trucks_[index];
  if (t.removed) {
    if (heard_by == verdict::duplicate) return;
    t.removed = false;
    set_registration(index, {}, offset, out);
  }
  t.online = true;
  out.events.push_back(about(event_type::truck_online, now, t));
}

}  // namespace haulcast::engine
