// Somebody who watches through every death of the server, comes back each time, and keeps a ledger of what it was told.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "haulcast/client/base_url.hpp"
#include "watcher_ledger.hpp"

namespace haulcast::support {

struct watch_plan {
  std::string name;
  enum class by { websocket, server_sent, ndjson } how = by::websocket;
  std::vector<std::string> trucks;  // empty: all
  std::vector<double> bbox;         // websocket: west, south, east, north; `trucks` are then those that it will see in there
  double max_rate_hz = 0;           // websocket; conflates
  bool every_position = true;       // websocket: is to be told each (hub.max_pending_bytes is large enough, and no max_rate_hz)
  bool resumes = false;             // websocket: from its last event (`since`); streams always do
  std::string begins_after;         // streams: an event's id, or "0"; empty: now
};

/// Watches on a thread of its own from construction. Who resumes also leaves of its own accord after up to a hundred events,
/// and every now and then somebody takes a while to come back, so that there is something to resume. It is done when it has
/// been told of the truck `until`, which it follows beside those of its plan: its position (websocket), and its first event
/// (who must be told every event); and, on the same connection, of each truck that it was ever told of.
class watcher {
 public:
  watcher(client::base_url server, std::string token, watch_plan plan, std::string until);
  ~watcher();
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  /// Waits until it is done, at most that long: not to be done then is a contradiction in the ledger. Once.
  watcher_ledger finish(std::chrono::milliseconds within);

 private:
  void watch();
  void websocket();
  void stream();
  bool wants_more() const noexcept { return !done_ && !stopping_ && ledger_.events.size() < leaves_at_; }
  void frame(std::string_view text);
  void event(std::string_view cloud_event);
  void look_for_end();

  client::base_url server_;
  std::string token_;
  watch_plan plan_;
  std::string until_;
  std::minstd_rand dice_;              // seeded by its name
  std::size_t leaves_at_ = 0;          // events told
  watcher_ledger ledger_;              // of the thread, until it is joined
  std::set<std::uint32_t> told_here_;  // trucks of the ledger, on this connection
  bool position_of_end_ = false;       // told
  bool event_of_end_ = false;          // told
  std::atomic<bool> done_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// Subscribers of the same trucks who come back together after each death and, but for the first, never read: many followers
/// take other ways through the server than few, and no watcher may notice. On a thread of its own from construction.
class bystanders {
 public:
  bystanders(client::base_url server, std::string token, std::vector<std::string> trucks, std::size_t size);
  ~bystanders();
  bystanders(const bystanders&) = delete;
  bystanders& operator=(const bystanders&) = delete;

 private:
  void follow();
  void gather();

  client::base_url server_;
  std::string token_;
  std::vector<std::string> trucks_;
  std::size_t size_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace haulcast::support
