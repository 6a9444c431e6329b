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

#include "any_handler.hpp"
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
    auto start = [this](auto handler, const few<boost::asio::mutable_buffer>& into) {
      read_some(into, {std::move(handler), get_executor()});
    };
    const auto into = first_of<boost::asio::mutable_buffer>(space);
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(std::move(start), token, into);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& bytes, Token&& token) {
    auto start = [this](auto handler, const few<boost::asio::const_buffer>& from) {
      write_some(from, {std::move(handler), get_executor()});
    };
    const auto from = first_of<boost::asio::const_buffer>(bytes);
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(std::move(start), token, from);
  }

  /// How a WebSocket ends what lies below it.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, stream& s, Handler&& handler) {
    s.tear_down(role, {std::forward<Handler>(handler), s.get_executor()});
  }
  friend void teardown(boost::beast::role_type role, stream& s, boost::system::error_code& failed) {
    boost::beast::teardown(role, s.tcp_, failed);
  }

 private:
  boost::asio::awaitable<std::string> secure(const base_url& to, std::chrono::milliseconds within);
  using transferred = any_handler<boost::system::error_code, std::size_t>;
  void read_some(const few<boost::asio::mutable_buffer>& into, transferred then);
  void write_some(const few<boost::asio::const_buffer>& from, transferred then);
  void tear_down(boost::beast::role_type role, any_handler<boost::system::error_code> then);

  boost::beast::tcp_stream tcp_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace haulcast::client
