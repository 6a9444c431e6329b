#include "connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "answering.hpp"
#include "inflate.hpp"
#include "upgrade.hpp"

namespace haulcast::http {

connection::connection(std::shared_ptr<server_core> core, net::ip::tcp::socket socket, const net::ip::tcp::endpoint& peer)
    : core_{std::move(core)}, channel_{*core_, std::move(socket)} {
  in_hand_.request.peer = peer;
  core_->connections.push_back(*this);
}

net::awaitable<void> connection::run(std::shared_ptr<connection> self) {
  auto& core = *self->core_;
  ++core.metrics.connections_open;
  try {
    auto serving = self->serve_all();
    co_await std::move(serving);
  } catch (const std::exception& e) {
    ++core.metrics.handler_failures;
    spdlog::error("a connection ended by an exception: {}", e.what());
  }
  --core.metrics.connections_open;
  if (!self->handed_over_) core.leave();
  self->channel_.close();
}

net::awaitable<void> connection::turn_away(std::shared_ptr<connection> self) {
  auto answer = refuse(code::overloaded, "There are too many connections; try again in a moment.");
  auto parting = self->part_with(std::move(answer));
  try {
    co_await std::move(parting);
  } catch (const std::exception&) {
    // It is on its way out already.
  }
  --self->core_->surplus_open;
  self->core_->leave();
}

/// The keep-alive loop. While it waits for a request it has one small coroutine frame besides its own.
net::awaitable<void> connection::serve_all() {
  for (bool again = true; again && !channel_.broken();) {
    auto waiting = heads_.receive(in_hand_.request);
    auto head = co_await std::move(waiting);
    if (head.whole) head.wrong = parse();
    if (head.wrong) {
      if (head.wrong->what != code::request_timeout) ++core_->metrics.requests_malformed;
      auto parting = part_with(refuse(head.wrong->what, head.wrong->detail));
      co_await std::move(parting);
    }
    if (head.wrong || !head.whole) co_return;
    auto serving = serve();
    again = co_await std::move(serving);
  }
}

/// One request whose head is here. False: the connection ends.
net::awaitable<bool> connection::serve() {
  if (auto refused = admit()) {
    auto declining = decline(std::move(*refused));
    co_return co_await std::move(declining);
  }
  if (in_hand_.to->is_upgrade()) {
    handed_over_ = true;
    hand_over(core_, in_hand_, in_, std::move(channel_.socket()));
    co_return false;
  }
  if (!bodies_.take_at_once(in_hand_.request, in_hand_.facts)) {
    auto receiving = bodies_.receive(in_hand_);
    const auto body = co_await std::move(receiving);
    if (body.wrong) {
      auto parting = part_with(refuse(body.wrong->what, body.wrong->detail));
      co_await std::move(parting);
    }
    if (!body.whole) co_return false;
    in_hand_.request.started = std::chrono::steady_clock::now();  // how long a phone takes to send is not our latency
  }

  response answer;
  if (auto at_once = answer_at_once()) {
    answer = std::move(*at_once);
  } else {
    try {
      auto handling = std::get<async_handler>(in_hand_.to->handler)(in_hand_.request);
      answer = co_await std::move(handling);
    } catch (const std::exception& e) {
      answer = answer_failure(*core_, in_hand_.to->pattern, e.what());
    }
  }

  if (core_->stopping) in_hand_.keep_alive = false;
  if (answer.stream && in_hand_.request.method != method::head) {
    auto streaming = streams_.run(in_hand_, answer, shared_from_this());
    const bool again = co_await std::move(streaming);
    finish_request();
    co_return again;
  }
  if (!send_answer(channel_, in_hand_, answer)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  }
  count(*core_, in_hand_, answer);
  finish_request();
  if (!in_hand_.keep_alive && !channel_.broken() && in_.size() != 0) {
    auto lingering = channel_.linger();
    co_await std::move(lingering);
  }
  co_return in_hand_.keep_alive;
}

/// Refused from the head alone: the body is not wanted. A small one is dropped so that the connection may live on.
net::awaitable<bool> connection::decline(response answer) {
  const auto& facts = in_hand_.facts;
  const std::uint64_t length = facts.content_length.value_or(0);
  const std::uint64_t here = std::min<std::uint64_t>(length, in_.untaken().size());
  const std::uint64_t rest = length - here;
  in_.take(static_cast<std::size_t>(here));
  // Whoever expects a 100 may send the body all the same or not: nobody can say where the next request begins.
  const bool unclear = facts.chunked || (rest != 0 && facts.expect_continue);
  if (unclear || rest > core_->options.drain_bytes_max) in_hand_.keep_alive = false;
  if (!in_hand_.keep_alive && (facts.chunked || rest != 0)) {
    auto parting = part_with(std::move(answer));
    co_await std::move(parting);
    co_return false;
  }
  if (!send_answer(channel_, in_hand_, answer)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  }
  count(*core_, in_hand_, answer);
  finish_request();
  if (channel_.broken() || !in_hand_.keep_alive || rest == 0) co_return in_hand_.keep_alive;
  auto dropping = bodies_.drop(rest);
  co_return co_await std::move(dropping);
}

/// The last answer on this connection.
net::awaitable<void> connection::part_with(response answer) {
  in_hand_.keep_alive = false;
  if (!send_answer(channel_, in_hand_, answer)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  }
  count(*core_, in_hand_, answer);
  auto lingering = channel_.linger();
  co_await std::move(lingering);
}

std::optional<refusal> connection::parse() {
  in_hand_.request.started = std::chrono::steady_clock::now();
  in_hand_.request.id = core_->next_request_id();
  return parse_head(in_.taken_text(), core_->options.head, in_hand_.request, in_hand_.facts);
}

/// Decides from the head, before a byte of the body is read. An answer: it is not for a handler.
std::optional<response> connection::admit() {
  in_hand_.keep_alive = in_hand_.facts.keep_alive && !core_->stopping;
  auto decision = core_->routes.decide(in_hand_.request, in_hand_.facts);
  in_hand_.to = decision.to;
  return std::move(decision.answer);
}

/// Nothing: the handler is one that may wait.
std::optional<response> connection::answer_at_once() {
  try {
    if (const auto wrong = inflate_body(in_hand_.request, in_hand_.to->body_limit)) return refuse(wrong->what, wrong->detail);
    if (const auto* handler = std::get_if<sync_handler>(&in_hand_.to->handler)) return (*handler)(in_hand_.request);
    return std::nullopt;
  } catch (const std::exception& e) {
    return answer_failure(*core_, in_hand_.to->pattern, e.what());
  }
}

void connection::finish_request() {
  in_.drop_taken();
  request_access::reset(in_hand_.request);
  bodies_.release();
  in_hand_.to = nullptr;
}

void connection::stop() {
  in_hand_.keep_alive = false;
  if (heads_.at_rest()) channel_.cancel();
  streams_.end();
}

void connection::cut() {
  channel_.set_broken();
  channel_.close();
  streams_.end();
}

}  // namespace haulcast::http
