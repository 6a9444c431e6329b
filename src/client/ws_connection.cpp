#include "haulcast/client/ws_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <stdexcept>

#include "haulcast/client/credential.hpp"
#include "haulcast/client/observer.hpp"
#include "haulcast/client/verdict.hpp"
#include "stream.hpp"

namespace haulcast::client {
namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);
constexpr std::string_view protocol = "haulcast.v1";

}  // namespace

void throw_exception_from_error(const ws_refusal& error, const boost::source_location&) {
  throw std::runtime_error{error.what};
}
void throw_exception_from_error(const ws_end& error, const boost::source_location&) { throw std::runtime_error{error.reason}; }

struct ws_connection::state {
  base_url server;
  ws_options options;
  websocket::stream<client::stream> stream;
  beast::flat_buffer buffer;
  std::string selected;

  state(net::any_io_executor executor, base_url to, ws_options with)
      : server{std::move(to)}, options{std::move(with)}, stream{std::move(executor)} {}

  void decorate(websocket::request_type& request) const {
    request.set(http::field::user_agent, "haulcast/" HAULCAST_VERSION);
    const bool in_header = options.token_in == ws_options::carried::header;
    std::string offered{protocol};
    if (!options.token.empty() && in_header) {
      const auto [name, value] = credential_field(options.token);
      request.set(name, value);
    }
    if (!options.token.empty() && !in_header) offered += ", bearer." + options.token;
    request.set(http::field::sec_websocket_protocol, offered);
    for (const auto& [name, value] : options.headers) request.set(name, value);
  }

  void limit() {
    websocket::stream_base::timeout t{};
    t.handshake_timeout = options.connect_within;
    t.idle_timeout = options.idle_max > std::chrono::milliseconds::zero()
                         ? std::chrono::steady_clock::duration{options.idle_max}
                         : websocket::stream_base::none();
    t.keep_alive_pings = options.idle_max > std::chrono::milliseconds::zero();
    stream.set_option(t);
    stream.read_message_max(options.message_max);
    stream.set_option(websocket::stream_base::decorator([this](websocket::request_type& r) { decorate(r); }));
  }

  ws_refusal refusal(const std::string& why) const { return {0, "no WebSocket to " + server.authority() + ": " + why}; }

  ws_end end(const error_code& failed) const {
    if (failed != websocket::error::closed) return {0, failed.message()};
    return {static_cast<std::uint16_t>(stream.reason().code), std::string{stream.reason().reason.c_str()}};
  }
};

ws_connection::ws_connection(net::any_io_executor executor, base_url server, ws_options options)
    : state_{std::make_unique<state>(std::move(executor), std::move(server), std::move(options))} {}
ws_connection::~ws_connection() = default;
ws_connection::ws_connection(ws_connection&&) noexcept = default;
ws_connection& ws_connection::operator=(ws_connection&&) noexcept = default;

net::awaitable<boost::system::result<void, ws_refusal>> ws_connection::connect() {
  state& s = *state_;
  const auto not_connected = co_await s.stream.next_layer().connect(s.server, s.options.connect_within);
  if (!not_connected.empty()) co_return s.refusal(not_connected);
  auto& tcp = beast::get_lowest_layer(s.stream);
  tcp.expires_never();  // from here on the WebSocket's own limits hold
  error_code ignored;
  if (s.options.receive_buffer > 0)
    tcp.socket().set_option(net::socket_base::receive_buffer_size{s.options.receive_buffer}, ignored);

  s.limit();
  websocket::response_type answer;
  const std::string host = s.server.authority();
  const std::string target = s.server.prefix + s.options.target;
  const auto [refused] = co_await s.stream.async_handshake(answer, host, target, as_awaitable);
  http_response told;
  told.status = answer.result_int();
  told.body = answer.body();
  for (const auto& field : answer) told.headers.emplace_back(field.name_string(), field.value());
  const bool answered = !refused || refused == websocket::error::upgrade_declined;
  if (auto* const who = observing(); who != nullptr && answered) who->shook_hands(s.options, told);
  if (refused == websocket::error::upgrade_declined) {
    co_return ws_refusal{told.status, problem_sentence(told)};
  }
  if (refused) co_return s.refusal("the handshake: " + refused.message());
  s.selected = answer[http::field::sec_websocket_protocol];
  co_return boost::system::result<void, ws_refusal>{};
}

net::awaitable<boost::system::result<std::string, ws_end>> ws_connection::receive() {
  state& s = *state_;
  s.buffer.clear();
  const auto [failed, size] = co_await s.stream.async_read(s.buffer, as_awaitable);
  if (failed) co_return s.end(failed);
  auto frame = beast::buffers_to_string(s.buffer.data());
  if (auto* const who = observing()) who->received(s.options, frame);
  co_return frame;
}

net::awaitable<boost::system::result<void, ws_end>> ws_connection::send(std::string text) {
  state& s = *state_;
  s.stream.text(true);
  const auto [failed, size] = co_await s.stream.async_write(net::buffer(text), as_awaitable);
  if (failed) co_return s.end(failed);
  co_return boost::system::result<void, ws_end>{};
}

net::awaitable<void> ws_connection::close(std::uint16_t code) {
  const websocket::close_reason reason{static_cast<websocket::close_code>(code)};
  co_await state_->stream.async_close(reason, as_awaitable);
}

const std::string& ws_connection::subprotocol() const noexcept { return state_->selected; }

void ws_connection::abort() noexcept {
  error_code ignored;
  beast::get_lowest_layer(state_->stream).socket().close(ignored);
}

}  // namespace haulcast::client
