// Reads the body of a request, or reads past it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "body_memory.hpp"
#include "channel.hpp"
#include "exchange.hpp"
#include "read_buffer.hpp"

namespace haulcast::http {

/// Owned by a connection. Bounds: the route's limit, and `body_timeout` plus the time that the bytes so far take at
/// `body_bytes_per_s_min`; beyond them a refusal ends the connection. Where the bytes go: body_collector.
class body_reader {
 public:
  body_reader(channel& from, read_buffer& in) noexcept : channel_{from}, core_{from.core()}, in_{in}, memory_{core_} {}

  /// True: it has come with its head, or there is none, and the request has it. Else receive().
  bool take_at_once(request& r, const head_facts& facts) noexcept;
  /// Whole: the request has it, until release(). Tells a peer that waits for it to continue.
  net::awaitable<arrival> receive(exchange& one);
  /// The same, but the request has it not: `to` gets it piece by piece.
  net::awaitable<arrival> receive_pieces(exchange& one, upload& to);
  /// Reads `rest` bytes of a body that nobody wants. False: they do not come.
  net::awaitable<bool> drop(std::uint64_t rest);
  void release() noexcept { memory_.release(); }

 private:
  net::awaitable<arrival> receive_length(std::uint64_t length, upload& to);
  net::awaitable<arrival> receive_chunks(std::size_t limit, upload& to);
  net::awaitable<arrival> receive_some(std::span<char> into, std::size_t& came);
  net::awaitable<void> give(upload& to, std::string piece);
  deadline_wheel::tick due(deadline_wheel::tick began, std::uint64_t received, std::size_t bytes_per_s_min) const noexcept;
  arrival too_late() noexcept;

  channel& channel_;
  server_core& core_;
  read_buffer& in_;
  body_memory memory_;
  deadline_wheel::tick began_ = 0;  // of a body that comes in pieces: later by as long as it had to wait for us
  std::uint64_t received_ = 0;      // of it
};

}  // namespace haulcast::http
