// What the client side of a WebSocket is told and tells.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "haulcast/client/http_message.hpp"

namespace haulcast::client {

struct ws_options {
  std::string target = "/v1/ws";  // after the base URL's prefix
  std::string token;              // empty: none
  /// How the token is carried: a header, as programs do, or `Sec-WebSocket-Protocol: haulcast.v1, bearer.<token>`, as browsers
  /// must.
  enum class carried { header, subprotocol } token_in = carried::header;
  http_headers headers;
  std::chrono::milliseconds connect_within{5000};  // resolving, connecting and the handshake, each
  std::chrono::milliseconds idle_max{0};           // silence of the server (pings count) that ends it; 0: none
  std::size_t message_max = 64 * 1024 * 1024;      // bytes of one message
  int receive_buffer = 0;                          // SO_RCVBUF, for tests that are slow on purpose; 0: the system's
};

/// Why there is no connection: what the server answered to the handshake, if it did.
struct ws_refusal {
  unsigned status = 0;  // of HTTP; 0: no answer
  std::string what;     // one sentence
};

/// How a connection ended.
struct ws_end {
  std::uint16_t code = 0;  // of the close frame; 0: none came (the TCP connection broke), 1005: one without a code
  std::string reason;      // of the close frame, else what broke
};

}  // namespace haulcast::client
