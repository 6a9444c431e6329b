// A WebSocket client that waits: for tests and tools. Loops use ws_connection.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "haulcast/client/base_url.hpp"
#include "haulcast/client/ws_message.hpp"

namespace haulcast::client {

/// Blocks; for one thread. It reads from the socket only inside receive() and close() (one message ahead at most): whoever does
/// not call them is a slow subscriber, and answers no pings.
class ws_client {
 public:
  explicit ws_client(base_url server, ws_options options = {});
  ~ws_client();
  ws_client(ws_client&&) noexcept;
  ws_client& operator=(ws_client&&) noexcept;

  /// Nothing when connected.
  std::optional<ws_refusal> connect();

  /// False when the connection has ended.
  bool send(std::string text);

  /// The next text message; nothing when none came in time or the connection has ended (then ended() says how).
  std::optional<std::string> receive(std::chrono::milliseconds within);

  /// Sends a close frame and waits for the server's, reading and dropping what is under way.
  void close(std::uint16_t code = 1000, std::chrono::milliseconds within = std::chrono::seconds{5});
  /// Breaks the TCP connection without a word.
  void abort() noexcept;

  const std::optional<ws_end>& ended() const noexcept;
  const std::string& subprotocol() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::client
