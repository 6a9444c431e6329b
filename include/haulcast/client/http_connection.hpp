// One keep-alive HTTP/1.1 connection of the client side, as a coroutine.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "haulcast/base/result.hpp"
#include "haulcast/client/base_url.hpp"
#include "haulcast/client/http_message.hpp"

namespace haulcast::client {

/// Connects when it is first needed, and again when the server has closed meanwhile (seen before anything is sent, so a request
/// is never sent twice). One request at a time. On one executor; destroying it closes.
class http_connection {
 public:
  http_connection(boost::asio::any_io_executor executor, base_url server, http_options options);
  ~http_connection();
  http_connection(http_connection&&) noexcept;
  http_connection& operator=(http_connection&&) noexcept;

  /// Any status is an answer. Error: none came within the time-outs; the connection is closed then. `request` must outlive the
  /// await.
  boost::asio::awaitable<result<http_response>> send(const http_request& request);

  /// Ends what is under way with an error, now.
  void close() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::client
