// What the server counts. Plain numbers: the event loop writes them, and a scrape reads them on the loop.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "haulcast/base/metrics.hpp"
#include "haulcast/http/request.hpp"

namespace haulcast::http {

struct route_metrics {
  http::method method = method::other;
  std::string pattern;                        // empty: requests that fitted no route, or no HTTP
  std::array<std::uint64_t, 6> by_class{};    // [2]: answers with a 2xx status; [1]: upgrades
  latency_histogram seconds{latency_bounds};  // from the complete request to the answer given to the kernel; streams: its head
};

struct http_metrics {
  std::vector<route_metrics> routes;  // by route::number, one more at the end for what fitted none

  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;             // above the cap, or no descriptor left
  std::uint64_t connections_refused_by_address = 0;  // above the cap of one address
  std::uint64_t accept_errors = 0;
  std::size_t connections_open = 0;  // without upgraded ones
  std::size_t upgraded_open = 0;
  std::size_t streams_open = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::size_t body_bytes_held = 0;  // of bodies that are being read or handled, beyond the read buffers

  std::uint64_t handshakes_done = 0;    // of TLS
  std::uint64_t handshakes_failed = 0;  // refused, broken off, too slow, no TLS at all
  std::size_t handshakes_open = 0;

  std::uint64_t timeouts_handshake = 0;
  std::uint64_t timeouts_idle = 0;   // keep-alive ran out; no harm
  std::uint64_t timeouts_head = 0;   // 408
  std::uint64_t timeouts_body = 0;   // 408
  std::uint64_t timeouts_write = 0;  // the peer stopped reading
  std::uint64_t requests_malformed = 0;
  std::uint64_t handler_failures = 0;  // exceptions, answered with 500
};

}  // namespace haulcast::http
