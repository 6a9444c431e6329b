// Those who listen to a server for hours: some well behaved, some not. Each on a thread of its own from construction, and each
// comes back when its connection ends.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>
#include <vector>

#include "haulcast/client/base_url.hpp"
#include "haulcast/client/ws_client.hpp"
#include "haulcast/engine/event.hpp"

namespace haulcast::support {

/// What the listeners have in common: whom they ask, what was wrong, and their end.
class listener {
 public:
  struct account {
    std::uint64_t connections = 0;
    std::uint64_t heard = 0;  // positions or events
    std::vector<std::string> complaints;
  };

  listener(client::base_url server, std::string token) : server_{std::move(server)}, token_{std::move(token)} {}
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  account told() const;

 protected:
  ~listener() = default;
  template <class Loop>
  void begin(Loop loop) {
    thread_ = std::thread{std::move(loop)};
  }
  void end();
  void complain(std::string sentence);
  client::ws_options live_options() const;

  client::base_url server_;
  std::string token_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> connections_{0}, heard_{0};

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> complaints_;
  std::thread thread_;
};

/// Reads the event stream from the first event on, behind its last one when it comes back.
class event_reader : public listener {
 public:
  event_reader(client::base_url server, std::string token);
  ~event_reader() { end(); }

  /// Whether it has been told an event of that truck. From any thread.
  bool knows(const std::string& truck) const;
  /// All ids it was told. Ends it.
  std::vector<engine::event_id> finish();

 private:
  void run();
  void read();

  mutable std::mutex mutex_;
  std::string newest_truck_;
  std::vector<engine::event_id> ids_;
};

/// Follows trucks over WebSocket: of each, every position must be newer than the one before.
class steady_follower : public listener {
 public:
  steady_follower(client::base_url server, std::string token, std::vector<std::string> trucks);
  ~steady_follower() { end(); }

 private:
  void run();
  void follow();

  std::vector<std::string> trucks_;
};

/// Follows trucks, reads for a moment, breaks off without a word, and resumes with `since`: what comes then must be events
/// behind that, in order.
class restless_follower : public listener {
 public:
  restless_follower(client::base_url server, std::string token, std::vector<std::string> trucks);
  ~restless_follower() { end(); }

 private:
  void run();
  void visit();

  std::vector<std::string> trucks_;
  std::string since_;
};

/// Never read a byte, until the server ends them or this is destroyed.
class silent_followers {
 public:
  /// `command` is what each subscribes with.
  silent_followers(const client::base_url& server, const std::string& token, const nlohmann::json& command, std::size_t count);
  /// Half of them break off now, without a word.
  void half_vanish();

 private:
  std::vector<client::ws_client> all_;
};

}  // namespace haulcast::support
