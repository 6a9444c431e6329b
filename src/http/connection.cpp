#include "connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "answering.hpp"
#include "cors.hpp"
#include "handshake.hpp"
#include "upgrade.hpp"

namespace haulcast::http {

connection::connection(std::shared_ptr<server_core> core, net::ip::tcp::socket socket, const net::ip::tcp::endpoint& peer,
                       address_counts::place place)
    : core_{std::move(core)}, place_{std::move(place)}, channel_{*core_, std::move(socket)} {
  in_hand_.request.peer = peer;
  in_hand_.request.trusted_proxies = &core_->options.trusted_proxies;
  in_hand_.request.over = &channel_;
  core_->connections.push_back(*this);
}

net::awaitable<void> connection::run(std::shared_ptr<connection> self) {
  auto& core = *self->core_;
  ++core.metrics.connections_open;
  try {
    bool inside = true;
    if (core.certificate) {
      auto coming = self->come_in();
      inside = co_await std::move(coming);
    }
    if (inside) {
      auto serving = self->serve_all();
      co_await std::move(serving);
    }
  } catch (const std::exception& e) {
    ++core.metrics.handler_failures;
    spdlog::error("a connection ended by an exception: {}", e.what());
  }
  --core.metrics.connections_open;
  if (!self->handed_over_) core.leave();
  self->channel_.close();
}

net::awaitable<void> connection::turn_away(std::shared_ptr<connection> self, std::string_view why) {
  self->in_hand_.answer = refuse(code::overloaded, why);
  auto parting = self->part_with();
  try {
    co_await std::move(parting);
  } catch (const std::exception&) {
    // It is on its way out already.
  }
  --self->core_->surplus_open;
  self->core_->leave();
}

/// Under TLS. False: there is nobody to serve.
net::awaitable<bool> connection::come_in() {
  coming_in_ = true;
  auto shaking = shake_hands(channel_);
  const auto how = co_await std::move(shaking);
  coming_in_ = false;
  if (how == opening::plain_http) {
    ++core_->metrics.requests_malformed;
    refuse_for_good({code::bad_request, "This port speaks HTTPS: addresses begin with https:// or wss://."});
    auto parting = part_with();
    co_await std::move(parting);
  }
  co_return how == opening::secured;
}

/// Has the handler begin what its answer waits for; to be awaited, no coroutine of its own.
auto connection::await_answer() {
  auto start = [this](auto handler) {
    auto begin = std::move(answer_due_);
    begin(answered{std::move(handler)});
  };
  return net::async_initiate<const net::deferred_t, void(std::exception_ptr)>(std::move(start), net::deferred);
}

/// The keep-alive loop: a request whose handler answers at once, or is called back, needs no coroutine besides this one.
net::awaitable<void> connection::serve_all() {
  for (bool again = true; again && !channel_.broken();) {
    for (auto need = heads_.begin(); need != head_reader::need::nothing;) {
      if (need == head_reader::need::read) {
        auto reading = channel_.read(in_.space_for_more());
        const auto [failed, n] = co_await std::move(reading);
        need = heads_.arrived(failed, n);
      } else if (need == head_reader::need::turn) {
        auto turn = net::post(core_->executor, net::deferred);
        co_await std::move(turn);
        need = heads_.look();
      } else {
        auto sleeping = heads_.sleep(in_hand_);
        need = co_await std::move(sleeping);
      }
    }
    if (!heads_.came().whole && !heads_.came().wrong) co_return;
    auto at = begin();
    if (at == stage::body_due) {
      auto receiving = receive_body();
      at = co_await std::move(receiving);
    }
    if (at == stage::upload_due) {
      auto receiving = receive_upload();
      at = co_await std::move(receiving);
    }
    if (at == stage::plain_body_due) {
      auto inflating = inflate();
      at = co_await std::move(inflating);
    }
    if (at == stage::answer_due) {
      try {
        auto waiting = await_answer();
        co_await std::move(waiting);
      } catch (const std::exception& e) {
        in_hand_.answer = answer_failure(*core_, in_hand_.to->pattern, e.what());
      }
      at = stage::answered;
    }
    if (at == stage::handler_due) {
      auto handling = run_handler();
      co_await std::move(handling);
      at = stage::answered;
    }
    if (at != stage::answered || in_hand_.answers_with_stream()) {
      auto ending = serve_apart(at);
      again = co_await std::move(ending);
      continue;
    }
    if (!send_in_hand()) {
      auto flushing = channel_.flush();
      co_await std::move(flushing);
    }
    count(*core_, in_hand_, in_hand_.answer);
    finish_request();
    again = in_hand_.keep_alive;
    if (!again && !channel_.broken() && in_.size() != 0) {
      auto lingering = channel_.linger();
      co_await std::move(lingering);
    }
  }
}

/// What is no plain answer. False: the connection ends.
net::awaitable<bool> connection::serve_apart(stage at) {
  if (at == stage::wrong) {
    auto parting = part_with();
    co_await std::move(parting);
  } else if (at == stage::declined) {
    auto declining = decline();
    co_return co_await std::move(declining);
  } else if (at == stage::answered) {
    if (core_->stopping) in_hand_.keep_alive = false;
    auto streaming = streams_.run(in_hand_, in_hand_.answer, shared_from_this());
    core_->streaming.push_back(*this);
    const bool again = co_await std::move(streaming);
    stream_hook::unlink();
    finish_request();
    co_return again;
  }
  co_return false;
}

net::awaitable<void> connection::run_handler() {
  try {
    auto handling = std::get<async_handler>(in_hand_.to->handler)(in_hand_.request);
    in_hand_.answer = co_await std::move(handling);
  } catch (const std::exception& e) {
    in_hand_.answer = answer_failure(*core_, in_hand_.to->pattern, e.what());
  }
}

net::awaitable<connection::stage> connection::receive_body() {
  auto receiving = bodies_.receive(in_hand_);
  const auto body = co_await std::move(receiving);
  if (body.wrong) co_return refuse_for_good(*body.wrong);
  if (!body.whole) co_return stage::gone;
  in_hand_.request.started = std::chrono::steady_clock::now();  // how long a phone takes to send is not our latency
  co_return take_body();
}

/// The upload ends with its request, or before.
net::awaitable<connection::stage> connection::receive_upload() {
  const auto held = std::move(upload_);
  try {
    auto receiving = bodies_.receive_pieces(in_hand_, *held);
    const auto body = co_await std::move(receiving);
    if (body.wrong) co_return refuse_for_good(*body.wrong);
    if (!body.whole) co_return stage::gone;
    in_hand_.request.started = std::chrono::steady_clock::now();
    auto finishing = held->finish();
    in_hand_.answer = co_await std::move(finishing);
  } catch (const std::exception& e) {
    in_hand_.answer = answer_failure(*core_, in_hand_.to->pattern, e.what());
    co_return stage::wrong;  // some of the body may still be on its way
  }
  co_return stage::answered;
}

/// What is small need not wait for its turn. Refused or plain, the bytes that came are not needed any more.
net::awaitable<connection::stage> connection::inflate() {
  auto& request = in_hand_.request;
  auto how = inflation::progress::more;
  try {
    std::optional<inflating_line::place> place;
    std::optional<inflation> body;
    const auto slice = [&] {
      if (!body) body.emplace(request, in_hand_.to->body_limit, inflated_);
      how = body->slice(request);
    };
    if (inflation::is_small(request)) slice();
    while (how == inflation::progress::more && !channel_.broken()) {
      if (place) {
        auto turn = net::post(core_->executor, net::deferred);
        co_await std::move(turn);
      } else {
        auto entering = core_->inflating.enter();
        co_await std::move(entering);
        place.emplace(core_->inflating);
      }
      slice();
    }
    if (how == inflation::progress::wrong) in_hand_.answer = refuse(body->why().what, body->why().detail);
  } catch (const std::exception& e) {
    in_hand_.answer = answer_failure(*core_, in_hand_.to->pattern, e.what());
    how = inflation::progress::wrong;
  }
  if (how == inflation::progress::more) co_return stage::gone;  // it is broken
  if (how == inflation::progress::wrong) {
    request.body = {};
    inflated_.release();
  }
  bodies_.release();
  co_return how == inflation::progress::done ? answer_at_once() : stage::answered;
}

/// Refused from the head alone: the body is not wanted. A small one is dropped so that the connection may live on.
net::awaitable<bool> connection::decline() {
  const auto& facts = in_hand_.facts;
  const std::uint64_t length = facts.content_length.value_or(0);
  const std::uint64_t here = std::min<std::uint64_t>(length, in_.untaken().size());
  const std::uint64_t rest = length - here;
  in_.take(static_cast<std::size_t>(here));
  // Whoever expects something first may send the body all the same or not: nobody can say where the next request begins.
  const bool unclear = facts.chunked || (rest != 0 && (facts.expect_continue || facts.expect_other));
  if (unclear || rest > core_->options.drain_bytes_max) in_hand_.keep_alive = false;
  if (!in_hand_.keep_alive && (facts.chunked || rest != 0)) {
    auto parting = part_with();
    co_await std::move(parting);
    co_return false;
  }
  if (!send_answer(channel_, in_hand_, in_hand_.answer)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  }
  count(*core_, in_hand_, in_hand_.answer);
  finish_request();
  if (channel_.broken() || !in_hand_.keep_alive || rest == 0) co_return in_hand_.keep_alive;
  auto dropping = bodies_.drop(rest);
  co_return co_await std::move(dropping);
}

/// The last answer on this connection.
net::awaitable<void> connection::part_with() {
  in_hand_.keep_alive = false;
  if (!send_answer(channel_, in_hand_, in_hand_.answer)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  }
  count(*core_, in_hand_, in_hand_.answer);
  auto lingering = channel_.linger();
  co_await std::move(lingering);
}

/// A request whose head is here, as far as it goes without waiting.
connection::stage connection::begin() {
  auto wrong = heads_.came().wrong;
  if (!wrong) wrong = parse();
  if (wrong) {
    if (wrong->what != code::request_timeout) ++core_->metrics.requests_malformed;
    return refuse_for_good(*wrong);
  }
  if (auto refused = admit()) {
    in_hand_.answer = std::move(*refused);
    return stage::declined;
  }
  if (in_hand_.to->is_upgrade()) return part_from_http();
  if (in_hand_.to->is_upload()) return begin_upload();
  if (!bodies_.take_at_once(in_hand_.request, in_hand_.facts)) return stage::body_due;
  return take_body();
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
  if (decision.answer && in_hand_.request.method == method::options) {
    answer_preflight(core_->options.cors, in_hand_.request, *decision.answer);
  }
  return std::move(decision.answer);
}

connection::stage connection::begin_upload() {
  try {
    upload_ = std::get<upload_handler>(in_hand_.to->handler)(in_hand_.request, in_hand_.answer);
  } catch (const std::exception& e) {
    in_hand_.answer = answer_failure(*core_, in_hand_.to->pattern, e.what());
  }
  return upload_ ? stage::upload_due : stage::declined;
}

/// With the whole body here, as it was sent.
connection::stage connection::take_body() { return is_gzipped(in_hand_.request) ? stage::plain_body_due : answer_at_once(); }

/// With the whole body here, plain: has the handler answer, or begin to.
connection::stage connection::answer_at_once() {
  auto& [request, facts, to, answer, keep_alive] = in_hand_;
  try {
    if (const auto* at_once = std::get_if<sync_handler>(&to->handler)) {
      answer = (*at_once)(request);
    } else if (const auto* late = std::get_if<late_handler>(&to->handler)) {
      answer_due_ = (*late)(request, answer);
      if (answer_due_) return stage::answer_due;
    } else {
      return stage::handler_due;
    }
  } catch (const std::exception& e) {
    answer = answer_failure(*core_, to->pattern, e.what());
  }
  return stage::answered;
}

connection::stage connection::part_from_http() {
  auto refused = hand_over(core_, in_hand_, in_, channel_, place_);
  handed_over_ = !refused;
  if (handed_over_) return stage::gone;
  in_hand_.answer = std::move(*refused);
  return stage::wrong;  // its peer may have sent something else than HTTP behind the request
}

connection::stage connection::refuse_for_good(const refusal& why) {
  bodies_.release();  // parting may take as long as the peer likes
  in_hand_.answer = refuse(why.what, why.detail);
  return stage::wrong;
}

/// False: the channel is to be flushed.
bool connection::send_in_hand() {
  if (core_->stopping) in_hand_.keep_alive = false;
  return send_answer(channel_, in_hand_, in_hand_.answer);
}

void connection::finish_request() {
  in_.drop_taken();
  request_access::reset(in_hand_.request);
  in_hand_.answer.reset();
  bodies_.release();
  inflated_.release();
  in_hand_.to = nullptr;
}

void connection::stop() {
  in_hand_.keep_alive = false;
  if (coming_in_ || heads_.at_rest()) channel_.cancel();
  streams_.end();
}

void connection::cut() {
  channel_.set_broken();
  channel_.close();
  streams_.end();
}

void connection::end_stream(const std::function<bool(const auth::principal&)>& whose) {
  const auto& who = in_hand_.request.principal;
  if (!stream_hook::is_linked() || !who || !whose(*who)) return;
  streams_.end();
  channel_.hurry();
}

}  // namespace haulcast::http
