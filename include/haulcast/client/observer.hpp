// Who wants to see what passes between the client side and a server: the tests, which hold it against the published contract.
#pragma once

#include <string_view>

#include "haulcast/client/http_message.hpp"
#include "haulcast/client/ws_message.hpp"

namespace haulcast::client {

/// Called on the connection's thread, before its caller sees the same. Several threads at once.
class observer {
 public:
  virtual ~observer() = default;
  virtual void answered(const http_request& request, const http_response& answer) = 0;
  /// To a WebSocket's handshake: 101, or why not.
  virtual void shook_hands(const ws_options& with, const http_response& answer) = 0;
  virtual void received(const ws_options& on, std::string_view frame) = 0;
};

/// For the whole process, set before the first connection is made; null: nobody, as at the start.
void observe(observer* who) noexcept;
observer* observing() noexcept;

}  // namespace haulcast::client
