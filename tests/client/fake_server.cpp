#include "client/fake_server.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "haulcast/wire/gzip.hpp"

namespace haulcast::client {
namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using net::ip::tcp;
using nlohmann::json;

namespace {

constexpr auto as_awaitable = net::as_tuple(net::use_awaitable);

struct action {
  enum class kind { answer, lose, ignore } what = kind::answer;
  fake_answer answer;
};

fake_request plain(const http::request<http::string_body>& in, std::size_t connection) {
  fake_request out;
  out.method = std::string{in.method_string()};
  out.target = std::string{in.target()};
  out.body = in.body();
  out.connection = connection;
  for (const auto& field : in) {
    std::string name{field.name_string()};
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    out.headers[name] = std::string{field.value()};
  }
  if (in[http::field::content_encoding] == "gzip") out.body = wire::gunzip(in.body(), 64 << 20).value();
  return out;
}

}  // namespace

struct fake_server::state {
  net::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint{net::ip::address_v4::loopback(), 0}};
  std::uint16_t port = acceptor.local_endpoint().port();
  std::size_t connections = 0;

  mutable std::mutex mutex;  // guards what follows
  std::deque<action> actions;
  std::string token;
  bool close_after_each = false;
  std::function<ws_reply(const std::string&)> reply;
  std::vector<fake_request> requests;
  std::vector<std::string> ws_frames;
  std::vector<std::uint16_t> ws_closes;
  std::map<std::string, std::vector<std::string>> held;
  std::map<std::string, std::set<std::string>> known;

  std::thread thread;

  fake_answer judge(const std::string& body) {
    const auto batch = json::parse(body, nullptr, false);
    if (!batch.is_object() || !batch.contains("positions"))
      return {422, R"({"code":"positions_missing","title":"no positions"})", {}};
    std::size_t accepted = 0, duplicates = 0, late = 0, index = 0;
    json rejected = json::array();
    for (const json& p : batch["positions"]) {
      const std::string truck = p["truck_id"];
      const std::string time = p["timestamp"];
      if (p["latitude"].get<double>() > 90) {
        rejected.push_back({{"index", index}, {"code", "latitude_out_of_range"}, {"detail", "no"}});
      } else if (!p.contains("longitude")) {
        rejected.push_back({{"index", index}, {"code", "longitude_missing"}, {"detail", "no"}});
      } else if (!known[truck].insert(time).second) {
        ++duplicates;
      } else {
        if (*known[truck].rbegin() != time) ++late;
        ++accepted;
        held[truck].push_back(time);
      }
      ++index;
    }
    const json answer{{"accepted", accepted}, {"duplicates", duplicates}, {"late", late}, {"rejected", rejected}};
    return {200, answer.dump(), {}};
  }

  fake_answer carry_out(const fake_request& r) {
    if (!token.empty()) {
      const auto given = r.headers.find("authorization");
      if (given == r.headers.end() || given->second != "Bearer " + token)
        return {401, R"({"code":"token_invalid","title":"No valid token"})", {{"WWW-Authenticate", "Bearer"}}};
    }
    if (r.target == "/readyz") return {200, R"({"status":"ready"})", {}};
    if (r.target == "/v1/positions" && r.method == "POST") return judge(r.body);
    if (r.target == "/echo") return {200, r.body, {{"X-Method", r.method}}};
    return {404, R"({"code":"not_found","title":"Not found"})", {}};
  }

  std::pair<action::kind, fake_answer> decide(const fake_request& r) {
    const std::lock_guard lock{mutex};
    requests.push_back(r);
    if (actions.empty()) return {action::kind::answer, carry_out(r)};
    const action next = actions.front();
    actions.pop_front();
    if (next.what == action::kind::lose) return {next.what, carry_out(r)};
    return {next.what, next.answer};
  }

  net::awaitable<void> accept() {
    for (;;) {
      auto [failed, socket] = co_await acceptor.async_accept(as_awaitable);
      if (failed) co_return;
      net::co_spawn(io, serve(std::move(socket), connections++), net::detached);
    }
  }

  net::awaitable<void> serve(tcp::socket accepted, std::size_t number) {
    beast::tcp_stream stream{std::move(accepted)};
    beast::flat_buffer buffer;
    for (;;) {
      http::request<http::string_body> request;
      const auto [failed, read] = co_await http::async_read(stream, buffer, request, as_awaitable);
      if (failed) co_return;
      const auto [what, answer] = decide(plain(request, number));
      if (what == action::kind::lose) co_return;
      if (what == action::kind::ignore) continue;
      if (websocket::is_upgrade(request) && answer.status == 404) {
        co_await serve_ws(std::move(stream), std::move(request));
        co_return;
      }
      http::response<http::string_body> response{http::int_to_status(answer.status), 11};
      response.set(http::field::content_type, "application/json");
      for (const auto& [name, value] : answer.headers) response.set(name, value);
      response.body() = answer.body;
      response.keep_alive(request.keep_alive());
      response.prepare_payload();
      const auto [not_sent, sent] = co_await http::async_write(stream, response, as_awaitable);
      if (not_sent || response.need_eof() || !request.keep_alive()) co_return;
      const std::lock_guard lock{mutex};
      if (close_after_each) co_return;
    }
  }

  ws_reply reply_to(const std::string& frame) {
    const std::lock_guard lock{mutex};
    ws_frames.push_back(frame);
    return reply ? reply(frame) : ws_reply{};
  }

  net::awaitable<void> serve_ws(beast::tcp_stream under, http::request<http::string_body> request) {
    websocket::stream<beast::tcp_stream> ws{std::move(under)};
    const auto choose = [](websocket::response_type& r) { r.set(http::field::sec_websocket_protocol, "haulcast.v1"); };
    ws.set_option(websocket::stream_base::decorator(choose));
    const auto [refused] = co_await ws.async_accept(request, as_awaitable);
    if (refused) co_return;
    ws.text(true);
    beast::flat_buffer buffer;
    for (;;) {
      buffer.clear();
      const auto [failed, read] = co_await ws.async_read(buffer, as_awaitable);
      if (failed) break;
      const std::string frame = beast::buffers_to_string(buffer.data());
      const ws_reply answer = reply_to(frame);
      for (const std::string& text : answer.frames) {
        const auto [not_sent, sent] = co_await ws.async_write(net::buffer(text), as_awaitable);
        if (not_sent) co_return;
      }
      if (answer.abort) {
        beast::get_lowest_layer(ws).socket().close();
        co_return;
      }
      if (answer.close_code != 0) {
        const websocket::close_reason reason{static_cast<websocket::close_code>(answer.close_code), "as asked"};
        co_await ws.async_close(reason, as_awaitable);
        co_return;
      }
    }
    const std::lock_guard lock{mutex};
    ws_closes.push_back(static_cast<std::uint16_t>(ws.reason().code));
  }
};

fake_server::fake_server() : state_{std::make_unique<state>()} {
  net::co_spawn(state_->io, state_->accept(), net::detached);
  state_->thread = std::thread{[this] { state_->io.run(); }};
}

fake_server::~fake_server() {
  state_->io.stop();
  state_->thread.join();
}

std::string fake_server::url() const { return "http://127.0.0.1:" + std::to_string(state_->port); }
std::uint16_t fake_server::port() const { return state_->port; }

void fake_server::answer_next(fake_answer answer, int times) {
  const std::lock_guard lock{state_->mutex};
  for (int i = 0; i < times; ++i) state_->actions.push_back({action::kind::answer, answer});
}
void fake_server::lose_next(int times) {
  const std::lock_guard lock{state_->mutex};
  for (int i = 0; i < times; ++i) state_->actions.push_back({action::kind::lose, {}});
}
void fake_server::ignore_next(int times) {
  const std::lock_guard lock{state_->mutex};
  for (int i = 0; i < times; ++i) state_->actions.push_back({action::kind::ignore, {}});
}
void fake_server::expect_token(std::string token) {
  const std::lock_guard lock{state_->mutex};
  state_->token = std::move(token);
}
void fake_server::close_after_each(bool on) {
  const std::lock_guard lock{state_->mutex};
  state_->close_after_each = on;
}
void fake_server::on_frame(std::function<ws_reply(const std::string&)> reply) {
  const std::lock_guard lock{state_->mutex};
  state_->reply = std::move(reply);
}
std::vector<fake_request> fake_server::requests() const {
  const std::lock_guard lock{state_->mutex};
  return state_->requests;
}
std::vector<std::string> fake_server::ws_frames() const {
  const std::lock_guard lock{state_->mutex};
  return state_->ws_frames;
}
std::vector<std::uint16_t> fake_server::ws_closes() const {
  const std::lock_guard lock{state_->mutex};
  return state_->ws_closes;
}
std::map<std::string, std::vector<std::string>> fake_server::held() const {
  const std::lock_guard lock{state_->mutex};
  return state_->held;
}

}  // namespace haulcast::client
