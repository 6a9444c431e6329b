// All live connections: from the handshake's answer to the close.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/auth/principal.hpp"
#include "haulcast/hub/hub.hpp"
#include "haulcast/tls/session.hpp"

namespace haulcast::pipeline {
class pipeline;
}

namespace haulcast::ws {

namespace net = boost::asio;

class session;
class past_events;

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

/// A connection whose handshake has been found good.
struct newcomer {
  net::ip::tcp::socket socket;
  std::unique_ptr<tls::session> secured;  // null: the socket is read and written as it is
  std::shared_ptr<const auth::principal> who;
  std::string answer;                   // to the handshake; the first thing that is sent
  std::string received;                 // what the client sent behind its handshake
  std::vector<std::string> deliveries;  // subscribed to from the start
  std::shared_ptr<void> counted;        // held for as long as the connection exists
};

/// Knows the sessions; each lives as long as it waits for its socket. Loop only.
class live_server {
 public:
  live_server(net::io_context& loop, pipeline::pipeline& pipeline, hub::hub& hub, live_options options);
  /// Drops all connections.
  ~live_server();

  bool full() const noexcept { return connections_ >= options_.max_connections; }
  std::size_t connections() const noexcept { return connections_; }
  const live_metrics& metrics() const noexcept { return metrics_; }

  /// From here to its close the connection is served.
  void serve(newcomer one);

  /// Begins to close every connection with 1001, some in each turn of the loop.
  void close_all();

  /// Closes those of whom it is true with 4401, a part of all looked at in each turn of the loop; after some turns all have
  /// been.
  void revoke(std::function<bool(const auth::principal&)> is_revoked);

 private:
  friend class session;
  using auto_unlink = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
  /// Each connection is pinged in a slice of the interval of its own.
  struct in_bucket : boost::intrusive::list_base_hook<auto_unlink> {};
  struct by_expiry : boost::intrusive::set_base_hook<auto_unlink, boost::intrusive::optimize_size<true>> {
    utc_time expires;
    friend bool operator<(const by_expiry& a, const by_expiry& b) noexcept { return a.expires < b.expires; }
  };
  using bucket = boost::intrusive::list<in_bucket, boost::intrusive::constant_time_size<false>>;
  using some_sessions = std::vector<std::shared_ptr<session>>;

  some_sessions everyone();
  void every_slice();
  void check(bucket& due);
  void revoke_from(std::size_t at, std::function<bool(const auth::principal&)> is_revoked);
  static void close_some(some_sessions sessions, std::uint16_t code, std::string_view reason, std::function<void()> then = {});
  void take_turns(std::shared_ptr<session> next);
  void give_turns();

  net::io_context& loop_;
  pipeline::pipeline& pipeline_;
  hub::hub& hub_;
  const live_options options_;
  std::size_t connections_ = 0;
  std::vector<bucket> buckets_;
  boost::intrusive::multiset<by_expiry, boost::intrusive::constant_time_size<false>> expiries_;
  std::size_t next_bucket_ = 0;
  std::size_t slice_ = 0;
  bool closing_ = false;
  net::steady_timer timer_;
  // Shared: what is read is decoded before the next read, and what is written has been copied when it is not taken at once.
  std::vector<char> read_buffer_;
  std::string fresh_;
  std::string joined_;
  // Those with much to do that is not live: snapshots, the past, floods of commands. Together they get a part of each turn of
  // the loop, so that however many they are the others wait no longer. At most once each.
  std::deque<std::shared_ptr<session>> turns_;
  std::unique_ptr<past_events> past_;
  live_metrics metrics_;
};

}  // namespace haulcast::ws
