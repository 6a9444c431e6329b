#include "haulcast/engine/world.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "about.hpp"

namespace haulcast::engine {

namespace {

// Room set aside is address space until it is used; growing it later would copy megabytes within one turn of the loop.
template <class Queue>
Queue with_room(std::size_t entries) {
  typename Queue::container_type room;
  room.reserve(entries);
  return Queue{{}, std::move(room)};
}

// A look at the dues examines at most so many that turn out to have been heard since.
constexpr std::size_t stale_dues_max = 2'000;

}  // namespace

void outcome::clear() noexcept {
  trucks.clear();
  judgements.clear();
  events.clear();
  registry.clear();
  fence.reset();
  enforced.clear();
  visits.clear();
  visits_refused = 0;
  decided = {};
  partly_skipped = false;
}

world::world(std::size_t max_trucks) : by_id_{max_trucks} {
  changed_.reserve(max_trucks);
  passing_.reserve(max_trucks);
  dues_ = with_room<decltype(dues_)>(max_trucks);
}

std::optional<truck_index> world::find(std::string_view truck_id) const {
  return by_id_.find(id_index::hash(truck_id), [&](truck_index index) { return trucks_[index].id == truck_id; });
}

truck_status world::status(truck_index index) const { return trucks_[index].status(); }

truck_index world::index_of(std::string_view truck_id) {
  if (const auto known = find(truck_id)) return *known;
  const auto index = static_cast<truck_index>(trucks_.size());
  trucks_.emplace_back().id = truck_id;
  registrations_.emplace_back();
  presences_.emplace_back();
  by_id_.insert(id_index::hash(truck_id), index);
  return index;
}

// Two rounds, and look_up is a third: each asks for the memory that the next one reads.
void world::prefetch(const std::vector<std::string_view>& truck_ids) const {
  constexpr std::size_t at_once = 128;
  std::array<id_index::hash_t, at_once> hashes;
  for (std::size_t begin = 0; begin < truck_ids.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, truck_ids.size() - begin);
    for (std::size_t i = 0; i < count; ++i) by_id_.prefetch(hashes[i] = id_index::hash(truck_ids[begin + i]));
    for (std::size_t i = 0; i < count; ++i) {
      const auto likely = by_id_.guess(hashes[i]);
      if (!likely) continue;
      trucks_[*likely].prefetch();
      if (follows_) haulcast::prefetch(&presences_[*likely]);
    }
  }
}

void world::look_up(const batch& input, outcome& out) {
  prefetch(input.trucks);
  for (const std::string_view id : input.trucks) {
    const truck_index index = index_of(id);
    trucks_[index].window.prefetch_newest();
    out.trucks.push_back({index, truck_status::offline});
  }
}

void world::touch(truck_index index, offset_t offset) {
  truck& t = trucks_[index];
  t.changed_at = offset;
  if (!std::exchange(t.changed, true)) changed_.push_back(index);
}

// Silence counts from the last batch or from the server's start, whichever is later: while it was down nobody could be heard.
utc_time world::offline_due(const truck& t) const { return std::max(t.heard_at, started_at_) + rules_.offline_after; }

void world::await_silence(truck_index index) {
  truck& t = trucks_[index];
  if (!std::exchange(t.awaited, true)) dues_.push({offline_due(t), index});
}

// A due entry may be too early, which is noticed when it is looked at, but never too late.
void world::count_silence_anew() {
  std::vector<due_entry> all;
  all.reserve(changed_.capacity());
  for (truck_index index = 0; index < trucks_.size(); ++index) {
    if (trucks_[index].awaited) all.push_back({offline_due(trucks_[index]), index});
  }
  dues_ = decltype(dues_){std::greater<>{}, std::move(all)};
}

void world::apply(const batch& input, offset_t offset, outcome& out) {
  now_ = std::max(now_, input.received_at);
  skip_.assign(input.trucks.size(), false);
  look_up(input, out);
  for (std::size_t i = 0; i < input.trucks.size(); ++i) {
    truck& t = trucks_[out.trucks[i].truck];
    t.window.prefetch_end();
    skip_[i] = t.changed_at >= offset;
    out.partly_skipped |= skip_[i];
    if (!skip_[i] && t.online && offline_due(t) <= input.received_at) {
      out.events.push_back(about(event_type::truck_offline, offline_due(t), t));
      t.online = false;
    }
    if (!skip_[i] && follows_) settle_visits(out.trucks[i].truck, input.received_at, out);
  }
  out.judgements.reserve(input.positions.size());
  for (const batch_position& p : input.positions) {
    if (skip_[p.truck]) {
      out.judgements.push_back({});
      continue;
    }
    truck& t = trucks_[out.trucks[p.truck].truck];
    const judgement j = t.judge(p.where, rules_);
    out.judgements.push_back(j);
    const truck_moment before{t.has_position, t.agreeing == 0, t.newest.timestamp(), t.newest.point(), t.newest.accuracy_m()};
    window_bytes_ -= t.window.bytes();
    t.apply(p.where, j, input.received_at, rules_);
    window_bytes_ += t.window.bytes();
    if (!t.online) come_online(out.trucks[p.truck].truck, j.what, input.received_at, offset, out);
    if (follows_ && j.what == verdict::live) follow(out.trucks[p.truck].truck, before, p.where, out);
    if ((rules_.default_speed_limit_kmh || t.speeding) && j.what == verdict::live) {
      watch_speed(out.trucks[p.truck].truck, p.where, out);
    }
  }
  for (std::size_t i = 0; i < input.trucks.size(); ++i) {
    auto& [index, status] = out.trucks[i];
    if (!skip_[i]) {
      trucks_[index].heard_at = input.received_at;
      touch(index, offset);
      await_silence(index);
    }
    status = trucks_[index].status();
  }
}

void world::apply(const tick& input, offset_t offset, outcome& out) {
  now_ = std::max(now_, input.now);
  for (const std::string_view id : input.trucks) {
    const truck_index index = index_of(id);
    truck& t = trucks_[index];
    if (t.changed_at >= offset) {
      out.partly_skipped = true;
      continue;
    }
    bool changed = settle_visits(index, input.now, out);
    if (presences_[index].in.dwells_at().value_or(utc_time::max()) <= input.now) {
      dwell_until(presences_[index].in, input.now, t.id, t.newest, fence_events_);
      give_visits(index, out);
      changed = true;
    }
    if (t.online && offline_due(t) <= input.now) {
      out.events.push_back(about(event_type::truck_offline, offline_due(t), t));
      t.online = false;
      changed = true;
    }
    if (!changed) continue;
    touch(index, offset);
    out.trucks.push_back({index, t.status()});
  }
}

void world::apply(const trim& input, offset_t offset, outcome& out) {
  now_ = std::max(now_, input.now);
  for (const std::string_view id : input.trucks) {
    const truck_index index = index_of(id);
    truck& t = trucks_[index];
    if (t.changed_at >= offset) {
      out.partly_skipped = true;
      continue;
    }
    window_bytes_ -= t.window.bytes();
    t.window.trim(utc_time::min(), input.bytes_max);
    window_bytes_ += t.window.bytes();
    touch(index, offset);
  }
}

std::vector<std::string_view> world::trimmable(truck_index& hand, std::size_t most, std::size_t bytes_max,
                                               bool silent_only) const {
  std::vector<std::string_view> found;
  for (std::size_t looked_at = 0; looked_at < std::min(most, trucks_.size()); ++looked_at) {
    hand = hand + 1 < trucks_.size() ? hand + 1 : 0;
    const truck& t = trucks_[hand];
    if (t.window.bytes() > bytes_max && (!silent_only || !t.online)) found.push_back(t.id);
  }
  return found;
}

void world::apply(const started& input, offset_t offset, outcome& out) {
  if (!import_.complete) import_ = {};  // whoever staged it is gone
  if (rules_changed_at_ >= offset) {
    out.partly_skipped = true;
    return;
  }
  now_ = std::max(now_, input.now);
  const bool sooner = input.rules.offline_after < rules_.offline_after || input.now < started_at_;
  started_at_ = input.now;  // not now_, which a world restored from snapshots may know better than this moment did
  rules_ = input.rules;
  rules_changed_at_ = offset;
  if (sooner) count_silence_anew();
  recount_visits();
}

std::vector<std::string_view> world::due(utc_time now, std::size_t max) {
  std::vector<truck_index> found;
  std::vector<due_entry> put_back;
  for (std::size_t looked_at = 0; !dues_.empty() && dues_.top().when <= now; ++looked_at) {
    if (found.size() == max || looked_at == stale_dues_max) break;
    const due_entry top = dues_.top();
    truck& t = trucks_[top.truck];
    dues_.pop();
    const utc_time when = offline_due(t);
    if (!t.online) {
      t.awaited = false;
    } else if (when != top.when) {
      dues_.push({when, top.truck});  // heard since: looked at again when its turn comes
    } else {
      found.push_back(top.truck);
      put_back.push_back(top);  // should the tick be refused, it is found again
    }
  }
  for (const due_entry& entry : put_back) dues_.push(entry);
  find_dwelling(now, max, found);
  find_unsettled(max, found);
  std::vector<std::string_view> ids;
  ids.reserve(found.size());
  for (const truck_index index : found) ids.push_back(trucks_[index].id);
  return ids;
}

void world::mark_changed(std::string_view truck_id) {
  const auto index = find(truck_id);
  if (index && !std::exchange(trucks_[*index].changed, true)) changed_.push_back(*index);
}

void world::begin_pass() {
  if (passing_.empty())
    passing_.swap(changed_);
  else
    passing_.insert(passing_.end(), changed_.begin(), changed_.end());
  changed_.clear();
  retries_.begin_pass();
}

std::vector<truck_index> world::take_changed(std::size_t max) {
  const std::size_t count = std::min(max, passing_.size());
  std::vector<truck_index> taken{passing_.end() - static_cast<std::ptrdiff_t>(count), passing_.end()};
  passing_.resize(passing_.size() - count);
  for (const truck_index index : taken) trucks_[index].changed = false;
  return taken;
}

void world::save_rules(byte_writer& out) const {
  out.varint(rules_changed_at_);
  out.svarint(to_epoch_ms(started_at_));
  save(rules_, out);
}

// A truck of which nothing was said is written as before there were registrations, and one that is in no geofence as before
// there were visits.
void world::save_truck(truck_index index, byte_writer& out) const {
  const engine::visits& in = presences_[index].in;
  trucks_[index].save(out);
  if (registrations_[index])
    registrations_[index]->save(out);
  else if (!in.empty())
    registration{}.save(out);  // version 0: nothing was said
  if (!in.empty()) in.save(out);
}

bool world::restore_rules(std::string_view bytes) {
  byte_reader in{bytes};
  rules_changed_at_ = in.varint();
  started_at_ = from_epoch_ms(in.svarint());
  now_ = std::max(now_, started_at_);
  // Rows do not say which version wrote them: the older, the fewer members.
  const std::string_view rest = bytes.substr(bytes.size() - in.left());
  const auto read_as = [&](std::uint32_t by) {
    byte_reader said{rest};
    rules_ = {};
    return load(rules_, said, by) && said.done();
  };
  if (!read_as(version) && !read_as(5) && !read_as(4)) return false;
  count_silence_anew();
  return true;
}

bool world::restore_truck(std::string_view bytes) {
  byte_reader in{bytes};
  truck t;
  if (!t.load(in) || find(t.id)) return false;
  std::shared_ptr<registration> said;
  if (!in.done()) {
    said = std::make_shared<registration>();
    if (!said->load(in)) return false;
    if (said->version == 0) said.reset();
  }
  presence here;
  if (!in.done() && (!here.in.load(in) || !in.done())) return false;
  const auto index = static_cast<truck_index>(trucks_.size());
  now_ = std::max(now_, t.heard_at);
  window_bytes_ += t.window.bytes();
  by_id_.insert(id_index::hash(t.id), index);
  trucks_.emplace_back(std::move(t));
  registrations_.emplace_back(std::move(said));
  presences_.emplace_back(std::move(here));
  for (const visit& v : presences_.back().in.all()) {
    follows_ = true;
    if (v.inside) inside_.come(v.geofence_id, index);
  }
  await_dwelling(index);
  if (trucks_.back().online) await_silence(index);
  return true;
}

bool world::restore_geofence(std::shared_ptr<const geofence> read) {
  if (!read || !geofences_.restore(read)) return false;
  fences_.put(std::move(read));
  follows_ = true;
  return true;
}

bool world::restore_retries(const std::vector<std::string_view>& rows) {
  if (!retries_.restore(rows)) return false;
  if (const auto* const newest = retries_.newest()) now_ = std::max(now_, newest->when);
  return true;
}

}  // namespace haulcast::engine
