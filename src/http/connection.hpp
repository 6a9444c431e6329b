// One connection, from accept to close: reads a request, has it answered, and again.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>

#include "haulcast/http/body.hpp"
#include "haulcast/http/stream.hpp"
#include "server_core.hpp"

namespace haulcast::http {

/// Held by its coroutine, which is the only reader and writer of the socket. `expired`, `stop` and `cut` only wake it: it finds
/// out by itself what is the matter. Idle, it has no buffers.
class connection final : public std::enable_shared_from_this<connection>, public link_hook, private deadline_wheel::entry {
 public:
  connection(std::shared_ptr<server_core> core, net::ip::tcp::socket socket, const net::ip::tcp::endpoint& peer);
  ~connection();

  static net::awaitable<void> run(std::shared_ptr<connection> self);
  /// Above the cap: says so and closes.
  static net::awaitable<void> turn_away(std::shared_ptr<connection> self);

  /// The server stops: finish what is in hand, then close.
  void stop();
  /// Close now.
  void cut();

 private:
  friend class response_stream;

  enum class state { fresh, idle, head, body, handling, writing, lingering };

  net::awaitable<bool> serve();
  net::awaitable<std::size_t> receive_head();
  net::awaitable<bool> sleep();
  net::awaitable<bool> receive_body(std::size_t head);
  net::awaitable<bool> receive_chunks(std::size_t head);
  net::awaitable<bool> drop_body(std::uint64_t rest);
  net::awaitable<bool> decline(response answer, std::size_t head);
  net::awaitable<void> part_with(response answer);
  net::awaitable<void> linger();
  net::awaitable<bool> run_stream(const response& answer);
  net::awaitable<bool> write_chunk(response_stream& stream, std::string_view piece);
  net::awaitable<bool> flush();

  bool body_is_here(std::size_t head);
  bool inflate();
  bool grow_body(std::size_t wanted);
  bool charge(std::size_t bytes);
  void refuse_body(code what, std::string_view detail = {});
  void hand_over(std::size_t head);
  void make_room();
  void skip_empty_lines();
  void begin(state s, milliseconds longest);
  void begin_body_read();
  void end_wait() noexcept;
  void finish_request();
  void count(const response& answer);
  bool push(const response& answer, std::string_view content, const head_facts_out& facts);
  bool push_answer(response& answer);
  void send_now(std::string_view first, std::string_view second);
  void watch_peer();
  void peer_stirred(boost::system::error_code failed, unsigned watch);
  void end_stream();
  void expired() noexcept override;

  std::shared_ptr<server_core> core_;
  net::ip::tcp::socket socket_;
  byte_block in_;
  byte_block body_;  // bodies too large for `in_`, or chunked
  request request_;
  head_facts facts_;
  const route* route_ = nullptr;
  std::optional<refusal> refusal_;  // of the request in hand
  std::string out_;                 // what the socket did not take at once
  std::array<net::const_buffer, 2> pending_{};
  response_stream* stream_ = nullptr;  // while one runs
  std::size_t taken_ = 0;              // bytes of `in_` that belong to the request in hand
  std::size_t charged_ = 0;            // of `bodies_bytes_max`
  std::size_t hint_ = 0;               // how large the read buffer should be to hold a request of this peer
  std::size_t received_ = 0;           // raw bytes of the body so far
  std::size_t since_yield_ = 0;        // bytes of a stream that went out without a turn of the loop
  deadline_wheel::tick body_began_ = 0;
  unsigned watch_ = 0;
  unsigned in_turn_ = 0;  // requests answered without waiting for a read
  state state_ = state::fresh;
  bool expired_ = false;
  bool keep_alive_ = true;
  bool broken_ = false;  // cannot be read from or written to any further
  bool watching_ = false;
  bool handed_over_ = false;  // the socket belongs to an upgrade handler
};

}  // namespace haulcast::http
