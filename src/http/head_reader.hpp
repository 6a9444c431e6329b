// Says what to wait for until the head of the next request is whole. Decides; the reading is its connection's, which needs no
// coroutine for it.
#pragma once

#include "channel.hpp"
#include "exchange.hpp"
#include "read_buffer.hpp"

namespace haulcast::http {

/// Owned by a connection. Bounds: `head_limits`, beyond them a refusal; `head_timeout` from the first byte, then 408;
/// `idle_timeout` before it, then it ends without a word. After `shed_after` of that an idle connection holds no buffers.
class head_reader {
 public:
  head_reader(channel& from, read_buffer& in) noexcept : channel_{from}, core_{from.core()}, in_{in} {}

  /// What is to be waited for next.
  enum class need {
    nothing,  // came() says what there is
    read,     // from the channel into the buffer, then arrived()
    turn,     // of the loop, then look(): others want it too
    sleep,    // sleep()
  };
  /// A new request is due.
  need begin();
  need look();
  need arrived(const boost::system::error_code& failed, std::size_t n);
  /// Idle for longer: without buffers, until something comes. `last` is the exchange before, which is over: only its memory is
  /// of use.
  net::awaitable<need> sleep(exchange& last);
  /// Whole: `in` has taken the head.
  const arrival& came() const noexcept { return came_; }
  /// Waits, and nothing of a request has come yet.
  bool at_rest() const noexcept { return phase_ == phase::idle || (phase_ == phase::head && in_.size() == 0); }

 private:
  enum class phase {
    fresh,  // just accepted: the first head is due
    away,   // a request is in hand
    idle,   // between requests
    head,   // a head is due
  };

  void begin_wait(bool nothing_yet) noexcept;
  need leave(arrival what) noexcept;
  arrival too_late() noexcept;

  channel& channel_;
  server_core& core_;
  read_buffer& in_;
  arrival came_;
  std::size_t scanned_ = 0;  // bytes known not to end the head
  phase phase_ = phase::fresh;
};

}  // namespace haulcast::http
