// Asks a server over HTTP/1.1 and waits for the answer. For commands and tests; loops use http_connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "haulcast/base/result.hpp"
#include "haulcast/client/base_url.hpp"
#include "haulcast/client/http_message.hpp"

namespace haulcast::client {

/// One connection, kept alive between requests and made again when the server has closed it. Blocks; for one thread at a time.
/// Any HTTP status is an answer; an error means that none came, and the request may or may not have been carried out. Nothing
/// is ever sent twice: to retry is the caller's decision.
class http_client {
 public:
  explicit http_client(base_url server, http_options options = {});
  ~http_client();
  http_client(http_client&&) noexcept;
  http_client& operator=(http_client&&) noexcept;

  result<http_response> send(const http_request& request);

  result<http_response> get(std::string_view target, http_headers headers = {});
  result<http_response> post(std::string_view target, std::string body, http_headers headers = {});

  /// Closes the connection; the next request makes a new one.
  void close() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::client
