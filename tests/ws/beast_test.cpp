// The same conversation with somebody else's WebSocket: Beast's, handshake and all.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <thread>

#include "ws/stage.hpp"

namespace haulcast::ws {
namespace {

using namespace words;
namespace beast = boost::beast;
using beast_socket = beast::websocket::stream<net::ip::tcp::socket>;

// The handshake is the door's; behind it the socket is ours.
net::awaitable<void> admit(stage& s, net::ip::tcp::acceptor& acceptor) {
  beast_socket handshake{co_await acceptor.async_accept(net::use_awaitable)};
  co_await handshake.async_accept(net::use_awaitable);
  s.live.serve({.socket = std::move(handshake.next_layer()),
                .who = admin(),
                .answer = {},
                .received = {},
                .deliveries = {},
                .counted = {}});
}

std::string read(beast_socket& client) {
  beast::flat_buffer buffer;
  client.read(buffer);
  return beast::buffers_to_string(buffer.data());
}

TEST(WithBeast, SubscribesReadsPingsAndCloses) {
  journal::scratch::directory dir;
  stage s{dir.path()};
  s.take({{"TRK-1", 0, 30}});
  net::ip::tcp::acceptor acceptor{s.loop, {net::ip::address_v4::loopback(), 0}};
  net::co_spawn(s.loop, admit(s, acceptor), net::detached);

  std::atomic<bool> done = false;
  std::string failure;
  std::thread client{[&, where = acceptor.local_endpoint()] {
    try {
      net::io_context own;
      beast_socket ws{own};
      ws.next_layer().connect(where);
      ws.handshake("localhost", "/v1/ws");
      std::string heard;
      ws.control_callback([&](beast::websocket::frame_type kind, beast::string_view payload) {
        if (kind == beast::websocket::frame_type::pong) heard = payload;
      });
      ws.write(net::buffer(std::string_view{R"({"type":"subscribe","all":true})"}));
      EXPECT_EQ(json::parse(read(ws)).at("type"), "subscribed");
      EXPECT_EQ(speeds_in(read(ws)), "TRK-1 30");
      ws.ping("hello");
      ws.write(net::buffer(std::string_view{R"({"type":"ping"})"}));
      EXPECT_EQ(json::parse(read(ws)).at("type"), "pong");
      EXPECT_EQ(heard, "hello");
      ws.close(beast::websocket::close_code::normal);
      EXPECT_EQ(ws.reason().code, beast::websocket::close_code::normal);
    } catch (const std::exception& e) {
      failure = e.what();
    }
    done = true;
  }};
  EXPECT_TRUE(s.until([&] { return done.load(); }));
  client.join();
  EXPECT_EQ(failure, "");
  EXPECT_TRUE(s.until([&] { return s.live.connections() == 0; }));
  EXPECT_EQ(s.live.metrics().closed.at(1000), 1U);
}

TEST(WithBeast, IsToldWhyTheServerCloses) {
  journal::scratch::directory dir;
  stage s{dir.path()};
  net::ip::tcp::acceptor acceptor{s.loop, {net::ip::address_v4::loopback(), 0}};
  net::co_spawn(s.loop, admit(s, acceptor), net::detached);
  std::atomic<bool> done = false;
  std::uint16_t code = 0;
  std::string reason;
  std::thread client{[&, where = acceptor.local_endpoint()] {
    net::io_context own;
    beast_socket ws{own};
    ws.next_layer().connect(where);
    ws.handshake("localhost", "/v1/ws");
    beast::flat_buffer buffer;
    boost::system::error_code error;
    ws.read(buffer, error);
    EXPECT_EQ(error, beast::websocket::error::closed);
    code = ws.reason().code;
    reason = ws.reason().reason.c_str();
    done = true;
  }};
  ASSERT_TRUE(s.until([&] { return s.live.connections() == 1; }));
  s.live.close_all();
  EXPECT_TRUE(s.until([&] { return done.load() && s.live.connections() == 0; }));
  client.join();
  EXPECT_EQ(code, 1001);
  EXPECT_EQ(reason, "shutting down");
}

}  // namespace
}  // namespace haulcast::ws
