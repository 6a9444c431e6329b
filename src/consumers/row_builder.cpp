#include "haulcast/consumers/row_builder.hpp"

#include <algorithm>
#include <utility>

#include "haulcast/wire/cloud_event.hpp"

namespace haulcast::consumers {

namespace {

constexpr std::uint32_t not_placed = ~std::uint32_t{0};

}  // namespace

engine::offset_t row_builder::add(const journal::shared_group& group, offset_t from) {
  bool any = false;
  for (journal::record_cursor records{*group}; records.valid(); records.next()) {
    if (records.offset() < from) continue;
    if (full()) return records.offset();
    const offset_t at = records.offset();
    if (!std::exchange(any, true)) made_.sources.push_back(group);
    if (!add_record(at, records.bytes())) {
      made_.dead.push_back(
          {.at = {at, 0}, .when = made_.heard, .truck_id = {}, .reason = "the record cannot be read", .text = {}});
    }
    if (made_.begins == 0) made_.begins = at;
    made_.reaches = at;
    made_.bytes += records.bytes().size();
  }
  return group->last() + 1;
}

store::batch row_builder::take() {
  trucks_.clear();
  registry_.clear();
  geofences_.clear();
  return std::exchange(made_, {});
}

// All of a record is read before any of it is a row: one that cannot be read leaves none.
bool row_builder::add_record(offset_t at, std::string_view bytes) {
  const auto record = journal::view_record(bytes);
  if (!record) return false;
  made_.heard = record->time;
  events_.clear();
  if (!journal::read_events(*record, events_)) return false;
  const bool read = record->kind == journal::record_kind::batch     ? add_batch(at, *record)
                    : record->kind == journal::record_kind::command ? add_command(at, *record)
                                                                    : true;
  if (read) add_events(at);
  return read;
}

bool row_builder::add_batch(offset_t at, const journal::record_view& record) {
  read_.clear();
  judgements_.clear();
  if (!journal::read_batch(record, read_, judgements_)) return false;
  places_.assign(read_.trucks.size(), not_placed);
  for (std::size_t i = 0; i < read_.positions.size(); ++i) {
    const engine::batch_position& p = read_.positions[i];
    const engine::judgement judged = judgements_[i];
    if (judged.what == engine::verdict::duplicate) continue;
    std::uint32_t& truck = places_[p.truck];
    if (truck == not_placed) truck = heard(read_.trucks[p.truck], at);
    made_.positions.push_back({.at = {at, p.index},
                               .truck = truck,
                               .may_repeat = judged.what != engine::verdict::live,
                               .judged = judged,
                               .received_at = read_.received_at,
                               .what = p.where});
  }
  for (const engine::rejected_position& r : read_.rejected) {
    made_.quarantine.push_back(
        {.at = {at, r.index}, .received_at = read_.received_at, .code = r.code, .truck_id = r.truck_id, .raw = r.raw});
  }
  return true;
}

// A truck that was removed comes back by a position, and nothing of what was said of it holds any more. One that was removed
// before this batch is the store's to bring back.
std::uint32_t row_builder::heard(std::string_view truck_id, offset_t at) {
  const auto [found, is_new] = trucks_.try_emplace(truck_id, static_cast<std::uint32_t>(made_.trucks.size()));
  if (is_new) made_.trucks.push_back(truck_id);
  if (registry_.empty()) return found->second;
  const auto said = registry_.find(std::string{truck_id});
  if (said == registry_.end() || made_.registry[said->second].said) return found->second;
  engine::registration nothing;
  nothing.version = at;
  say(truck_id, at, std::make_shared<const engine::registration>(std::move(nothing)));
  return found->second;
}

void row_builder::add_events(offset_t at) {
  for (std::uint32_t i = 0; i < events_.size(); ++i) {
    engine::event& e = events_[i];
    const engine::event_id id{at, i};
    std::string text;
    wire::append_cloud_event(text, e, id, source_);
    std::string subject = e.truck_id.empty() ? std::string{} : "truck/" + e.truck_id;
    made_.events.push_back({.id = id,
                            .type = e.type,
                            .time = e.time,
                            .truck_id = std::move(e.truck_id),
                            .subject = std::move(subject),
                            .text = std::move(text)});
  }
}

bool row_builder::add_command(offset_t at, const journal::record_view& record) {
  engine::command input;
  engine::command_status decided{};
  if (!journal::read_command(record, input, decided)) return false;
  if (decided == engine::command_status::enforced) return add_enforced(at, record);
  std::visit([&](const auto& asked) { add(asked, at); }, input.what);
  return true;
}

void row_builder::add(const engine::register_truck& asked, offset_t at) {
  auto said = std::make_shared<engine::registration>(asked.what);
  said->version = at;
  say(asked.truck_id, at, std::move(said));
}

void row_builder::add(const engine::remove_truck& asked, offset_t at) { say(asked.truck_id, at, nullptr); }

void row_builder::add(const engine::put_geofence& asked, offset_t at) {
  auto now = std::make_shared<engine::geofence>(asked.what);
  now->version = at;
  say_fence(asked.what.id, at, std::move(now));
}

// What an import stages is nobody's yet, and that it is complete changes nothing by itself.
void row_builder::add(const engine::stage_geofences&, offset_t) {}
void row_builder::add(const engine::import_geofences&, offset_t) {}
void row_builder::add(const engine::enforce_geofences&, offset_t) {}

bool row_builder::add_enforced(offset_t at, const journal::record_view& record) {
  std::vector<std::shared_ptr<engine::geofence>> brought;
  if (!journal::read_enforced(record, brought)) return false;
  for (auto& each : brought) {
    each->version = at;
    const std::string& id = each->id;
    say_fence(id, at, std::move(each));
  }
  return true;
}

void row_builder::add(const engine::remove_geofence& asked, offset_t at) { say_fence(asked.geofence_id, at, nullptr); }

void row_builder::say(std::string_view truck_id, offset_t at, std::shared_ptr<const engine::registration> what) {
  store::truck_row row{.truck_id = std::string{truck_id}, .offset = at, .said = std::move(what)};
  const auto [found, is_new] = registry_.try_emplace(row.truck_id, made_.registry.size());
  if (is_new)
    made_.registry.push_back(std::move(row));
  else
    made_.registry[found->second] = std::move(row);
}

void row_builder::say_fence(std::string_view id, offset_t at, std::shared_ptr<const engine::geofence> what) {
  store::geofence_row row{.geofence_id = std::string{id}, .offset = at, .now = std::move(what)};
  const auto [found, is_new] = geofences_.try_emplace(row.geofence_id, made_.geofences.size());
  if (is_new)
    made_.geofences.push_back(std::move(row));
  else
    made_.geofences[found->second] = std::move(row);
}

}  // namespace haulcast::consumers
