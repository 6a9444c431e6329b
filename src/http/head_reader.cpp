#include "head_reader.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace haulcast::http {
namespace {

constexpr unsigned requests_per_turn = 16;  // pipelined ones, before others get the loop

}  // namespace

net::awaitable<arrival> head_reader::receive(request& last) {
  if (in_.size() != 0 && ++in_turn_ >= requests_per_turn) {
    in_turn_ = 0;
    auto turn = net::post(core_.executor, net::deferred);
    co_await std::move(turn);
  }
  for (std::size_t scanned = 0;;) {
    in_.skip_empty_lines();
    const auto have = in_.view();
    if (const auto size = head_size(have, scanned); size != 0) {
      in_.take(size);
      channel_.end_wait();
      co_return leave({.whole = true});
    }
    if (const auto wrong = check_partial_head(have, core_.options.head)) co_return leave({.wrong = wrong});
    if (have.empty() && core_.stopping) co_return leave({});
    scanned = have.size();

    begin_wait(have.empty());
    const bool idle = phase_ == phase::idle;
    auto op = channel_.read(in_.space_for_more());
    const auto [failed, n] = co_await std::move(op);
    in_turn_ = 0;
    if (!failed) {
      in_.commit(n);
      core_.metrics.bytes_in += n;
      if (idle || !channel_.timed_out()) continue;
    }
    if (!channel_.timed_out() || (idle && core_.stopping)) co_return leave({});
    if (!idle) co_return leave(too_late());
    auto sleeping = sleep(last);
    const bool awake = co_await std::move(sleeping);
    if (!awake) co_return leave({});
  }
}

/// Idle time starts anew with each read, the time for a head does not.
void head_reader::begin_wait(bool nothing_yet) noexcept {
  if (nothing_yet && (phase_ == phase::away || phase_ == phase::idle)) {
    phase_ = phase::idle;
    channel_.allow(core_.options.shed_after);
  } else if (phase_ != phase::head) {
    phase_ = phase::head;
    channel_.allow(core_.options.head_timeout);
  }
}

arrival head_reader::leave(arrival what) noexcept {
  phase_ = phase::away;
  return what;
}

arrival head_reader::too_late() noexcept {
  ++core_.metrics.timeouts_head;
  if (in_.size() == 0) return {};
  return {.wrong = refusal{code::request_timeout, "The request head did not arrive in time."}};
}

/// Idle for longer: without buffers. True: there is something to read.
net::awaitable<bool> head_reader::sleep(request& last) {
  in_.release();
  channel_.release();
  request_access::release(last);
  channel_.allow(std::max(core_.options.idle_timeout - core_.options.shed_after, milliseconds{0}));
  auto op = channel_.readable();
  const auto [failed] = co_await std::move(op);
  if (failed && channel_.timed_out()) ++core_.metrics.timeouts_idle;
  if (failed || core_.stopping) co_return false;
  phase_ = phase::head;
  channel_.allow(core_.options.head_timeout);
  co_return true;
}

}  // namespace haulcast::http
