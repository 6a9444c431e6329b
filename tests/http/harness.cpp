#include "harness.hpp"

namespace haulcast::http::test {
namespace {

result<std::shared_ptr<const auth::principal>, auth::token_error> check(const credential& shown) {
  auto who = std::make_shared<auth::principal>();
  const auto token = shown.text;
  if (shown.what == credential::kind::api_key) {
    if (token != "key") return auth::token_error::invalid;
    who->who = auth::role::merchant;
  } else if (token == "admin") {
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

response page(request&) {
  response r;
  r.content_type = media::html;
  r.body = "<p>hello</p>";
  r.headers.push_back({"Content-Security-Policy", "default-src 'self'"});
  return r;
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

auth::access_rule open_row(std::string_view name, std::string_view pattern) {
  return {name, pattern, auth::token_rule::none, {}, auth::ownership::none};
}

}  // namespace

std::span<const auth::access_rule> test_rules() {
  using enum auth::token_rule;
  static const std::vector<auth::access_rule> rules{
      open_row("GET", "/hello"),
      open_row("POST", "/echo"),
      open_row("PUT", "/echo"),
      open_row("POST", "/small"),
      open_row("POST", "/search"),
      open_row("POST", "/v1/geofences:import"),
      open_row("GET", "/v1/trucks/{truck_id}/position"),
      open_row("GET", "/v1/trucks/{truck_id}"),
      {"GET", "/private", in_head, auth::role_set::all(), auth::ownership::none},
      {"POST", "/admins", in_head, {auth::role::admin}, auth::ownership::none},
      open_row("GET", "/wait"),
      open_row("GET", "/big"),
      open_row("GET", "/long"),
      open_row("GET", "/throw"),
      open_row("GET", "/client"),
      open_row("GET", "/page"),
      open_row("GET", "/pieces"),
      open_row("GET", "/news"),
      open_row("GET", "/endless"),
      open_row("GET", "/half"),
      open_row("GET", "/ws"),
  };
  return rules;
}

router test_routes() {
  router t{entrance{check}, test_rules()};
  const auto add = [&t](method m, std::string pattern, std::size_t limit, auto handler) -> void {
    route r;
    r.method = m;
    r.pattern = std::move(pattern);
    r.offers = {media::plain, media::json};
    r.body_limit = limit;
    r.handler = std::move(handler);
    t.add(std::move(r));
  };
  add(method::get, "/hello", 0, sync_handler{[](request&) { return text("hello"); }});
  add(method::post, "/echo", 200'000, sync_handler{echo});
  add(method::put, "/echo", 200'000, sync_handler{echo});
  add(method::post, "/small", 16, sync_handler{echo});
  add(method::post, "/v1/geofences:import", 16, sync_handler{[](request&) { return text("import"); }});
  add(method::get, "/v1/trucks/{truck_id}/position", 0,
      sync_handler{[](request& r) { return text(std::string{r.parameter("truck_id")}); }});
  add(method::get, "/v1/trucks/{truck_id}", 0,
      sync_handler{[](request& r) { return text("truck " + std::string{r.parameter("truck_id")}); }});
  add(method::get, "/private", 0,
      sync_handler{[](request& r) { return text(std::string{auth::to_string(r.principal->who)}); }});
  add(method::post, "/admins", 200'000, sync_handler{echo});
  add(method::get, "/wait", 0, async_handler{wait_a_little});
  add(method::get, "/big", 0, sync_handler{[](request&) { return text(std::string(3'000'000, 'b')); }});
  add(method::get, "/long", 0, sync_handler{[](request&) { return json_response(std::string(5000, 'z')); }});
  add(method::get, "/throw", 0, sync_handler{[](request&) -> response { throw std::runtime_error{"on purpose"}; }});
  add(method::get, "/client", 0, sync_handler{[](request& r) { return text(r.client().to_string()); }});
  add(method::get, "/page", 0, sync_handler{page});
  add(method::get, "/pieces", 0, streaming(three_pieces));
  add(method::get, "/news", 0, streaming(one_piece_and_wait));
  add(method::get, "/endless", 0, streaming(as_much_as_it_takes));
  add(method::get, "/half", 0, streaming(half_then_throw));
  add(method::get, "/ws", 0, upgrade_handler{upgraded});
  return t;
}

}  // namespace haulcast::http::test
