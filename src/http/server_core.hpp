// What the connections of one server share. Lives until the last of them is gone.
#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "address_counts.hpp"
#include "handshakes.hpp"
#include "haulcast/http/deadline.hpp"
#include "haulcast/http/server.hpp"
#include "inflating_line.hpp"

namespace haulcast::http {

/// I/O fails by a value, and costs no coroutine of its own.
inline constexpr auto as_result = net::as_tuple(net::deferred);

using link_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct of_server>,
                                                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

using stream_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct of_streaming>,
                                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

struct server_core : std::enable_shared_from_this<server_core> {
  server_core(net::any_io_executor ex, server_options opts, router table);

  /// Counted in `open` from the moment it is accepted until its coroutine has ended, or whoever took it has let go of it.
  void enter() noexcept { ++open; }
  void leave() noexcept;

  deadline_wheel::tick ticks(milliseconds d) const noexcept {
    return static_cast<deadline_wheel::tick>((d + options.tick - milliseconds{1}) / options.tick);
  }
  void keep_ticking();
  std::uint64_t next_request_id() noexcept { return ++last_request_id; }
  route_metrics& metrics_of(const route* to) noexcept {
    return to != nullptr ? metrics.routes[to->number] : metrics.routes.back();
  }

  net::any_io_executor executor;
  const server_options options;
  const router routes;
  std::optional<tls::context> certificate;  // set: connections speak TLS
  std::unique_ptr<handshakes> handshaking;  // there is one when there is a certificate
  inflating_line inflating{executor};
  http_metrics metrics;
  address_counts addresses;
  deadline_wheel wheel;
  boost::intrusive::list<link_hook, boost::intrusive::base_hook<link_hook>, boost::intrusive::constant_time_size<false>>
      connections;
  /// Those of them that send a stream.
  boost::intrusive::list<stream_hook, boost::intrusive::base_hook<stream_hook>, boost::intrusive::constant_time_size<false>>
      streaming;
  bool stopping = false;
  std::size_t open = 0;
  std::size_t surplus_open = 0;                     // of those above the cap, while they are told so
  std::string scratch;                              // an answer on its way into the socket; never held over a co_await
  std::array<char, std::size_t{16} << 10> discard;  // where unwanted bytes go, from all connections alike

  net::steady_timer tick_timer;
  net::steady_timer drain_timer;

 private:
  void tick();

  bool ticking_ = false;
  std::uint64_t last_request_id = 0;
};

}  // namespace haulcast::http
