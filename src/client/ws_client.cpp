#include "haulcast/client/ws_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <exception>

#include "haulcast/client/ws_connection.hpp"

namespace haulcast::client {
namespace net = boost::asio;

struct ws_client::state {
  net::io_context io{1};
  ws_connection connection;
  std::deque<std::string> received;
  std::optional<ws_end> ended;
  bool reading = false;

  state(base_url server, ws_options options) : connection{io.get_executor(), std::move(server), std::move(options)} {}

  /// Runs the loop until `done` says so or the time is over.
  template <class Done>
  void run_until(Done done, std::chrono::steady_clock::time_point limit) {
    io.restart();
    while (!done() && io.run_one_until(limit) > 0) {
    }
  }

  void rethrow(std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  }

  void begin_reading() {
    if (reading || ended) return;
    reading = true;
    net::co_spawn(io, connection.receive(), [this](std::exception_ptr bug, boost::system::result<std::string, ws_end> got) {
      rethrow(bug);
      reading = false;
      if (got) received.push_back(std::move(*got));
      if (!got && !ended) ended = got.error();  // what this side did to it is known already
    });
  }
};

ws_client::ws_client(base_url server, ws_options options)
    : state_{std::make_unique<state>(std::move(server), std::move(options))} {}
ws_client::~ws_client() = default;
ws_client::ws_client(ws_client&&) noexcept = default;
ws_client& ws_client::operator=(ws_client&&) noexcept = default;

std::optional<ws_refusal> ws_client::connect() {
  state& s = *state_;
  std::optional<boost::system::result<void, ws_refusal>> outcome;
  net::co_spawn(s.io, s.connection.connect(), [&](std::exception_ptr bug, boost::system::result<void, ws_refusal> got) {
    s.rethrow(bug);
    outcome = std::move(got);
  });
  s.run_until([&] { return outcome.has_value(); }, std::chrono::steady_clock::time_point::max());
  if (outcome->has_value()) return std::nullopt;
  s.ended = ws_end{0, outcome->error().what};
  return outcome->error();
}

bool ws_client::send(std::string text) {
  state& s = *state_;
  if (s.ended) return false;
  std::optional<bool> sent;
  net::co_spawn(s.io, s.connection.send(std::move(text)), [&](std::exception_ptr bug, boost::system::result<void, ws_end> got) {
    s.rethrow(bug);
    sent = got.has_value();
  });
  s.run_until([&] { return sent.has_value(); }, std::chrono::steady_clock::time_point::max());
  return *sent;
}

std::optional<std::string> ws_client::receive(std::chrono::milliseconds within) {
  state& s = *state_;
  const auto limit = std::chrono::steady_clock::now() + within;
  if (s.received.empty()) {
    s.begin_reading();
    s.run_until([&] { return !s.received.empty() || s.ended; }, limit);
  }
  if (s.received.empty()) return std::nullopt;
  std::string text = std::move(s.received.front());
  s.received.pop_front();
  return text;
}

void ws_client::close(std::uint16_t code, std::chrono::milliseconds within) {
  state& s = *state_;
  if (s.ended) return;
  const auto limit = std::chrono::steady_clock::now() + within;
  bool closed = false;
  net::co_spawn(s.io, s.connection.close(code), [&closed](std::exception_ptr) { closed = true; });
  s.run_until([&] { return closed; }, limit);
  // A read under way may have ended first, with no more to tell than that this side closes.
  if (!s.ended || s.ended->code == 0) s.ended = closed ? ws_end{code, {}} : ws_end{0, "the server did not close in time"};
  s.connection.abort();
  // A close that is late must not write to what is no longer there.
  s.run_until([&] { return closed && !s.reading; }, std::chrono::steady_clock::now() + std::chrono::seconds{1});
}

void ws_client::abort() noexcept {
  state_->connection.abort();
  if (!state_->ended) state_->ended = ws_end{0, "broken by this side"};
}

const std::optional<ws_end>& ws_client::ended() const noexcept { return state_->ended; }
const std::string& ws_client::subprotocol() const noexcept { return state_->connection.subprotocol(); }

}  // namespace haulcast::client
