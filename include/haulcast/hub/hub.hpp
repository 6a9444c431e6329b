// Who is subscribed to what, and the fan-out of what is told.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/event.hpp"
#include "haulcast/engine/world.hpp"
#include "haulcast/hub/followed.hpp"
#include "haulcast/hub/outbox.hpp"
#include "haulcast/hub/viewport_index.hpp"
#include "haulcast/wire/live.hpp"

namespace haulcast::hub {

/// One connection, seen from the hub: its interests and what waits for it. Owned by its session; the hub holds a pointer
/// between join and leave. Loop only.
class subscriber {
 public:
  explicit subscriber(outbox_options options) : waiting{options} {}
  virtual ~subscriber() = default;
  subscriber(const subscriber&) = delete;
  subscriber& operator=(const subscriber&) = delete;

  /// Something waits. Called once per turn of telling, never from within itself. May leave.
  virtual void wake() = 0;
  /// The world was rebuilt: every truck's newest position counts as told anew, and trucks have other indexes.
  virtual void rebuilt() {}
  /// An event did not fit. Called instead of taking it; the subscriber closes and will not be offered more.
  virtual void overflow() = 0;

  /// Whether the token covers a truck; asked for those that come by a viewport.
  virtual bool may_see(std::string_view) const { return true; }
  /// Which events it wants; all of them until this is called.
  void narrow_to(wire::event_filter events) { events_ = std::make_unique<const wire::event_filter>(std::move(events)); }
  bool wants(engine::event_type type) const { return !events_ || events_->admits(to_string(type)); }

  outbox waiting;
  bool catching_up = false;  // reads past events aside: live ones wait in the journal for it

 private:
  friend class hub;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  bool overflowed_ = false;
  followed_topics topics_;
  std::optional<geo::bbox> viewport_;
  std::unique_ptr<const wire::event_filter> events_;
  std::uint64_t seen_ = 0;           // the last position published that reached it: who follows twice gets it once
  std::uint64_t seen_event_ = 0;     // the same of events
  std::size_t member_at_ = nowhere;  // its places in the hub's lists
  std::size_t all_at_ = nowhere;
  std::size_t woken_at_ = nowhere;
  bool woken_broad_ = false;  // in which of them
};

struct hub_metrics {
  std::uint64_t positions_offered = 0;    // position x subscriber
  std::uint64_t positions_conflated = 0;  // of those, made obsolete before they were sent
  std::uint64_t events_offered = 0;
  std::uint64_t overflows = 0;
};

/// Everything is told in the order of the journal. A position is encoded once, when somebody wants it, and not at all when
/// nobody does. Who follows trucks by name is offered them at once. To the broad ones (all, viewports) it is dealt out, where
/// they are many, in the turns of flush() that follow, not in one with a thousand others: at most `undealt_most` wait for that,
/// and one more is dealt out at once. Interests hold from the moment they are told: whoever changes its own is dealt what waits
/// before. Loop only; no I/O. publish is O(followers of the truck), and O(subscribers of all + viewports over the place) where
/// that is not put off.
class hub {
 public:
  explicit hub(std::string event_source) : event_source_{std::move(event_source)} {}

  void join(subscriber& s);
  /// O(trucks it follows), however many others there are.
  void leave(subscriber& s);

  /// `known_as`: the truck's index if the view has it. False: it follows that truck already.
  bool follow(subscriber& s, std::string_view truck_id, std::optional<engine::truck_index> known_as);
  bool unfollow(subscriber& s, std::string_view truck_id);
  void follow_all(subscriber& s, bool on);
  /// One viewport for a subscriber: another replaces it.
  void look_at(subscriber& s, std::optional<geo::bbox> viewport);
  static std::size_t interests(const subscriber& s) noexcept {
    return s.topics_.size() + (follows_all(s) ? 1 : 0) + (s.viewport_ ? 1 : 0);
  }
  /// Would an event about this truck (and place) reach it, filter included? For those that read the past themselves.
  bool wants(const subscriber& s, const engine::event& e) const;
  static const std::optional<geo::bbox>& viewport(const subscriber& s) noexcept { return s.viewport_; }
  static bool follows_all(const subscriber& s) noexcept { return s.all_at_ != subscriber::nowhere; }
  bool follows(const subscriber& s, std::string_view truck_id) const;
  std::vector<std::string> followed(const subscriber& s) const;
  /// A position of this truck waits for it.
  bool waits_for(const subscriber& s, engine::truck_index truck) const { return s.waiting.holds(key_of(truck)); }

  static constexpr std::size_t undealt_most = 4'096;

  /// False: nobody wants it.
  bool publish(engine::truck_index truck, std::string_view truck_id, const engine::position& p);
  void publish(const engine::event& e, engine::event_id id);
  /// Ends a turn of telling: wakes those that were offered something by name, the longest waiting first, then deals out what
  /// waits for that, then wakes the broad ones; at most so many, or as much dealing as takes about as long. True: there is
  /// more.
  bool flush(std::size_t most = static_cast<std::size_t>(-1));
  /// The world was rebuilt, and the view shows it: trucks may have other indexes from now on.
  void forget_indexes();

  const hub_metrics& metrics() const noexcept { return metrics_; }
  std::size_t subscribers() const noexcept { return everyone_.size(); }
  const std::string& event_source() const noexcept { return event_source_; }
  /// Bytes waiting for all subscribers. O(subscribers): for a scrape.
  std::size_t pending_bytes() const;

 private:
  struct topic {
    std::uint64_t key = 0;
    std::string truck_id;
    std::vector<subscriber*> followers;
    bool known = false;  // the truck has an index
  };
  // What is known of a truck index: not looked up yet, nobody follows it, or its topic.
  struct lookup {
    bool done = false;
    topic* found = nullptr;
  };

  // Those to be woken; null: left meanwhile.
  struct wake_list {
    std::vector<subscriber*> subscribers;
    std::size_t head = 0;  // woken so far
    std::size_t gone = 0;  // places in front that were cut off
    bool empty() const noexcept { return head == subscribers.size(); }
  };
  // A position that many want, on its way to them.
  struct undealt {
    std::uint64_t number = 0;  // in the order of publishing
    std::uint64_t key = 0;
    const topic* followed = nullptr;
    geo::point place;
    std::string truck_id;
    shared_text encoded;
  };

  topic* topic_of(engine::truck_index truck, std::string_view truck_id);
  topic& make_topic(std::string_view truck_id);
  void drop_if_unused(topic& t);
  static bool is_broad(const subscriber& s) noexcept { return follows_all(s) || s.viewport_; }
  std::size_t broad_audience(const topic* t, geo::point place) const;
  template <class F>
  void for_each_broad(const topic* t, std::string_view truck_id, std::optional<geo::point> place, F&& f);
  shared_text encode(std::string_view truck_id, const engine::position& p);
  void offer(subscriber& s, std::uint64_t number, std::uint64_t key, const shared_text& position);
  std::size_t deal_one();
  bool deal(std::size_t offers_most);
  void deal_to(subscriber& s);
  void wake(wake_list& all, std::size_t& most);
  void mark(subscriber& s);
  void unfollow(subscriber& s, topic& t, std::uint32_t place);
  // What tells trucks apart in an outbox: an index of before a rebuild never means a truck of after it.
  std::uint64_t key_of(engine::truck_index truck) const noexcept { return generation_ << 32U | truck; }

  std::string event_source_;
  std::uint64_t generation_ = 0;  // of truck indexes
  std::uint64_t next_key_ = 1;
  std::uint64_t positions_published_ = 0;  // that somebody wanted
  std::uint64_t events_published_ = 0;
  boost::unordered_flat_map<std::uint64_t, std::unique_ptr<topic>> topics_;
  boost::unordered_flat_map<std::string_view, topic*> by_id_;  // views into topics
  std::vector<lookup> by_index_;
  std::vector<subscriber*> all_;
  std::vector<subscriber*> everyone_;
  viewport_index viewports_;
  std::deque<undealt> undealt_;
  wake_list woken_by_name_;
  wake_list woken_broad_;
  hub_metrics metrics_;
  std::string scratch_;
};

}  // namespace haulcast::hub
