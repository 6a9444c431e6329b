// The leanest HTTP server that Beast's parser allows: read_some into a buffer, the parser fed by hand, one fixed answer, no
// timer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <string>

namespace haulcast::bench {

namespace net = boost::asio;
namespace beast = boost::beast;
using tcp = net::ip::tcp;
using request = beast::http::request<beast::http::string_body>;

/// A 200 of the size that a real answer has.
extern const std::string fixed_answer;

struct light_handlers {
  std::function<bool(std::string& body)> post;                        // false: 400
  std::function<net::awaitable<void>(tcp::socket, request)> upgrade;  // takes the connection over; may be empty
};

/// Accepts until the context stops; each connection is a coroutine. One thread. `handlers` must outlive the context's run.
net::awaitable<void> serve(tcp::acceptor acceptor, const light_handlers& handlers);

/// What a peer's main does: listens on 127.0.0.1:port (0: a free one), prints "listening on http://...", runs `start` with
/// the acceptor until SIGTERM or SIGINT. Returns the exit code.
int run_peer(int argc, char** argv, const std::function<net::awaitable<void>(tcp::acceptor)>& start);

}  // namespace haulcast::bench
