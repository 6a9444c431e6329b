#include "harness.hpp"

namespace haulcast::http::test {
namespace {

result<std::shared_ptr<const auth::principal>, auth::token_error> check(std::string_view token) {
  auto who = std::make_shared<auth::principal>();
  if (token == "admin") {
    who->who = auth::role::admin;
  } else if (token == "driver") {
    who->who = auth::role::driver;
  } else if (token == "old") {
    return auth::token_error::expired;
  } else {
    return auth::token_error::invalid;
  }
  return std::shared_ptr<const auth::principal>{std::move(who)};
}

response text(std::string body) {
  response r;
  r.content_type = media::plain;
  r.body = std::move(body);
  return r;
}

/// Also proves that the padding behind the body may be read.
response echo(request& r) {
  for (std::size_t i = 0; i < body_padding; ++i) [[maybe_unused]]
    const volatile char c = r.body.data()[r.body.size() + i];
  return text(std::string{r.body});
}

net::awaitable<response> wait_a_little(request& r) {
  net::steady_timer timer{co_await net::this_coro::executor, 150ms};
  co_await timer.async_wait(net::use_awaitable);
  co_return text("waited for " + std::string{r.query_value("n")->value_or("nobody")});
}

net::awaitable<void> three_pieces(response_stream& s) {
  for (const char* piece : {"one\n", "two\n", "three\n"}) {
    if (!co_await s.write(piece)) co_return;
  }
}

/// Writes, then waits for news that never come, until it is woken.
net::awaitable<void> one_piece_and_wait(response_stream& s) {
  net::steady_timer news{co_await net::this_coro::executor, net::steady_timer::time_point::max()};
  s.on_end([&news] { news.cancel(); });
  if (!co_await s.write("first\n")) co_return;
  boost::system::error_code woken;
  while (!s.ended()) co_await news.async_wait(net::redirect_error(net::use_awaitable, woken));
}

net::awaitable<void> as_much_as_it_takes(response_stream& s) {
  const std::string piece(10'000, 'x');
  while (co_await s.write(piece)) {
  }
}

net::awaitable<void> half_then_throw(response_stream& s) {
  co_await s.write("half");
  throw std::runtime_error{"on purpose"};
}

sync_handler streaming(stream_producer produce) {
  return [produce](request&) {
    response r;
    r.content_type = media::ndjson;
    r.stream = produce;
    return r;
  };
}

/// Until its peer ends it.
net::awaitable<void> converse_secured(departed connection, std::string answer) {
  boost::system::error_code ended;
  connection.secured->write_some(answer, ended);
  char c;
  for (ended.clear(); !ended || ended == net::error::would_block;) {
    connection.secured->read_some({&c, 1}, ended);
    if (ended == net::error::would_block)
      co_await connection.socket.async_wait(net::socket_base::wait_read, net::use_awaitable);
  }
}

net::awaitable<void> converse(departed connection, std::string path) {
  std::string answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n";
  answer += path + "|" + connection.buffered;
  if (connection.secured) {
    co_await converse_secured(std::move(connection), std::move(answer));
    co_return;
  }
  co_await net::async_write(connection.socket, net::buffer(answer), net::use_awaitable);
  char c;
  boost::system::error_code ended;
  while (!ended) co_await connection.socket.async_read_some(net::buffer(&c, 1), net::redirect_error(net::use_awaitable, ended));
}

std::optional<response> upgraded(request& r, const std::function<departed()>& leave) {
  if (r.query_value("refuse").value()) return refuse(code::overloaded);
  auto connection = leave();
  const auto executor = connection.socket.get_executor();
  net::co_spawn(executor, converse(std::move(connection), std::string{r.path}), net::detached);
  return std::nullopt;
}

}  // namespace

router test_routes() {
  router t{check};
  const auto add = [&t](method m, std::string pattern, access who, std::size_t limit, auto handler) -> void {
    route r;
    r.method = m;
    r.pattern = std::move(pattern);
    r.access = who;
    r.body_limit = limit;
    r.handler = std::move(handler);
    t.add(std::move(r));
  };
  const auto open = access::open();
  add(method::get, "/hello", open, 0, sync_handler{[](request&) { return text("hello"); }});
  add(method::post, "/echo", open, 200'000, sync_handler{echo});
  add(method::put, "/echo", open, 200'000, sync_handler{echo});
  add(method::post, "/small", open, 16, sync_handler{echo});
  add(method::post, "/v1/geofences:import", open, 16, sync_handler{[](request&) { return text("import"); }});
  add(method::get, "/v1/trucks/{truck_id}/position", open, 0,
      sync_handler{[](request& r) { return text(std::string{r.parameter("truck_id")}); }});
  add(method::get, "/v1/trucks/{truck_id}", open, 0,
      sync_handler{[](request& r) { return text("truck " + std::string{r.parameter("truck_id")}); }});
  add(method::get, "/private", access::any_role(), 0,
      sync_handler{[](request& r) { return text(std::string{auth::to_string(r.principal->who)}); }});
  add(method::post, "/admins", access::roles({auth::role::admin}), 200'000, sync_handler{echo});
  add(method::get, "/wait", open, 0, async_handler{wait_a_little});
  add(method::get, "/big", open, 0, sync_handler{[](request&) { return text(std::string(3'000'000, 'b')); }});
  add(method::get, "/long", open, 0, sync_handler{[](request&) { return json_response(std::string(5000, 'z')); }});
  add(method::get, "/throw", open, 0, sync_handler{[](request&) -> response { throw std::runtime_error{"on purpose"}; }});
  add(method::get, "/pieces", open, 0, streaming(three_pieces));
  add(method::get, "/news", open, 0, streaming(one_piece_and_wait));
  add(method::get, "/endless", open, 0, streaming(as_much_as_it_takes));
  add(method::get, "/half", open, 0, streaming(half_then_throw));
  add(method::get, "/ws", open, 0, upgrade_handler{upgraded});
  return t;
}

}  // namespace haulcast::http::test
