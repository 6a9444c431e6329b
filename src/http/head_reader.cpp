#include "head_reader.hpp"

#include <algorithm>

namespace haulcast::http {

/// Of pipelined requests one a turn: whoever sends one at a time waits for one of them, not for several.
head_reader::need head_reader::begin() {
  scanned_ = 0;
  return in_.size() == 0 ? look() : need::turn;
}

head_reader::need head_reader::look() {
  in_.skip_empty_lines();
  const auto have = in_.view();
  if (const auto size = head_size(have, scanned_); size != 0) {
    in_.take(size);
    channel_.end_wait();
    return leave({.whole = true});
  }
  if (const auto wrong = check_partial_head(have, core_.options.head)) return leave({.wrong = wrong});
  if (have.empty() && core_.stopping) return leave({});
  scanned_ = have.size();
  begin_wait(have.empty());
  return need::read;
}

head_reader::need head_reader::arrived(const boost::system::error_code& failed, std::size_t n) {
  const bool idle = phase_ == phase::idle;
  if (!failed) {
    in_.commit(n);
    core_.metrics.bytes_in += n;
    if (idle || !channel_.timed_out()) return look();
  }
  if (!channel_.timed_out() || (idle && core_.stopping)) return leave({});
  return idle ? need::sleep : leave(too_late());
}

/// Empty lines are not the start of a head; nor do they stretch the idle time, or a line every second would hold a connection
/// for ever.
void head_reader::begin_wait(bool nothing_yet) noexcept {
  if (nothing_yet && phase_ == phase::idle && !channel_.timed_out()) return;
  if (nothing_yet && (phase_ == phase::away || phase_ == phase::idle)) {
    phase_ = phase::idle;
    channel_.allow(core_.options.shed_after);
  } else if (phase_ != phase::head) {
    phase_ = phase::head;
    channel_.allow(core_.options.head_timeout);
  }
}

head_reader::need head_reader::leave(arrival what) noexcept {
  phase_ = phase::away;
  came_ = what;
  return need::nothing;
}

arrival head_reader::too_late() noexcept {
  ++core_.metrics.timeouts_head;
  if (in_.size() == 0) return {};
  return {.wrong = refusal{code::request_timeout, "The request head did not arrive in time."}};
}

net::awaitable<head_reader::need> head_reader::sleep(exchange& last) {
  in_.release();
  channel_.release();
  request_access::release(last.request);
  last.answer = {};
  free_memory(last.answer.body);
  scanned_ = 0;
  channel_.allow(std::max(core_.options.idle_timeout - core_.options.shed_after, milliseconds{0}));
  auto op = channel_.readable();
  const auto [failed] = co_await std::move(op);
  if (failed && channel_.timed_out()) ++core_.metrics.timeouts_idle;
  if (failed || core_.stopping) co_return leave({});
  phase_ = phase::head;
  channel_.allow(core_.options.head_timeout);
  co_return look();
}

}  // namespace haulcast::http
