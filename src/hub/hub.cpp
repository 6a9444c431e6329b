#include "haulcast/hub/hub.hpp"

#include <utility>

#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/ws_frame.hpp"

namespace haulcast::hub {

namespace {

constexpr std::size_t woken_cut_from = 4'096;

}  // namespace

void hub::join(subscriber& s) {
  s.member_at_ = everyone_.size();
  everyone_.push_back(&s);
}

// The last one takes the place of the one that goes: ten thousand may leave at once.
void hub::leave(subscriber& s) {
  for (const auto& [key, place] : std::exchange(s.topics_, {})) unfollow(s, *topics_.at(key), place);
  follow_all(s, false);
  look_at(s, std::nullopt);
  if (const std::size_t at = std::exchange(s.woken_at_, subscriber::nowhere); at != subscriber::nowhere) {
    woken_[at - woken_gone_] = nullptr;
  }
  subscriber* const last = everyone_.back();
  everyone_.pop_back();
  if (last != &s) everyone_[last->member_at_ = s.member_at_] = last;
  s.member_at_ = subscriber::nowhere;
}

void hub::unfollow(subscriber& s, topic& t, std::uint32_t place) {
  subscriber* const last = t.followers.back();
  t.followers.pop_back();
  if (last != &s) {
    t.followers[place] = last;
    last->topics_[t.key] = place;
  }
  drop_if_unused(t);
}

hub::topic& hub::make_topic(std::string_view truck_id) {
  auto made = std::make_unique<topic>();
  made->key = next_key_++;
  made->truck_id = truck_id;
  topic& t = *made;
  topics_.emplace(t.key, std::move(made));
  by_id_.emplace(t.truck_id, &t);
  return t;
}

// A truck that exists keeps its topic: there are no more of them than trucks. A name that somebody merely waited for goes.
void hub::drop_if_unused(topic& t) {
  if (t.known || !t.followers.empty()) return;
  by_id_.erase(t.truck_id);
  topics_.erase(t.key);
}

bool hub::follow(subscriber& s, std::string_view truck_id, std::optional<engine::truck_index> known_as) {
  const auto found = by_id_.find(truck_id);
  topic& t = found != by_id_.end() ? *found->second : make_topic(truck_id);
  if (known_as) {
    if (by_index_.size() <= *known_as) by_index_.resize(*known_as + 1);
    by_index_[*known_as] = {true, &t};
    t.known = true;
  }
  if (!s.topics_.emplace(t.key, static_cast<std::uint32_t>(t.followers.size())).second) return false;
  t.followers.push_back(&s);
  return true;
}

bool hub::unfollow(subscriber& s, std::string_view truck_id) {
  const auto found = by_id_.find(truck_id);
  if (found == by_id_.end()) return false;
  topic& t = *found->second;
  const auto followed = s.topics_.find(t.key);
  if (followed == s.topics_.end()) return false;
  const std::uint32_t place = followed->second;
  s.topics_.erase(followed);
  unfollow(s, t, place);
  return true;
}

bool hub::follows(const subscriber& s, std::string_view truck_id) const {
  const auto found = by_id_.find(truck_id);
  return found != by_id_.end() && s.topics_.contains(found->second->key);
}

std::vector<std::string> hub::followed(const subscriber& s) const {
  std::vector<std::string> all;
  for (const auto& [key, _] : s.topics_) all.push_back(topics_.at(key)->truck_id);
  return all;
}

void hub::follow_all(subscriber& s, bool on) {
  if (follows_all(s) == on) return;
  if (on) {
    s.all_at_ = all_.size();
    all_.push_back(&s);
    return;
  }
  subscriber* const last = all_.back();
  all_.pop_back();
  if (last != &s) all_[last->all_at_ = s.all_at_] = last;
  s.all_at_ = subscriber::nowhere;
}

void hub::look_at(subscriber& s, std::optional<geo::bbox> viewport) {
  if (s.viewport_) viewports_.remove(&s, *s.viewport_);
  s.viewport_ = viewport;
  if (viewport) viewports_.add(&s, *viewport);
}

bool hub::wants(const subscriber& s, const engine::event& e) const {
  if (!s.events.admits(to_string(e.type))) return false;
  if (follows_all(s) || follows(s, e.truck_id)) return true;
  return s.viewport_ && e.where && s.viewport_->contains(e.where->get().point) && (!s.visible_ || s.visible_(e.truck_id));
}

hub::topic* hub::topic_of(engine::truck_index truck, std::string_view truck_id) {
  if (by_index_.size() <= truck) by_index_.resize(truck + 1);
  lookup& known = by_index_[truck];
  if (!known.done) {
    known.done = true;
    if (const auto found = by_id_.find(truck_id); found != by_id_.end()) {
      known.found = found->second;
      known.found->known = true;
    }
  }
  return known.found;
}

template <class F>
void hub::for_each_recipient(const topic* t, std::string_view truck_id, std::optional<geo::point> place, F&& offer) {
  ++published_;
  const auto once = [&](subscriber* s) {
    if (std::exchange(s->seen_, published_) != published_ && !s->overflowed_) offer(*s);
  };
  if (t != nullptr) {
    for (subscriber* s : t->followers) once(s);
  }
  for (subscriber* s : all_) once(s);
  if (place && !viewports_.empty()) {
    viewports_.find(*place, [&](subscriber* s) {
      if (!s->visible_ || s->visible_(truck_id)) once(s);
    });
  }
}

void hub::publish(engine::truck_index truck, std::string_view truck_id, const engine::position& p) {
  const topic* t = topic_of(truck, truck_id);
  shared_text encoded;
  for_each_recipient(t, truck_id, p.point, [&](subscriber& s) {
    if (!encoded) {
      scratch_ = ",";
      wire::append_position(scratch_, truck_id, p);
      encoded = new text{scratch_};
    }
    ++metrics_.positions_offered;
    metrics_.positions_conflated += s.waiting.offer_position(key_of(truck), encoded);
    mark(s);
  });
}

void hub::publish(const engine::event& e, engine::event_id id) {
  const auto found = by_id_.find(e.truck_id);
  std::optional<geo::point> place;
  if (e.where) place = e.where->get().point;
  shared_text encoded;
  for_each_recipient(found == by_id_.end() ? nullptr : found->second, e.truck_id, place, [&](subscriber& s) {
    if (s.catching_up || !s.events.admits(to_string(e.type))) return;
    if (!encoded) {
      std::string json;
      wire::append_cloud_event(json, e, id, event_source_);
      scratch_.clear();
      wire::append_event_frame(scratch_, json);
      const wire::ws_header header = wire::make_ws_header(wire::ws_opcode::text, scratch_.size());
      encoded = new text{std::string{header.view()} + scratch_};
    }
    ++metrics_.events_offered;
    if (s.waiting.offer_event(encoded)) return mark(s);
    ++metrics_.overflows;
    s.overflowed_ = true;
    s.overflow();
  });
}

void hub::mark(subscriber& s) {
  if (s.woken_at_ != subscriber::nowhere) return;
  s.woken_at_ = woken_gone_ + woken_.size();
  woken_.push_back(&s);
}

bool hub::flush(std::size_t most) {
  while (most > 0 && woken_head_ < woken_.size()) {
    subscriber* const s = woken_[woken_head_++];
    if (s == nullptr) continue;
    s->woken_at_ = subscriber::nowhere;
    --most;
    s->wake();
  }
  if (woken_head_ < woken_.size() && woken_head_ < woken_cut_from) return true;
  woken_.erase(woken_.begin(), woken_.begin() + static_cast<std::ptrdiff_t>(woken_head_));
  woken_gone_ += std::exchange(woken_head_, 0);
  return !woken_.empty();
}

void hub::forget_indexes() {
  by_index_.clear();
  ++generation_;
  for (subscriber* const s : everyone_) s->rebuilt();
}

std::size_t hub::pending_bytes() const {
  std::size_t sum = 0;
  for (const subscriber* s : everyone_) sum += s->waiting.pending_bytes();
  return sum;
}

}  // namespace haulcast::hub
