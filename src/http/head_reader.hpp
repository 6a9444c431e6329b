// Waits for the next request and reads until its head is whole.
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

  /// Whole: `in` has taken the head. `last` is the request before, which has been answered: only its memory is of use.
  net::awaitable<arrival> receive(request& last);
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
  arrival leave(arrival what) noexcept;
  arrival too_late() noexcept;
  net::awaitable<bool> sleep(request& last);

  channel& channel_;
  server_core& core_;
  read_buffer& in_;
  unsigned in_turn_ = 0;  // requests answered without waiting for a read
  phase phase_ = phase::fresh;
};

}  // namespace haulcast::http
