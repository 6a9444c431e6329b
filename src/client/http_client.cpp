#include "haulcast/client/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "haulcast/client/http_connection.hpp"

namespace haulcast::client {
namespace net = boost::asio;

struct http_client::state {
  net::io_context io{1};
  http_connection connection;

  state(base_url server, http_options options) : connection{io.get_executor(), std::move(server), std::move(options)} {}
};

http_client::http_client(base_url server, http_options options)
    : state_{std::make_unique<state>(std::move(server), std::move(options))} {}
http_client::~http_client() = default;
http_client::http_client(http_client&&) noexcept = default;
http_client& http_client::operator=(http_client&&) noexcept = default;

result<http_response> http_client::send(const http_request& request) {
  std::optional<result<http_response>> answer;
  net::co_spawn(state_->io, state_->connection.send(request), [&](std::exception_ptr bug, result<http_response> got) {
    if (bug) std::rethrow_exception(bug);
    answer.emplace(std::move(got));
  });
  state_->io.restart();
  state_->io.run();
  return std::move(*answer);
}

result<http_response> http_client::get(std::string_view target, http_headers headers) {
  http_request request;
  request.target = target;
  request.headers = std::move(headers);
  return send(request);
}

result<http_response> http_client::post(std::string_view target, std::string body, http_headers headers) {
  http_request request;
  request.method = "POST";
  request.target = target;
  request.body = std::move(body);
  request.headers = std::move(headers);
  return send(request);
}

void http_client::close() noexcept { state_->connection.close(); }

}  // namespace haulcast::client
