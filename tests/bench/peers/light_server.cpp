#include "peers/light_server.hpp"

#include <fmt/core.h>

#include <array>
#include <boost/asio.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace haulcast::bench {

namespace http = beast::http;
constexpr auto quietly = net::as_tuple(net::use_awaitable);

const std::string fixed_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 52\r\n\r\n"
    R"({"accepted":0,"duplicates":0,"late":0,"rejected":[]})";

namespace {

const std::string refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

/// Bytes of one connection that wait for the parser.
class inlet {
 public:
  explicit inlet(tcp::socket& socket) : socket_{socket} {}

  /// Reads one whole request into `parser`. False: the peer is gone or does not speak HTTP.
  net::awaitable<bool> read(http::request_parser<http::string_body>& parser) {
    while (!parser.is_done()) {
      if (hungry_ || begin_ == end_) {
        std::memmove(chunk_.data(), chunk_.data() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
        if (end_ == chunk_.size()) co_return false;
        const auto free = net::buffer(chunk_.data() + end_, chunk_.size() - end_);
        const auto [failed, size] = co_await socket_.async_read_some(free, quietly);
        if (failed) co_return false;
        end_ += size;
      }
      beast::error_code failed;
      begin_ += parser.put(net::buffer(chunk_.data() + begin_, end_ - begin_), failed);
      hungry_ = failed == http::error::need_more;
      if (failed && !hungry_) co_return false;
    }
    hungry_ = false;
    co_return true;
  }

 private:
  tcp::socket& socket_;
  std::array<char, 65536> chunk_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool hungry_ = false;  // the parser cannot go on with what is here
};

net::awaitable<void> session(tcp::socket socket, const light_handlers& handlers) {
  const auto in = std::make_unique<inlet>(socket);
  std::string body;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.eager(true);
    parser.get().body() = std::move(body);  // keeps its capacity
    parser.get().body().clear();
    if (!co_await in->read(parser)) co_return;
    if (handlers.upgrade && beast::websocket::is_upgrade(parser.get())) {
      co_await handlers.upgrade(std::move(socket), parser.release());
      co_return;
    }
    body = std::move(parser.get().body());
    const auto& answer = handlers.post(body) ? fixed_answer : refusal;
    const auto text = net::buffer(answer);
    const auto [failed, size] = co_await net::async_write(socket, text, quietly);
    if (failed || size != answer.size()) co_return;
  }
}

}  // namespace

net::awaitable<void> serve(tcp::acceptor acceptor, const light_handlers& handlers) {
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(quietly);
    if (failed) continue;
    socket.set_option(tcp::no_delay{true});
    net::co_spawn(acceptor.get_executor(), session(std::move(socket), handlers), net::detached);
  }
}

int run_peer(int argc, char** argv, const std::function<net::awaitable<void>(tcp::acceptor)>& start) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 0;
  net::io_context io{1};
  tcp::acceptor acceptor{io, {net::ip::address_v4::loopback(), static_cast<net::ip::port_type>(port)}};
  fmt::print("listening on http://127.0.0.1:{}\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  net::signal_set signals{io, SIGTERM, SIGINT};
  signals.async_wait([&](beast::error_code, int) { io.stop(); });
  net::co_spawn(io, start(std::move(acceptor)), net::detached);
  io.run();
  return 0;
}

}  // namespace haulcast::bench
