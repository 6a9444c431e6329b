// What stands between a listening socket and the handlers of a router.
//
// One thread: everything here runs on the executor's only thread, handlers too. No locks, no strands, one timer for all
// deadlines. Every queue is bounded: connections, heads, bodies, bytes of bodies held in all.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "haulcast/base/result.hpp"
#include "haulcast/http/head.hpp"
#include "haulcast/http/metrics.hpp"
#include "haulcast/http/networks.hpp"
#include "haulcast/http/origins.hpp"
#include "haulcast/http/router.hpp"
#include "haulcast/tls/context.hpp"

namespace haulcast::http {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct server_options {
  std::size_t connections_max = 10'000;             // upgraded ones too; more are answered 503 and closed
  std::size_t connections_per_address_max = 1'000;  // the same; IPv6 by /64, the trusted proxies not
  network_list trusted_proxies;                     // whose X-Forwarded-For is believed
  allowed_origins cors;                             // of pages that may read answers
  head_limits head;
  milliseconds head_timeout = seconds{10};  // from the first byte (of a new connection: from accept) to the empty line; under
                                            // TLS as much again before it, for the handshake
  milliseconds body_timeout = seconds{30};  // plus the time the bytes so far take at `body_bytes_per_s_min`
  std::size_t body_bytes_per_s_min = 4096;  // a phone on a bad line is slower than it seems; a drip feed is slower still
  std::size_t upload_bytes_per_s_min = 32 * 1024;  // the same of a body that is taken piece by piece: others wait for its place
  milliseconds idle_timeout = seconds{60};         // between requests
  milliseconds write_timeout = seconds{30};        // without one byte taken by the peer
  milliseconds linger_timeout = seconds{2};        // for the peer to read the answer that closes the connection
  milliseconds shed_after = seconds{2};            // an idle connection gives its buffers back
  milliseconds tick = milliseconds{250};           // how coarse all of these are
  std::size_t bodies_bytes_max = std::size_t{512} << 20;  // of all connections together; more: 503
  std::size_t drain_bytes_max = 64 * 1024;                // a refused body up to this is read and dropped, a larger one closes
  std::size_t gzip_from = 1024;                           // bytes from which an answer is compressed for who accepts it
  std::size_t gzip_up_to = 64 * 1024;                     // takes about 1 ms; larger ones go out as they are
};

/// "127.0.0.1:8080", "[::1]:0": numeric addresses only, no look-ups. The failure is one clear sentence.
result<net::ip::tcp::endpoint> parse_endpoint(std::string_view text);

struct server_core;
class listener;

/// Owned by the composition, used and destroyed on the loop (or when it no longer runs); destroying cuts all connections.
/// Handlers live until the last of these has ended. Not movable.
class server {
 public:
  server(net::any_io_executor executor, server_options options, router routes);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Connections accepted from now on speak TLS and are shown this; those that are there go on as they are. Without it the
  /// ports speak plain HTTP. The first time before listen(), later to replace a certificate.
  void use_certificate(tls::context shown);
  /// Handshakes that wait for their turn with the private key.
  std::size_t handshakes_waiting() const noexcept;

  /// Opens the port (0: a free one), starts accepting, and says where. May be called again for another address. The failure is
  /// one clear sentence.
  result<net::ip::tcp::endpoint> listen(const net::ip::tcp::endpoint& where);
  /// Of the first address that is listened at; there must be one, before stop_accepting().
  net::ip::tcp::endpoint local_endpoint() const;

  /// Closes the port. Idle connections close at once, the others behind the answer they are at; streams end.
  void stop_accepting();
  /// Waits until no connection is left, upgraded ones too (whoever took them closes them). False: `longest` is over.
  net::awaitable<bool> drained(milliseconds longest);
  /// Cuts all connections that are not upgraded, whatever they do.
  void close_all();

  /// Ends the streams of those of whom it is true, some in each turn of the loop. A peer that does not take what was being
  /// written is cut off after `linger_timeout`.
  void end_streams(std::function<bool(const auth::principal&)> whose);

  const http_metrics& metrics() const noexcept;
  std::size_t connections() const noexcept;  // open ones, upgraded ones too

 private:
  std::shared_ptr<server_core> core_;
  std::vector<std::shared_ptr<listener>> listeners_;
};

}  // namespace haulcast::http
