#include "haulcast/client/http_connection.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "haulcast/client/credential.hpp"
#include "haulcast/client/observer.hpp"
#include "haulcast/wire/gzip.hpp"
#include "stream.hpp"

namespace haulcast::client {
namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);
constexpr std::uint32_t head_max = 64 * 1024;

using beast_request = http::request<http::string_body>;
using beast_response = http::response<http::string_body>;

beast_request to_beast(const http_request& request, const base_url& server, const http_options& options) {
  beast_request out;
  out.version(11);
  out.method_string(request.method);
  out.target(server.prefix + request.target);
  out.set(http::field::host, server.authority());
  out.set(http::field::user_agent, "haulcast/" HAULCAST_VERSION);
  if (!options.token.empty()) {
    const auto [name, value] = credential_field(options.token);
    out.set(name, value);
  }
  if (options.accept_gzip) out.set(http::field::accept_encoding, "gzip");
  if (!request.body.empty()) {
    if (!request.content_type.empty()) out.set(http::field::content_type, request.content_type);
    if (request.gzip) out.set(http::field::content_encoding, "gzip");
    out.body() = request.gzip ? wire::gzip(request.body) : request.body;
  }
  out.keep_alive(options.keep_alive);
  out.prepare_payload();
  for (const auto& [name, value] : request.headers) out.insert(name, value);
  return out;
}

result<http_response> from_beast(beast_response in, std::size_t body_max) {
  http_response out;
  out.status = in.result_int();
  for (const auto& field : in) out.headers.emplace_back(field.name_string(), field.value());
  out.body = std::move(in.body());
  if (in[http::field::content_encoding] == "gzip") {
    auto plain = wire::gunzip(out.body, body_max);
    if (!plain) return failure{"an answer in gzip: " + std::string{wire::to_string(plain.error())}};
    out.body = std::move(*plain);
  }
  return out;
}

/// The head, then the body as fast as it is taken.
net::awaitable<error_code> write_piece_by_piece(client::stream& to, const beast_request& message,
                                                const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  constexpr std::size_t piece_bytes = 256 * 1024;
  http::request_serializer<http::string_body> head{message};
  const auto [not_sent, head_bytes] = co_await http::async_write_header(to, head, as_awaitable);
  if (not_sent) co_return not_sent;
  const std::string_view body = message.body();
  const std::uint64_t all = head_bytes + body.size();
  for (std::size_t sent = 0; sent < body.size();) {
    const auto piece = body.substr(sent, piece_bytes);
    const auto [error, n] = co_await net::async_write(to, net::buffer(piece.data(), piece.size()), as_awaitable);
    if (error) co_return error;
    sent += n;
    progress(head_bytes + sent, all);
  }
  co_return error_code{};
}

}  // namespace

struct http_connection::state {
  base_url server;
  http_options options;
  client::stream stream;
  beast::flat_buffer buffer;
  bool connected = false;

  state(net::any_io_executor executor, base_url to, http_options with)
      : server{std::move(to)}, options{std::move(with)}, stream{std::move(executor)} {}

  void close() noexcept {
    stream.close();
    buffer.clear();
    connected = false;
  }

  /// What an idle connection has to say, under TLS too, can only be that it is over.
  bool closed_by_server() {
    char byte = 0;
    const auto got = ::recv(stream.next_layer().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

  failure no_answer(const std::string& why) {
    close();
    return {"no answer from " + server.authority() + ": " + why};
  }
  failure no_answer(const error_code& error, std::string_view when) {
    return no_answer(std::string{when} + ": " + error.message());
  }
};

http_connection::http_connection(net::any_io_executor executor, base_url server, http_options options)
    : state_{std::make_unique<state>(std::move(executor), std::move(server), std::move(options))} {}
http_connection::~http_connection() = default;
http_connection::http_connection(http_connection&&) noexcept = default;
http_connection& http_connection::operator=(http_connection&&) noexcept = default;

void http_connection::close() noexcept { state_->close(); }

net::awaitable<result<http_response>> http_connection::send(const http_request& request) {
  state& s = *state_;
  if (s.connected && s.closed_by_server()) s.close();
  if (!s.connected) {
    const auto refused = co_await s.stream.connect(s.server, s.options.connect_within);
    if (!refused.empty()) co_return s.no_answer(refused);
    s.connected = true;
  }

  const auto message = to_beast(request, s.server, s.options);
  s.stream.next_layer().expires_after(s.options.answer_within);
  error_code not_sent;
  if (request.progress) {
    auto writing = write_piece_by_piece(s.stream, message, request.progress);
    not_sent = co_await std::move(writing);
  } else {
    const auto [error, sent] = co_await http::async_write(s.stream, message, as_awaitable);
    not_sent = error;
  }
  // A server may refuse a body before it has read it all, and close: the answer is worth reading.
  const bool may_have_answered = not_sent == net::error::broken_pipe || not_sent == net::error::connection_reset;
  if (not_sent && !may_have_answered) co_return s.no_answer(not_sent, "sending");

  http::response_parser<http::string_body> parser;
  parser.header_limit(head_max);
  parser.body_limit(s.options.body_max);
  if (request.method == "HEAD") parser.skip(true);
  const auto [not_read, read] = co_await http::async_read(s.stream, s.buffer, parser, as_awaitable);
  if (not_read) co_return s.no_answer(not_read, "waiting");

  beast_response answer = parser.release();
  if (!answer.keep_alive() || !s.options.keep_alive || not_sent) s.close();
  auto told = from_beast(std::move(answer), s.options.body_max);
  if (auto* const who = observing(); who != nullptr && told) who->answered(request, *told);
  co_return told;
}

}  // namespace haulcast::client
