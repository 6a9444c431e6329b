// What waits for one subscriber: every position while it keeps up, the newest of each truck when it does not, every event.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "haulcast/base/fifo.hpp"
#include "haulcast/hub/text.hpp"

namespace haulcast::hub {

struct outbox_options {
  std::size_t max_pending_bytes = 65'536;  // of positions; beyond it they are conflated
  std::size_t max_pending_events = 1'000;  // beyond it the subscriber must come back with `since`
};

/// Positions are JSON objects, each behind a comma, so that they are joined by putting them one after another; events are whole
/// WebSocket frames. Conflation replaces a truck's waiting position in place: each truck stays in its own order, and nothing
/// stale is ever sent. Not thread-safe. Memory: none while empty.
class outbox {
 public:
  explicit outbox(outbox_options options) : options_{options} {}

  /// `truck` tells trucks apart; no number may ever mean another truck. Returns how many waiting positions it made obsolete.
  std::size_t offer_position(std::uint64_t truck, const shared_text& position);
  /// False: there are max_pending_events already; this one was not taken.
  [[nodiscard]] bool offer_event(const shared_text& frame);

  /// With a rate limit positions wait on purpose; then only the newest of each truck does. Returns how many that made obsolete.
  std::size_t conflate_always(bool on);

  /// A position of this truck waits. O(1) while conflating, else O(positions), of which there are few then.
  bool holds(std::uint64_t truck) const noexcept;
  /// Positions taken so far, and how many wait: the sum is the place of the next one offered.
  std::uint64_t taken() const noexcept { return taken_; }
  std::size_t positions() const noexcept { return positions_.size(); }
  /// Lets go of the positions that wait: something else will bring newer ones.
  void drop_positions();

  bool has_positions() const noexcept { return !positions_.empty(); }
  bool has_events() const noexcept { return !events_.empty(); }
  bool empty() const noexcept { return positions_.empty() && events_.empty(); }
  std::size_t pending_bytes() const noexcept { return position_bytes_ + event_bytes_; }
  std::size_t pending_events() const noexcept { return events_.size(); }

  /// Moves waiting positions, at most about `bytes_max` of them, behind `out`. At least one if there is any.
  void take_positions(std::string& out, std::size_t bytes_max);
  /// The same for event frames.
  void take_events(std::string& out, std::size_t bytes_max);

 private:
  struct waiting {
    std::uint64_t truck = 0;
    shared_text position;
  };

  std::size_t conflate();
  void emptied();

  using slots = boost::unordered_flat_map<std::uint64_t, std::uint64_t>;

  outbox_options options_;
  fifo<waiting> positions_;
  fifo<shared_text> events_;
  std::size_t position_bytes_ = 0;
  std::size_t event_bytes_ = 0;
  std::uint64_t taken_ = 0;       // positions taken so far: slot = place in positions_ + taken_
  std::unique_ptr<slots> slots_;  // truck -> slot, while conflating
  bool always_ = false;
};

}  // namespace haulcast::hub
