// Runs an answer that is written as it comes about.
#pragma once

#include <memory>

#include "channel.hpp"
#include "exchange.hpp"
#include "haulcast/http/stream.hpp"

namespace haulcast::http {

/// Owned by a connection, which runs one stream at a time. Bound: one piece of the producer's; it waits until the socket has
/// taken it. The loop gets a turn every 64 KiB, however fast the peer reads.
class streamer {
 public:
  explicit streamer(channel& to) noexcept : channel_{to}, core_{to.core()} {}

  /// From the head to the last chunk. `owner` holds this streamer. False: the connection ends.
  net::awaitable<bool> run(exchange& one, const response& answer, std::shared_ptr<void> owner);
  /// Tells the producer that nobody listens any more.
  void end();

 private:
  friend class response_stream;

  net::awaitable<bool> write(std::string_view piece);
  void frame(std::string& out, std::string_view piece) const;
  void begin(response_stream& stream, std::shared_ptr<void> owner);
  void finish() noexcept;
  void watch_peer(std::shared_ptr<void> owner);
  void peer_stirred(boost::system::error_code failed, unsigned watch, std::shared_ptr<void> owner);

  channel& channel_;
  server_core& core_;
  response_stream* stream_ = nullptr;  // while one runs
  bool end_asked_ = false;             // maybe before it does: while its head is sent
  std::size_t since_turn_ = 0;         // bytes that went out without a turn of the loop
  unsigned watch_ = 0;                 // tells the watch of this stream from one that was cancelled
  bool watching_ = false;
  bool chunked_ = true;
};

}  // namespace haulcast::http
