#include "streamer.hpp"

#include <boost/asio/post.hpp>
#include <charconv>

#include "answering.hpp"

namespace haulcast::http {
namespace {

using boost::system::error_code;

constexpr std::size_t turn_bytes = 64 * 1024;
constexpr std::size_t scratch_bytes_max = 256 * 1024;

}  // namespace

net::awaitable<bool> streamer::run(exchange& one, const response& answer, std::shared_ptr<void> owner) {
  end_asked_ = false;
  chunked_ = is_chunked_for(one.request);
  if (!chunked_) one.keep_alive = false;
  if (!send_stream_head(channel_, one, answer)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  }
  count(core_, one, answer);
  if (channel_.broken()) co_return false;

  response_stream stream{*this};
  begin(stream, std::move(owner));
  bool whole = true;
  try {
    auto producing = answer.stream(stream);
    co_await std::move(producing);
  } catch (const std::exception& e) {
    answer_failure(core_, one.to->pattern, e.what());
    whole = false;  // without the last chunk the peer sees that something is missing
  }
  finish();

  if (!whole || channel_.broken()) co_return false;
  if (core_.stopping) one.keep_alive = false;
  if (chunked_ && !channel_.send("0\r\n\r\n")) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  }
  co_return one.keep_alive && !channel_.broken();
}

void streamer::begin(response_stream& stream, std::shared_ptr<void> owner) {
  stream_ = &stream;
  ++core_.metrics.streams_open;
  watch_peer(std::move(owner));
  if (core_.stopping || end_asked_) stream.end();
}

void streamer::finish() noexcept {
  --core_.metrics.streams_open;
  stream_ = nullptr;
  ++watch_;
  if (watching_) channel_.cancel();
  watching_ = false;
}

void streamer::end() {
  end_asked_ = true;
  if (stream_ != nullptr && !stream_->ended()) stream_->end();
}

net::awaitable<bool> streamer::write(std::string_view piece) {
  if (stream_->ended() || channel_.broken()) co_return false;
  if (piece.empty()) co_return true;
  auto& text = core_.scratch;
  frame(text, piece);
  const bool sent = channel_.send(text);
  if (text.capacity() > scratch_bytes_max) free_memory(text);
  since_turn_ += piece.size();
  if (!sent) {
    since_turn_ = 0;
    auto flushing = channel_.flush();
    co_await std::move(flushing);
  } else if (since_turn_ > turn_bytes) {
    since_turn_ = 0;
    auto turn = net::post(core_.executor, net::deferred);
    co_await std::move(turn);
  }
  if (channel_.broken()) end();
  co_return !stream_->ended();
}

void streamer::frame(std::string& out, std::string_view piece) const {
  out.clear();
  if (!chunked_) {
    out += piece;
    return;
  }
  char size[16];
  out.append(size, std::to_chars(size, size + sizeof size, piece.size(), 16).ptr);
  out += "\r\n";
  out += piece;
  out += "\r\n";
}

/// Tells a producer that waits for news that its reader has gone.
void streamer::watch_peer(std::shared_ptr<void> owner) {
  watching_ = true;
  const unsigned watch = ++watch_;
  channel_.socket().async_wait(
      net::ip::tcp::socket::wait_read,
      [this, owner = std::move(owner), watch](error_code failed) mutable { peer_stirred(failed, watch, std::move(owner)); });
}

/// Not gone when its next request is waiting already: from there on only writing can tell.
void streamer::peer_stirred(error_code failed, unsigned watch, std::shared_ptr<void> owner) {
  if (watch != watch_ || stream_ == nullptr) return;
  watching_ = false;
  if (failed) return;  // a write that timed out: flush() knows
  const auto sign = channel_.look();
  if (sign == tls::session::sign::none) return watch_peer(std::move(owner));
  if (sign == tls::session::sign::talks) return;
  channel_.set_broken();
  end();
}

net::awaitable<bool> response_stream::write(std::string_view piece) { return owner_.write(piece); }

void response_stream::on_end(std::function<void()> wake) {
  wake_ = std::move(wake);
  if (ended_ && wake_) wake_();
}

void response_stream::end() {
  ended_ = true;
  if (wake_) wake_();
}

}  // namespace haulcast::http
