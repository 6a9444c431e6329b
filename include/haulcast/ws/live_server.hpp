// All live connections: from the socket behind a handshake to the close.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "haulcast/auth/principal.hpp"
#include "haulcast/hub/hub.hpp"

namespace haulcast::pipeline {
class pipeline;
}

namespace haulcast::ws {

namespace net = boost::asio;

class session;

struct live_options {
  hub::outbox_options outbox;
  std::chrono::milliseconds ping_interval{15'000};  // a peer that did not answer one by the next is dead: at most twice this
  std::chrono::milliseconds close_timeout{2'000};   // for the peer to answer a close, or to take any of what is before it
  std::size_t max_connections = 10'000;
  std::size_t max_interests = 10'000;      // of one connection
  std::uint32_t max_frame_bytes = 65'536;  // from clients
  std::size_t bad_frames_per_minute = 10;  // one more closes with 1008
  int send_buffer_bytes = 64 * 1024;       // the kernel's, of each socket: what is in it is stale when it arrives
};

struct live_metrics {
  std::uint64_t accepted = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t writes = 0;
  std::uint64_t commands = 0;
  std::uint64_t bad_frames = 0;
  std::uint64_t dead_peers = 0;
  std::uint64_t resumes = 0;
  std::map<std::uint16_t, std::uint64_t> closed;  // by code; 1006: the peer just went, 3000: a code of the peer's own
};

/// Owns the sessions. Loop only.
class live_server {
 public:
  live_server(net::io_context& loop, pipeline::pipeline& pipeline, hub::hub& hub, live_options options);
  ~live_server();

  bool full() const noexcept { return sessions_.size() >= options_.max_connections; }
  std::size_t connections() const noexcept { return sessions_.size(); }
  const live_metrics& metrics() const noexcept { return metrics_; }

  /// From the answered handshake to the end. `buffered`: what the client sent behind its handshake; `deliveries`: subscribed
  /// to from the start.
  net::awaitable<void> serve(net::ip::tcp::socket socket, std::shared_ptr<const auth::principal> who, std::string buffered,
                             std::vector<std::string> deliveries);

  /// Begins to close every connection with 1001, some in each turn of the loop.
  void close_all();

 private:
  friend class session;
  using some_sessions = std::vector<std::shared_ptr<session>>;

  void every_slice();
  void check(std::size_t bucket);
  static void close_some(some_sessions sessions, std::uint16_t code, std::string_view reason);

  net::io_context& loop_;
  pipeline::pipeline& pipeline_;
  hub::hub& hub_;
  const live_options options_;
  std::unordered_map<session*, std::shared_ptr<session>> sessions_;
  std::vector<std::vector<session*>> buckets_;  // each pinged in a slice of the interval of its own
  std::set<std::pair<utc_time, session*>> expiries_;
  std::size_t next_bucket_ = 0;
  std::size_t slice_ = 0;
  bool closing_ = false;
  net::steady_timer timer_;
  std::vector<char> read_buffer_;  // shared: what is read is decoded before the next read
  live_metrics metrics_;
};

}  // namespace haulcast::ws
