#include "connection.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <charconv>

#include "haulcast/http/negotiate.hpp"
#include "haulcast/http/text.hpp"
#include "haulcast/wire/gzip.hpp"

namespace haulcast::http {
namespace {

using boost::system::error_code;

constexpr auto as_result = net::as_tuple(net::deferred);

constexpr std::size_t first_read_bytes = 2 * 1024;  // a head with a token, and one position
constexpr std::size_t read_bytes_max = 64 * 1024;   // larger bodies get memory of their own
constexpr std::size_t copy_bytes_max = 32 * 1024;   // up to this, head and body go out as one piece of memory
constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr std::size_t stream_turn_bytes = 64 * 1024;
constexpr std::size_t scratch_bytes_max = 256 * 1024;
constexpr unsigned requests_per_turn = 16;  // pipelined ones, before others get the loop

bool is_gzip(std::string_view coding) noexcept { return iequals(coding, "gzip") || iequals(coding, "x-gzip"); }

/// The server counts a socket that was handed over until its new owner is done.
net::awaitable<void> run_upgraded(std::shared_ptr<server_core> core, const upgrade_handler& handler,
                                  net::ip::tcp::socket socket, request r) {
  ++core->metrics.upgraded_open;
  try {
    auto session = handler(std::move(socket), std::move(r));
    co_await std::move(session);
  } catch (const std::exception& e) {
    ++core->metrics.handler_failures;
    spdlog::error("a session ended by an exception: {}", e.what());
  }
  --core->metrics.upgraded_open;
  core->leave();
}

response internal_error(server_core& core, std::string_view where, std::string_view what) {
  ++core.metrics.handler_failures;
  spdlog::error("{} failed: {}", where, what);
  return refuse(code::internal_error);
}

}  // namespace

connection::connection(std::shared_ptr<server_core> core, net::ip::tcp::socket socket, const net::ip::tcp::endpoint& peer)
    : core_{std::move(core)}, socket_{std::move(socket)} {
  request_.peer = peer;
  error_code ignored;
  socket_.non_blocking(true, ignored);
  core_->connections.push_back(*this);
}

connection::~connection() { charge(0); }

net::awaitable<void> connection::run(std::shared_ptr<connection> self) {
  ++self->core_->metrics.connections_open;
  try {
    for (bool again = true; again && !self->broken_;) {
      auto turn = self->serve();
      again = co_await std::move(turn);
    }
  } catch (const std::exception& e) {
    ++self->core_->metrics.handler_failures;
    spdlog::error("a connection ended by an exception: {}", e.what());
  }
  --self->core_->metrics.connections_open;
  if (!self->handed_over_) self->core_->leave();
  error_code ignored;
  self->socket_.close(ignored);
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

// ---- one request
// ---------------------------------------------------------------------------------------------------------------

/// False: the connection ends.
net::awaitable<bool> connection::serve() {
  auto waiting = receive_head();
  const std::size_t head = co_await std::move(waiting);
  if (head != 0) {
    request_.started = std::chrono::steady_clock::now();
    request_.id = core_->next_request_id();
    refusal_ = parse_head(in_.view().substr(0, head), core_->options.head, request_, facts_);
  }
  if (refusal_) {
    if (refusal_->what != code::request_timeout) ++core_->metrics.requests_malformed;
    auto parting = part_with(refuse(refusal_->what, refusal_->detail));
    co_await std::move(parting);
  }
  if (head == 0 || refusal_) co_return false;

  keep_alive_ = facts_.keep_alive && !core_->stopping;
  auto decision = core_->routes.decide(request_, facts_);
  route_ = decision.to;
  if (decision.answer) {
    auto declining = decline(std::move(*decision.answer), head);
    co_return co_await std::move(declining);
  }
  if (route_->is_upgrade()) {
    hand_over(head);
    co_return false;
  }
  if (!body_is_here(head)) {
    auto receiving = facts_.chunked ? receive_chunks(head) : receive_body(head);
    const bool received = co_await std::move(receiving);
    if (!received && refusal_) {
      auto parting = part_with(refuse(refusal_->what, refusal_->detail));
      co_await std::move(parting);
    }
    if (!received) co_return false;
    request_.started = std::chrono::steady_clock::now();  // how long a phone takes to send is not our latency
  }

  state_ = state::handling;
  response answer;
  try {
    if (!inflate()) {
      answer = refuse(refusal_->what, refusal_->detail);
    } else if (const auto* at_once = std::get_if<sync_handler>(&route_->handler)) {
      answer = (*at_once)(request_);
    } else {
      auto handling = std::get<async_handler>(route_->handler)(request_);
      answer = co_await std::move(handling);
    }
  } catch (const std::exception& e) {
    answer = internal_error(*core_, route_->pattern, e.what());
  }
  if (core_->stopping) keep_alive_ = false;
  if (answer.stream && request_.method != method::head) {
    auto streaming = run_stream(answer);
    const bool again = co_await std::move(streaming);
    finish_request();
    co_return again;
  }
  if (!push_answer(answer)) {
    auto flushing = flush();
    co_await std::move(flushing);
  }
  count(answer);
  finish_request();
  if (broken_ || keep_alive_) co_return !broken_;
  if (in_.size() != 0) {
    auto lingering = linger();
    co_await std::move(lingering);
  }
  co_return false;
}

/// Refused from the head alone: the body is not wanted. A small one is dropped so that the connection may live on.
net::awaitable<bool> connection::decline(response answer, std::size_t head) {
  const std::uint64_t length = facts_.content_length.value_or(0);
  const std::uint64_t here = std::min<std::uint64_t>(length, in_.size() - head);
  const std::uint64_t rest = length - here;
  taken_ = head + static_cast<std::size_t>(here);
  // Whoever expects a 100 may send the body all the same or not: nobody can say where the next request begins.
  if (facts_.chunked || rest > core_->options.drain_bytes_max || (rest != 0 && facts_.expect_continue)) keep_alive_ = false;
  if (!keep_alive_ && (facts_.chunked || rest != 0)) {
    auto parting = part_with(std::move(answer));
    co_await std::move(parting);
    co_return false;
  }
  if (!push_answer(answer)) {
    auto flushing = flush();
    co_await std::move(flushing);
  }
  count(answer);
  finish_request();
  if (broken_ || !keep_alive_) co_return false;
  if (rest == 0) co_return true;
  auto dropping = drop_body(rest);
  co_return co_await std::move(dropping);
}

/// The last answer on this connection; what the peer still sends is read, or its kernel would throw the answer away.
net::awaitable<void> connection::part_with(response answer) {
  keep_alive_ = false;
  if (!push_answer(answer)) {
    auto flushing = flush();
    co_await std::move(flushing);
  }
  count(answer);
  auto lingering = linger();
  co_await std::move(lingering);
}

net::awaitable<void> connection::linger() {
  error_code failed;
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, failed);
  if (failed || broken_) co_return;
  begin(state::lingering, core_->options.linger_timeout);
  for (std::size_t read = 0; read < linger_bytes_max;) {
    auto op = socket_.async_read_some(net::buffer(core_->discard), as_result);
    const auto [ended, n] = co_await std::move(op);
    if (ended || expired_) break;
    read += n;
  }
  end_wait();
}

void connection::finish_request() {
  in_.consume(std::exchange(taken_, 0));
  request_access::reset(request_);
  body_.release();
  charge(0);
  route_ = nullptr;
  refusal_.reset();
  state_ = state::handling;
}

void connection::count(const response& answer) {
  auto& m = core_->metrics_of(route_);
  ++m.by_class[answer.status / 100];
  if (request_.started == std::chrono::steady_clock::time_point{}) return;  // there was no whole head
  const auto took = std::chrono::steady_clock::now() - request_.started;
  m.seconds.observe(to_seconds(took));
  if (spdlog::should_log(spdlog::level::debug)) {
    spdlog::debug("{} {} {} {:.6f}s trace={}", request_.method_name, route_ != nullptr ? route_->pattern : "-", answer.status,
                  to_seconds(took), request_.traceparent);
  }
}

void connection::hand_over(std::size_t head) {
  ++core_->metrics_of(route_).by_class[1];
  handed_over_ = true;
  request_.buffered = in_.view().substr(head);
  request_access::head_memory(request_) = in_.detach(head);
  auto session = run_upgraded(core_, std::get<upgrade_handler>(route_->handler), std::move(socket_), std::move(request_));
  net::co_spawn(core_->executor, std::move(session), net::detached);
}

// ---- reading
// -------------------------------------------------------------------------------------------------------------------

void connection::begin(state s, milliseconds longest) {
  state_ = s;
  expired_ = false;
  core_->wheel.set(*this, core_->ticks(longest));
}

void connection::end_wait() noexcept {
  core_->wheel.drop(*this);
  expired_ = false;
}

void connection::expired() noexcept {
  expired_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

/// RFC 9112 2.2: some clients send an empty line behind a body.
void connection::skip_empty_lines() {
  const auto have = in_.view();
  const auto first = have.find_first_not_of("\r\n");
  in_.consume(first == std::string_view::npos ? have.size() : first);
}

void connection::make_room() {
  if (in_.size() == 0 && in_.capacity() < std::max(hint_, first_read_bytes)) {
    in_.reserve(std::max(hint_, first_read_bytes));
  } else if (in_.room() < 512) {
    const bool full = in_.size() + 512 > in_.capacity();
    in_.reserve(full ? in_.capacity() * 2 : in_.capacity());
  }
}

/// The size of the next head, once it is in `in_` as a whole. 0: the connection ends, with `refusal_` if that is to be said.
net::awaitable<std::size_t> connection::receive_head() {
  if (in_.size() != 0 && ++in_turn_ >= requests_per_turn) {
    in_turn_ = 0;
    auto turn = net::post(core_->executor, net::deferred);
    co_await std::move(turn);
  }
  for (std::size_t scanned = 0;;) {
    skip_empty_lines();
    const auto have = in_.view();
    if (const auto size = head_size(have, scanned); size != 0) {
      end_wait();
      co_return size;
    }
    refusal_ = check_partial_head(have, core_->options.head);
    if (refusal_) co_return 0;
    scanned = have.size();
    if (have.empty() && core_->stopping) co_return 0;
    const bool idle = have.empty() && state_ != state::fresh && state_ != state::head;
    if (idle) {
      begin(state::idle, core_->options.shed_after);
    } else if (state_ != state::head) {
      begin(state::head, core_->options.head_timeout);
    }
    make_room();
    const auto space = in_.space(in_.capacity());
    auto op = socket_.async_read_some(net::buffer(space.data(), space.size()), as_result);
    const auto [failed, n] = co_await std::move(op);
    in_turn_ = 0;
    if (!failed) {
      in_.commit(n);
      core_->metrics.bytes_in += n;
      if (!expired_ || idle) continue;
    }
    if (!expired_ || (idle && core_->stopping)) co_return 0;
    if (idle) {
      auto sleeping = sleep();
      const bool awake = co_await std::move(sleeping);
      if (!awake) co_return 0;
      continue;
    }
    ++core_->metrics.timeouts_head;
    if (!in_.view().empty()) refusal_ = refusal{code::request_timeout, "The request head did not arrive in time."};
    co_return 0;
  }
}

/// Idle for longer: without buffers. True: there is something to read.
net::awaitable<bool> connection::sleep() {
  in_.release();
  out_ = {};
  request_access::release(request_);
  begin(state::idle, std::max(core_->options.idle_timeout - core_->options.shed_after, milliseconds{0}));
  auto op = socket_.async_wait(net::ip::tcp::socket::wait_read, as_result);
  const auto [failed] = co_await std::move(op);
  if (expired_ && failed) ++core_->metrics.timeouts_idle;
  if (failed || core_->stopping) co_return false;
  begin(state::head, core_->options.head_timeout);
  co_return true;
}

bool connection::body_is_here(std::size_t head) {
  taken_ = head;
  if (facts_.chunked) return false;
  const std::uint64_t length = facts_.content_length.value_or(0);
  if (length > in_.size() - head) return false;
  request_.body = in_.view().substr(head, static_cast<std::size_t>(length));
  taken_ = head + static_cast<std::size_t>(length);
  return true;
}

void connection::refuse_body(code what, std::string_view detail) { refusal_ = refusal{what, detail}; }

/// Before each read of a body: the more has come, the longer it may take.
void connection::begin_body_read() {
  const auto grace = core_->options.body_timeout + seconds{received_ / core_->options.body_bytes_per_s_min};
  const auto due = body_began_ + core_->ticks(grace);
  state_ = state::body;
  core_->wheel.set(*this, due > core_->wheel.now() ? due - core_->wheel.now() : 0);
}

/// Holds `bytes` of the server's memory for bodies; false when there is no more.
bool connection::charge(std::size_t bytes) {
  auto& held = core_->metrics.body_bytes_held;
  held -= charged_;
  charged_ = 0;
  if (bytes > core_->options.bodies_bytes_max - std::min(held, core_->options.bodies_bytes_max)) return false;
  charged_ = bytes;
  held += bytes;
  return true;
}

bool connection::grow_body(std::size_t wanted) {
  if (charge(wanted)) {
    body_.reserve(wanted);
    return true;
  }
  refuse_body(code::overloaded, "Too many large bodies are on their way; try again in a moment.");
  return false;
}

/// A body with a known length. False: the connection ends, with `refusal_` if that is to be said.
net::awaitable<bool> connection::receive_body(std::size_t head) {
  const auto length = static_cast<std::size_t>(*facts_.content_length);  // within the route's limit
  const std::size_t here = in_.size() - head;
  const bool in_place = in_.room() >= length - here;
  hint_ = std::max(hint_, std::min(read_bytes_max, std::bit_ceil(head + length + 512)));
  taken_ = head + here;
  if (!in_place) {
    if (!grow_body(std::min(length, read_bytes_max))) co_return false;
    body_.append(in_.view().substr(head));
  }
  body_began_ = core_->wheel.now();
  received_ = here;
  expired_ = false;
  if (facts_.expect_continue && here == 0) send_now("HTTP/1.1 100 Continue\r\n\r\n", {});
  if (pending_[0].size() != 0) {
    auto flushing = flush();
    co_await std::move(flushing);
    if (broken_) co_return false;
  }
  while (received_ < length) {
    if (!in_place && body_.room() == 0 && !grow_body(std::min(length, body_.capacity() * 2))) co_return false;
    // In place whatever comes may be read, the next request too; else nothing beyond the body.
    const auto space = in_place ? in_.space(in_.room()) : body_.space(length - received_);
    begin_body_read();
    auto op = socket_.async_read_some(net::buffer(space.data(), space.size()), as_result);
    const auto [failed, n] = co_await std::move(op);
    if (expired_) {
      ++core_->metrics.timeouts_body;
      refuse_body(code::request_timeout, "The body did not arrive in time.");
      co_return false;
    }
    if (failed) co_return false;
    (in_place ? in_ : body_).commit(n);
    core_->metrics.bytes_in += n;
    received_ += n;
  }
  end_wait();
  if (in_place) taken_ = head + length;
  request_.body = in_place ? in_.view().substr(head, length) : body_.view();
  co_return true;
}

net::awaitable<bool> connection::receive_chunks(std::size_t head) {
  // The head keeps its memory; from here on the buffer holds raw chunks only.
  request_access::head_memory(request_) = in_.detach(head);
  taken_ = 0;
  const std::size_t limit = route_->body_limit;
  const std::size_t raw_limit = 2 * limit + 16 * 1024;
  body_began_ = core_->wheel.now();
  received_ = in_.size();
  expired_ = false;
  chunk_decoder decoder;
  if (facts_.expect_continue && in_.size() == 0) send_now("HTTP/1.1 100 Continue\r\n\r\n", {});
  if (pending_[0].size() != 0) {
    auto flushing = flush();
    co_await std::move(flushing);
    if (broken_) co_return false;
  }
  for (;;) {
    const auto made = decoder.decode(in_.view(), body_, limit);
    if (!made) {
      refusal_ = made.error();
      co_return false;
    }
    in_.consume(made->used);
    if (!charge(body_.capacity())) {
      refuse_body(code::overloaded, "Too many large bodies are on their way; try again in a moment.");
      co_return false;
    }
    if (made->done) break;
    if (received_ > raw_limit) {
      refuse_body(code::body_too_large, "The chunks are too many for what they carry.");
      co_return false;
    }
    make_room();
    const auto space = in_.space(in_.capacity());
    begin_body_read();
    auto op = socket_.async_read_some(net::buffer(space.data(), space.size()), as_result);
    const auto [failed, n] = co_await std::move(op);
    if (expired_) {
      ++core_->metrics.timeouts_body;
      refuse_body(code::request_timeout, "The body did not arrive in time.");
      co_return false;
    }
    if (failed) co_return false;
    in_.commit(n);
    core_->metrics.bytes_in += n;
    received_ += n;
  }
  end_wait();
  if (!body_.has_memory()) body_.reserve(1);
  request_.body = body_.view();
  co_return true;
}

net::awaitable<bool> connection::drop_body(std::uint64_t rest) {
  body_began_ = core_->wheel.now();
  received_ = 0;
  expired_ = false;
  while (rest != 0) {
    begin_body_read();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(rest, core_->discard.size()));
    auto op = socket_.async_read_some(net::buffer(core_->discard.data(), wanted), as_result);
    const auto [failed, n] = co_await std::move(op);
    if (failed || expired_) co_return false;
    core_->metrics.bytes_in += n;
    received_ += n;
    rest -= n;
  }
  end_wait();
  co_return true;
}

/// Undoes `Content-Encoding: gzip`. False: `refusal_` says what is wrong; the connection may live on.
bool connection::inflate() {
  if (request_.body.empty() || !is_gzip(request_.header("content-encoding"))) return true;
  auto plain = wire::gunzip(request_.body, route_->body_limit, body_padding);
  if (!plain) {
    if (plain.error() == wire::gzip_error::too_large) {
      refuse_body(code::body_too_large, "The body is too large once it is decompressed.");
    } else {
      refuse_body(code::body_not_decodable, wire::to_string(plain.error()));
    }
    return false;
  }
  auto& text = request_access::inflated(request_);
  text = std::move(*plain);
  request_.body = text;
  return true;
}

// ---- writing
// -------------------------------------------------------------------------------------------------------------------

/// Gives both to the kernel, what it does not take to `pending_`. `first` may be gone afterwards, `second` not before flush().
void connection::send_now(std::string_view first, std::string_view second) {
  pending_ = {};
  const std::array<net::const_buffer, 2> both{net::buffer(first), net::buffer(second)};
  error_code failed;
  const std::size_t sent = second.empty() ? socket_.write_some(both[0], failed) : socket_.write_some(both, failed);
  core_->metrics.bytes_out += sent;
  if (failed && failed != net::error::would_block && failed != net::error::try_again) {
    broken_ = true;
    return;
  }
  const std::size_t of_first = std::min(sent, first.size());
  if (of_first < first.size()) {
    out_ = first.substr(of_first);
    pending_[0] = net::buffer(out_);
  }
  pending_[1] = both[1] + (sent - of_first);
}

/// True: all is sent (or never will be); false: flush() is due.
bool connection::push(const response& answer, std::string_view content, const head_facts_out& facts) {
  auto& text = core_->scratch;
  text.clear();
  append_head(text, answer, facts);
  if (content.size() <= copy_bytes_max) {
    text += content;
    content = {};
  }
  send_now(text, content);
  return broken_ || net::buffer_size(pending_) == 0;
}

bool connection::push_answer(response& answer) {
  head_facts_out facts;
  facts.keep_alive = keep_alive_;
  facts.http_1_0 = request_.version_minor == 0;
  facts.traceparent = request_.traceparent;
  const std::size_t size = answer.content().size();
  facts.varies = size >= core_->options.gzip_from && size <= core_->options.gzip_up_to &&
                 is_compressible(answer.content_type) &&
                 std::none_of(answer.headers.begin(), answer.headers.end(),
                              [](const header& h) { return iequals(h.name, "Content-Encoding"); });
  if (facts.varies && accepts_gzip(request_.header("accept-encoding"))) {
    answer.body = wire::gzip(answer.content());
    answer.shared_body.reset();
    facts.gzipped = true;
  }
  facts.content_length = answer.content().size();
  if (answer.stream) facts.body = facts.http_1_0 ? framing::close : framing::chunked;
  const bool bodiless = request_.method == method::head || answer.status == 204 || answer.status == 304;
  return push(answer, bodiless ? std::string_view{} : answer.content(), facts);
}

/// Sends what is pending. Sets `broken_` when the peer is gone, or takes nothing for too long.
net::awaitable<bool> connection::flush() {
  while (!broken_ && net::buffer_size(pending_) != 0) {
    begin(state::writing, core_->options.write_timeout);
    auto op = socket_.async_write_some(pending_, as_result);
    const auto [failed, n] = co_await std::move(op);
    if (failed) {
      if (expired_) ++core_->metrics.timeouts_write;
      broken_ = true;
      break;
    }
    core_->metrics.bytes_out += n;
    const std::size_t of_first = std::min(n, pending_[0].size());
    pending_[0] += of_first;
    pending_[1] += n - of_first;
  }
  end_wait();
  pending_ = {};
  if (out_.capacity() > copy_bytes_max) out_ = {};
  co_return !broken_;
}

// ---- streams
// -------------------------------------------------------------------------------------------------------------------

net::awaitable<bool> connection::run_stream(const response& answer) {
  head_facts_out facts;
  facts.http_1_0 = request_.version_minor == 0;
  facts.body = facts.http_1_0 ? framing::close : framing::chunked;
  if (facts.http_1_0) keep_alive_ = false;
  facts.keep_alive = keep_alive_;
  facts.traceparent = request_.traceparent;
  if (!push(answer, {}, facts)) {
    auto flushing = flush();
    co_await std::move(flushing);
  }
  count(answer);
  if (broken_) co_return false;

  response_stream stream{*this};
  stream_ = &stream;
  ++core_->metrics.streams_open;
  watch_peer();
  if (core_->stopping) stream.end();
  bool whole = true;
  try {
    auto producing = answer.stream(stream);
    co_await std::move(producing);
  } catch (const std::exception& e) {
    internal_error(*core_, route_->pattern, e.what());
    whole = false;  // without the last chunk the peer sees that something is missing
  }
  --core_->metrics.streams_open;
  stream_ = nullptr;
  ++watch_;
  error_code ignored;
  if (watching_) socket_.cancel(ignored);
  watching_ = false;

  if (!whole || broken_) co_return false;
  if (core_->stopping) keep_alive_ = false;
  if (!facts.http_1_0) {
    send_now("0\r\n\r\n", {});
    auto flushing = flush();
    co_await std::move(flushing);
  }
  co_return keep_alive_ && !broken_;
}

net::awaitable<bool> connection::write_chunk(response_stream& stream, std::string_view piece) {
  if (stream.ended() || broken_) co_return false;
  if (piece.empty()) co_return true;
  auto& text = core_->scratch;
  text.clear();
  const bool chunked = request_.version_minor == 1;
  if (chunked) {
    char size[16];
    text.append(size, std::to_chars(size, size + sizeof size, piece.size(), 16).ptr);
    text += "\r\n";
  }
  text += piece;
  if (chunked) text += "\r\n";
  send_now(text, {});
  if (text.capacity() > scratch_bytes_max) text = {};
  if (net::buffer_size(pending_) != 0) {
    since_yield_ = 0;
    auto flushing = flush();
    co_await std::move(flushing);
  } else if ((since_yield_ += piece.size()) > stream_turn_bytes) {
    since_yield_ = 0;
    auto turn = net::post(core_->executor, net::deferred);
    co_await std::move(turn);
  }
  if (broken_ && !stream.ended()) stream.end();
  co_return !stream.ended();
}

/// Tells a stream whose producer waits for news that its reader has gone.
void connection::watch_peer() {
  watching_ = true;
  socket_.async_wait(net::ip::tcp::socket::wait_read,
                     [self = shared_from_this(), watch = ++watch_](error_code failed) { self->peer_stirred(failed, watch); });
}

void connection::peer_stirred(error_code failed, unsigned watch) {
  if (watch != watch_ || stream_ == nullptr) return;
  watching_ = false;
  if (failed) return;  // a write that timed out: flush() knows
  char next = 0;
  const auto n = ::recv(socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  if (!gone) return;  // the next request is waiting already: from here on only writing can tell
  broken_ = true;
  end_stream();
}

void connection::end_stream() {
  if (stream_ != nullptr && !stream_->ended()) stream_->end();
}

net::awaitable<bool> response_stream::write(std::string_view piece) { return owner_.write_chunk(*this, piece); }

void response_stream::on_end(std::function<void()> wake) {
  wake_ = std::move(wake);
  if (ended_ && wake_) wake_();
}

void response_stream::end() {
  ended_ = true;
  if (wake_) wake_();
}

// ---- from outside
// --------------------------------------------------------------------------------------------------------------

void connection::stop() {
  keep_alive_ = false;
  if (state_ == state::idle || (state_ == state::head && in_.size() == 0)) {
    error_code ignored;
    socket_.cancel(ignored);
  }
  end_stream();
}

void connection::cut() {
  broken_ = true;
  error_code ignored;
  socket_.close(ignored);
  end_stream();
}

}  // namespace haulcast::http
