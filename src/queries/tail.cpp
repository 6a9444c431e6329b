#include "haulcast/queries/tail.hpp"

#include <algorithm>
#include <utility>

#include "haulcast/journal/record.hpp"
#include "haulcast/wire/cloud_event.hpp"

namespace haulcast::queries {

namespace {

using store::store_error;
using store::trouble;

// Ids stand in records as they are, so most records are passed over without being read.
bool may_be_about(std::string_view record, std::string_view id) { return record.find(id) != record.npos; }

/// Calls take(offset, index, judged, input, position) for the positions of that truck; duplicates are none.
template <class Take>
void for_each_position(const tail& behind, std::string_view truck_id, Take take) {
  engine::batch input;
  std::vector<engine::judgement> judgements;
  behind.for_each([&](offset_t at, std::string_view bytes) {
    if (!may_be_about(bytes, truck_id)) return;
    const auto record = journal::view_record(bytes);
    if (!record || record->kind != journal::record_kind::batch) return;
    input.clear();
    judgements.clear();
    if (!journal::read_batch(*record, input, judgements)) return;
    for (std::size_t i = 0; i < input.positions.size(); ++i) {
      const engine::batch_position& p = input.positions[i];
      if (input.trucks[p.truck] != truck_id || judgements[i].what == engine::verdict::duplicate) continue;
      take(store::place{at, p.index}, judgements[i], input.received_at, p.where);
    }
  });
}

bool admits(const store::event_query& q, const engine::event& e, engine::event_id id) {
  if (e.time < q.from || e.time > q.to) return false;
  if (!q.types.empty() && std::ranges::find(q.types, e.type) == q.types.end()) return false;
  if (!q.truck_id.empty() && e.truck_id != q.truck_id) return false;
  if (!q.subject.empty() && (e.truck_id.empty() || q.subject != "truck/" + e.truck_id)) return false;
  return !q.before || std::pair{e.time, id} < std::pair{q.before->time, q.before->id};
}

bool admits(const store::quarantine_query& q, const store::stored_rejection& r) {
  if (r.received_at < q.from || r.received_at > q.to) return false;
  if (q.code && r.code != *q.code) return false;
  if (!q.truck_id.empty() && r.truck_id != q.truck_id) return false;
  return !q.before || std::pair{r.received_at, r.at} < std::pair{q.before->received_at, q.before->at};
}

}  // namespace

store::store_result<void> tail::reach(const journal::checkpoint& at) {
  if (!at.journal_id.empty() && at.journal_id != now_.log->id()) {
    return store_error{trouble::unavailable, "the store belongs to another journal"};
  }
  if (at.offset < now_.stored) return store_error{trouble::unavailable, "the store has lost what it had, and is written again"};
  behind_ = at.offset;
  lagging_ = false;
  if (behind_ >= now_.told) return {};
  const offset_t have = groups_.empty() ? now_.told + 1 : groups_.front()->first;
  if (have > behind_ + 1) lagging_ = !fetch(behind_ + 1);
  return {};
}

// From the journal up to what is in memory. False: it is too much, or not there any more.
bool tail::fetch(offset_t first) {
  std::size_t bytes = 0;
  for (const auto& g : now_.recent) bytes += g->bytes.size();
  const offset_t in_memory = now_.recent.empty() ? now_.told + 1 : now_.recent.front()->first;
  std::vector<journal::shared_group> read;
  while (first < in_memory) {
    if (read.size() + now_.recent.size() >= groups_max || bytes > bytes_max) return false;
    if (read.empty() && now_.log->bytes_behind(first) > 2 * bytes_max) return false;
    auto group = now_.log->read(first);
    if (!group || !*group) return false;
    bytes += (*group)->bytes.size();
    first = (*group)->last() + 1;
    read.push_back(std::move(*group));
  }
  groups_ = std::move(read);
  groups_.insert(groups_.end(), now_.recent.begin(), now_.recent.end());
  return true;
}

std::vector<store::stored_position> positions_in(const tail& behind, std::string_view truck_id, utc_time from, utc_time to) {
  std::vector<store::stored_position> found;
  for_each_position(behind, truck_id,
                    [&](store::place at, engine::judgement judged, utc_time heard, const engine::position& p) {
                      if (p.timestamp < from || p.timestamp > to) return;
                      found.push_back({.at = at, .judged = judged, .received_at = heard, .what = engine::kept_position{p}});
                    });
  const auto time_of = [](const store::stored_position& row) { return row.what.timestamp(); };
  std::ranges::sort(found, {}, [&](const store::stored_position& row) { return std::pair{time_of(row), row.at}; });
  const auto again = std::ranges::unique(found, {}, time_of);
  found.erase(again.begin(), again.end());
  return found;
}

std::vector<store::unstored_point> points_in(const tail& behind, std::string_view truck_id) {
  std::vector<store::unstored_point> found;
  for_each_position(behind, truck_id, [&](store::place at, engine::judgement judged, utc_time, const engine::position& p) {
    found.push_back({.at = at, .what = store::track_point_of(p, judged.what == engine::verdict::suspect)});
  });
  return found;
}

std::vector<store::stored_event> events_in(const tail& behind, const store::event_query& q, std::string_view source) {
  std::vector<store::stored_event> found;
  std::vector<engine::event> events;
  behind.for_each([&](offset_t at, std::string_view bytes) {
    const auto record = journal::view_record(bytes);
    events.clear();
    if (!record || record->event_count == 0 || !journal::read_events(*record, events)) return;
    for (std::uint32_t i = 0; i < events.size(); ++i) {
      const engine::event_id id{at, i};
      if (!admits(q, events[i], id)) continue;
      store::stored_event row{.id = id, .type = events[i].type, .time = events[i].time, .text = {}};
      wire::append_cloud_event(row.text, events[i], id, source);
      found.push_back(std::move(row));
    }
  });
  std::ranges::sort(found, std::greater{}, [](const store::stored_event& e) { return std::pair{e.time, e.id}; });
  return found;
}

std::vector<store::stored_rejection> rejections_in(const tail& behind, const store::quarantine_query& q) {
  std::vector<store::stored_rejection> found;
  engine::batch input;
  std::vector<engine::judgement> judgements;
  behind.for_each([&](offset_t at, std::string_view bytes) {
    const auto record = journal::view_record(bytes);
    if (!record || record->kind != journal::record_kind::batch) return;
    input.clear();
    judgements.clear();
    if (!journal::read_batch(*record, input, judgements)) return;
    for (const engine::rejected_position& r : input.rejected) {
      store::stored_rejection row{.at = {at, r.index},
                                  .received_at = input.received_at,
                                  .code = r.code,
                                  .truck_id = std::string{r.truck_id},
                                  .raw = std::string{r.raw}};
      if (admits(q, row)) found.push_back(std::move(row));
    }
  });
  std::ranges::sort(found, std::greater{}, [](const store::stored_rejection& r) { return std::pair{r.received_at, r.at}; });
  return found;
}

}  // namespace haulcast::queries
