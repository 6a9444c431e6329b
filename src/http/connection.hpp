// One connection, from accept to close: reads a request, has it answered, and again.
//
// What it is made of: channel (socket, TLS, deadline, writing), read_buffer, head_reader, body_reader, answering, streamer,
// upgrade.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "body_reader.hpp"
#include "channel.hpp"
#include "exchange.hpp"
#include "head_reader.hpp"
#include "inflate.hpp"
#include "read_buffer.hpp"
#include "server_core.hpp"
#include "streamer.hpp"

namespace haulcast::http {

/// Held by its coroutine, which is the only reader and writer of the socket. A deadline, `stop` and `cut` only wake it: it
/// finds out by itself what is the matter. One request at a time, in the order they came. Idle, it has no buffers.
class connection final : public std::enable_shared_from_this<connection>, public link_hook, public stream_hook {
 public:
  connection(std::shared_ptr<server_core> core, net::ip::tcp::socket socket, const net::ip::tcp::endpoint& peer,
             address_counts::place place);

  static net::awaitable<void> run(std::shared_ptr<connection> self);
  /// Above a cap: says so and closes. `why`: static text.
  static net::awaitable<void> turn_away(std::shared_ptr<connection> self, std::string_view why);

  /// The server stops: finish what is in hand, then close.
  void stop();
  /// Close now.
  void cut();
  /// If it sends a stream to somebody of whom that is true.
  void end_stream(const std::function<bool(const auth::principal&)>& whose);
  const net::any_io_executor& executor() const noexcept { return core_->executor; }

 private:
  /// How far the request in hand is.
  enum class stage {
    body_due,
    upload_due,      // the body is taken piece by piece
    plain_body_due,  // it is to be inflated
    handler_due,     // one that is a coroutine
    answer_due,      // a handler will call back
    answered,
    wrong,     // the answer is the last on this connection
    declined,  // answered from the head alone
    gone,      // nobody is there to be answered, or not by this
  };

  net::awaitable<bool> come_in();
  net::awaitable<void> serve_all();
  net::awaitable<bool> serve_apart(stage at);
  net::awaitable<stage> receive_body();
  net::awaitable<stage> inflate();
  net::awaitable<stage> receive_upload();
  net::awaitable<void> run_handler();
  net::awaitable<bool> decline();
  net::awaitable<void> part_with();
  auto await_answer();

  stage begin();
  stage take_body();
  stage begin_upload();
  stage answer_at_once();
  stage part_from_http();
  stage refuse_for_good(const refusal& why);
  std::optional<refusal> parse();
  std::optional<response> admit();
  bool send_in_hand();
  void finish_request();

  const std::shared_ptr<server_core> core_;
  address_counts::place place_;
  channel channel_;
  read_buffer in_;
  head_reader heads_{channel_, in_};
  body_reader bodies_{channel_, in_};
  body_share inflated_{*core_};
  streamer streams_{channel_};
  exchange in_hand_;
  answer_later answer_due_;
  std::unique_ptr<upload> upload_;
  bool coming_in_ = false;    // a handshake is under way
  bool handed_over_ = false;  // the socket belongs to an upgrade handler
};

}  // namespace haulcast::http
