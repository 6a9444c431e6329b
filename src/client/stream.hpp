// One connection of the client side, with or without TLS: what Beast reads from and writes to.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "haulcast/client/base_url.hpp"

namespace haulcast::client {

/// An AsyncStream over a tcp_stream, whose limits of time hold for both forms.
class stream {
 public:
  using executor_type = boost::asio::any_io_executor;
  using next_layer_type = boost::beast::tcp_stream;

  explicit stream(boost::asio::any_io_executor executor) : tcp_{std::move(executor)} {}

  executor_type get_executor() { return tcp_.get_executor(); }
  next_layer_type& next_layer() noexcept { return tcp_; }
  const next_layer_type& next_layer() const noexcept { return tcp_; }

  /// Resolves, connects and, for https, shakes hands, each `within` that time. The result is one phrase: why not; empty: it is
  /// there. May be called again after close().
  boost::asio::awaitable<std::string> connect(const base_url& to, std::chrono::milliseconds within);
  void close() noexcept;

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& space, Token&& token) {
    auto start = [this](auto handler, const Buffers& into) {
      if (tls_)
        tls_->async_read_some(into, std::move(handler));
      else
        tcp_.async_read_some(into, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(std::move(start), token, space);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& bytes, Token&& token) {
    auto start = [this](auto handler, const Buffers& from) {
      if (tls_)
        tls_->async_write_some(from, std::move(handler));
      else
        tcp_.async_write_some(from, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(std::move(start), token, bytes);
  }

  /// How a WebSocket ends what lies below it.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, stream& s, Handler&& handler) {
    if (s.tls_)
      s.tls_->async_shutdown(std::forward<Handler>(handler));
    else
      boost::beast::async_teardown(role, s.tcp_, std::forward<Handler>(handler));
  }
  friend void teardown(boost::beast::role_type role, stream& s, boost::system::error_code& failed) {
    boost::beast::teardown(role, s.tcp_, failed);
  }

 private:
  boost::asio::awaitable<std::string> secure(const base_url& to, std::chrono::milliseconds within);

  boost::beast::tcp_stream tcp_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace haulcast::client
