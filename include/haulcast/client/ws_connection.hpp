// One WebSocket of the client side, as coroutines. The framing is Beast's, so it is a peer of the server's own in every test.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <memory>
#include <optional>
#include <string>

#include "haulcast/client/base_url.hpp"
#include "haulcast/client/ws_message.hpp"

namespace haulcast::client {

[[noreturn]] void throw_exception_from_error(const ws_refusal& error, const boost::source_location& where);
[[noreturn]] void throw_exception_from_error(const ws_end& error, const boost::source_location& where);

/// One reader and one writer at a time. Pings are answered while a receive is under way. On one executor.
class ws_connection {
 public:
  ws_connection(boost::asio::any_io_executor executor, base_url server, ws_options options);
  ~ws_connection();
  ws_connection(ws_connection&&) noexcept;
  ws_connection& operator=(ws_connection&&) noexcept;

  boost::asio::awaitable<boost::system::result<void, ws_refusal>> connect();
  /// The next text message. An error is the end of the connection.
  boost::asio::awaitable<boost::system::result<std::string, ws_end>> receive();
  boost::asio::awaitable<boost::system::result<void, ws_end>> send(std::string text);
  boost::asio::awaitable<void> close(std::uint16_t code);

  /// What the server selected; empty: none.
  const std::string& subprotocol() const noexcept;
  /// Breaks the TCP connection, now and without a word.
  void abort() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::client
