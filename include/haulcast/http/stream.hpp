// A body that is written as it comes about: server-sent events, NDJSON, long lists.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string_view>

namespace haulcast::http {

class streamer;

/// Handed to a response's producer, which alone writes to it, one write at a time, on the loop. Ends when the producer returns,
/// when the peer closes, when the peer takes nothing for `write_timeout`, or when the server stops.
class response_stream {
 public:
  explicit response_stream(streamer& owner) : owner_{owner} {}
  response_stream(const response_stream&) = delete;
  response_stream& operator=(const response_stream&) = delete;

  /// Sends one piece; waits until the socket has taken it, and now and then lets the loop turn. An empty piece sends nothing.
  /// False: nobody listens any more, return. `piece` must stay until then.
  boost::asio::awaitable<bool> write(std::string_view piece);

  bool ended() const noexcept { return ended_; }

  /// Called once, when the stream ends before the producer does, also at once if it has: to wake a producer that waits for
  /// something to write. It must not destroy the stream.
  void on_end(std::function<void()> wake);

 private:
  friend class streamer;
  void end();

  streamer& owner_;
  std::function<void()> wake_;
  bool ended_ = false;
};

}  // namespace haulcast::http
