#include "haulcast/hub/hub.hpp"

#include <utility>

#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/ws_frame.hpp"

namespace haulcast::hub {

namespace {

constexpr std::size_t woken_cut_from = 4'096;
constexpr std::size_t many = 64;              // recipients: beyond it dealing is put off
constexpr std::size_t offers_of_a_wake = 64;  // that take about as long as waking one subscriber

}  // namespace

void hub::join(subscriber& s) {
  s.member_at_ = everyone_.size();
  everyone_.push_back(&s);
}

// The last one takes the place of the one that goes: ten thousand may leave at once.
void hub::leave(subscriber& s) {
  s.seen_ = positions_published_;  // nothing is dealt to it any more
  std::exchange(s.topics_, {}).for_each([&](followed_topics::entry e) { unfollow(s, *topics_.at(e.topic), e.place); });
  follow_all(s, false);
  look_at(s, std::nullopt);
  if (const std::size_t at = std::exchange(s.woken_at_, subscriber::nowhere); at != subscriber::nowhere) {
    wake_list& from = s.woken_broad_ ? woken_broad_ : woken_by_name_;
    from.subscribers[at - from.gone] = nullptr;
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
    *last->topics_.find(t.key) = place;
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
  deal_to(s);  // also when it follows it: its session may begin a snapshot, and that comes behind what was told
  const auto found = by_id_.find(truck_id);
  topic& t = found != by_id_.end() ? *found->second : make_topic(truck_id);
  if (known_as) {
    if (by_index_.size() <= *known_as) by_index_.resize(*known_as + 1);
    by_index_[*known_as] = {true, &t};
    t.known = true;
  }
  if (s.topics_.find(t.key) != nullptr) return false;
  s.topics_.add({t.key, static_cast<std::uint32_t>(t.followers.size())});
  t.followers.push_back(&s);
  return true;
}

bool hub::unfollow(subscriber& s, std::string_view truck_id) {
  const auto found = by_id_.find(truck_id);
  if (found == by_id_.end()) return false;
  topic& t = *found->second;
  const std::uint32_t* const followed = s.topics_.find(t.key);
  if (followed == nullptr) return false;
  const std::uint32_t place = *followed;
  deal_to(s);
  s.topics_.remove(t.key);
  unfollow(s, t, place);
  return true;
}

bool hub::follows(const subscriber& s, std::string_view truck_id) const {
  const auto found = by_id_.find(truck_id);
  return found != by_id_.end() && s.topics_.find(found->second->key) != nullptr;
}

std::vector<std::string> hub::followed(const subscriber& s) const {
  std::vector<std::string> all;
  s.topics_.for_each([&](followed_topics::entry e) { all.push_back(topics_.at(e.topic)->truck_id); });
  return all;
}

void hub::follow_all(subscriber& s, bool on) {
  deal_to(s);
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
  if (s.viewport_ || viewport) deal_to(s);
  if (s.viewport_) viewports_.remove(&s, *s.viewport_);
  s.viewport_ = viewport;
  if (viewport) viewports_.add(&s, *viewport);
}

bool hub::wants(const subscriber& s, const engine::event& e) const {
  if (!s.wants(e.type)) return false;
  if (follows_all(s) || follows(s, e.truck_id)) return true;
  return s.viewport_ && e.where && s.viewport_->contains(e.where->get().point) && s.may_see(e.truck_id);
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

// At least as many as will get it; 0: nobody.
std::size_t hub::broad_audience(const topic* t, geo::point place) const {
  if (all_.empty() && viewports_.empty()) return 0;
  const std::size_t sure = all_.size() + (t != nullptr ? t->followers.size() : 0);
  return viewports_.empty() ? sure : sure + viewports_.count_near(place);
}

// Some more than once.
template <class F>
void hub::for_each_broad(const topic* t, std::string_view truck_id, std::optional<geo::point> place, F&& f) {
  for (subscriber* s : all_) f(*s);
  if (viewports_.empty()) return;
  if (t != nullptr) {
    for (subscriber* s : t->followers) {
      if (s->viewport_) f(*s);
    }
  }
  if (!place) return;
  viewports_.find(*place, [&](subscriber* s) {
    if (s->may_see(truck_id)) f(*s);
  });
}

shared_text hub::encode(std::string_view truck_id, const engine::position& p) {
  scratch_ = ",";
  wire::append_position(scratch_, truck_id, p);
  return new text{scratch_};
}

// Numbers grow; who has changed its interests since this was published has seen a later one.
void hub::offer(subscriber& s, std::uint64_t number, std::uint64_t key, const shared_text& position) {
  if (s.seen_ >= number || s.overflowed_) return;
  s.seen_ = number;
  ++metrics_.positions_offered;
  metrics_.positions_conflated += s.waiting.offer_position(key, position);
  mark(s);
}

// While others wait to be dealt out it waits behind them: a truck's positions stay in their order.
bool hub::publish(engine::truck_index truck, std::string_view truck_id, const engine::position& p) {
  const topic* const t = topic_of(truck, truck_id);
  const std::size_t broad_most = broad_audience(t, p.point);
  if (broad_most == 0 && (t == nullptr || t->followers.empty())) return false;
  undealt now{++positions_published_, key_of(truck), t, p.point, {}, {}};
  const auto give = [&](subscriber& s) {
    if (!now.encoded) now.encoded = encode(truck_id, p);
    offer(s, now.number, now.key, now.encoded);
  };
  if (t != nullptr) {
    for (subscriber* s : t->followers) {
      if (!is_broad(*s)) give(*s);
    }
  }
  if (broad_most <= many && undealt_.empty()) {
    if (broad_most > 0) for_each_broad(t, truck_id, p.point, give);
    return now.encoded != nullptr;
  }
  if (broad_most == 0) return true;
  if (undealt_.size() == undealt_most) deal_one();
  if (!now.encoded) now.encoded = encode(truck_id, p);
  now.truck_id = truck_id;
  undealt_.push_back(std::move(now));
  return true;
}

// Gives how many got it.
std::size_t hub::deal_one() {
  const undealt& next = undealt_.front();
  std::size_t offers = 1;
  for_each_broad(next.followed, next.truck_id, next.place, [&](subscriber& s) {
    offer(s, next.number, next.key, next.encoded);
    ++offers;
  });
  undealt_.pop_front();
  return offers;
}

// True: all is dealt out.
bool hub::deal(std::size_t offers_most) {
  std::size_t offers = 0;
  while (!undealt_.empty() && offers < offers_most) offers += deal_one();
  return undealt_.empty();
}

// Its interests are about to change, and what waits was told before that.
void hub::deal_to(subscriber& s) {
  if (undealt_.empty() || s.seen_ >= undealt_.back().number) return;
  for (const undealt& each : undealt_) {
    const bool named = each.followed != nullptr && s.topics_.find(each.followed->key) != nullptr;
    const bool in_view = s.viewport_ && s.viewport_->contains(each.place) && s.may_see(each.truck_id);
    if (follows_all(s) || in_view || (named && s.viewport_)) offer(s, each.number, each.key, each.encoded);
  }
  s.seen_ = positions_published_;
}

void hub::publish(const engine::event& e, engine::event_id id) {
  const auto found = by_id_.find(e.truck_id);
  std::optional<geo::point> place;
  if (e.where) place = e.where->get().point;
  shared_text encoded;
  const topic* const t = found == by_id_.end() ? nullptr : found->second;
  ++events_published_;
  const auto give = [&](subscriber& s) {
    if (std::exchange(s.seen_event_, events_published_) == events_published_ || s.overflowed_) return;
    if (s.catching_up || !s.wants(e.type)) return;
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
  };
  if (t != nullptr) {
    for (subscriber* s : t->followers) give(*s);
  }
  for_each_broad(t, e.truck_id, place, give);
}

void hub::mark(subscriber& s) {
  if (s.woken_at_ != subscriber::nowhere) return;
  s.woken_broad_ = is_broad(s);
  wake_list& to = s.woken_broad_ ? woken_broad_ : woken_by_name_;
  s.woken_at_ = to.gone + to.subscribers.size();
  to.subscribers.push_back(&s);
}

void hub::wake(wake_list& all, std::size_t& most) {
  while (most > 0 && !all.empty()) {
    subscriber* const s = all.subscribers[all.head++];
    if (s == nullptr) continue;
    s->woken_at_ = subscriber::nowhere;
    --most;
    s->wake();
  }
  if (!all.empty() && all.head < woken_cut_from) return;
  all.subscribers.erase(all.subscribers.begin(), all.subscribers.begin() + static_cast<std::ptrdiff_t>(all.head));
  all.gone += std::exchange(all.head, 0);
}

bool hub::flush(std::size_t most) {
  const std::size_t offers_most = most > undealt_most ? most : most * offers_of_a_wake;
  std::size_t share = most / 4 + 1;  // of the broad ones when there is more than can be dealt: they are woken all the same
  wake(woken_by_name_, most);
  const bool behind = undealt_.size() > undealt_most / 2;
  const bool dealt = (woken_by_name_.empty() || behind) && deal(offers_most);
  if (!dealt && !behind) return true;
  wake(woken_broad_, dealt ? most : share);
  return !dealt || !woken_by_name_.empty() || !woken_broad_.empty();
}

void hub::forget_indexes() {
  deal(static_cast<std::size_t>(-1));
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
