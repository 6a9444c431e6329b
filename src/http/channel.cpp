#include "channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace haulcast::http {
namespace {

using boost::system::error_code;

constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr std::size_t kept_bytes_max = 32 * 1024;  // of memory, for what the next answer may leave

bool would_block(const error_code& failed) noexcept {
  return failed == net::error::would_block || failed == net::error::try_again;
}

std::string_view text_of(const net::const_buffer& bytes) noexcept {
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

channel::channel(server_core& core, net::ip::tcp::socket socket) : core_{core}, socket_{std::move(socket)} {
  error_code ignored;
  socket_.non_blocking(true, ignored);
}

void channel::allow(milliseconds longest) noexcept {
  timed_out_ = false;
  core_.wheel.set(*this, core_.ticks(longest));
}

void channel::allow_until(deadline_wheel::tick due) noexcept {
  const auto now = core_.wheel.now();
  core_.wheel.set(*this, due > now ? due - now : 0);
}

void channel::end_wait() noexcept {
  core_.wheel.drop(*this);
  timed_out_ = false;
}

void channel::expired() noexcept {
  timed_out_ = true;
  cancel();
}

bool channel::send(std::string_view first, std::string_view second) {
  pending_ = {};
  error_code failed;
  const std::size_t sent = write_now(first, second, failed);
  core_.metrics.bytes_out += sent;
  if (failed && !would_block(failed)) {
    broken_ = true;
    return true;  // there is nothing to wait for
  }
  keep(first, second, sent);
  return net::buffer_size(pending_) == 0;
}

std::size_t channel::write_now(std::string_view first, std::string_view second, error_code& failed) {
  if (tls_ && !socket_.is_open()) {
    failed = net::error::bad_descriptor;
    return 0;
  }
  if (tls_) {
    std::size_t sent = first.empty() ? 0 : tls_->write_some(first, failed);
    if (!failed && sent == first.size() && !second.empty()) {
      sent += tls_->write_some(second, failed);
      if (sent != 0 && would_block(failed)) failed.clear();
    }
    return sent;
  }
  const std::array<net::const_buffer, 2> both{net::buffer(first), net::buffer(second)};
  return second.empty() ? socket_.write_some(both[0], failed) : socket_.write_some(both, failed);
}

/// What is left of `first` is copied, `second` is not.
void channel::keep(std::string_view first, std::string_view second, std::size_t sent) {
  const std::size_t of_first = std::min(sent, first.size());
  if (of_first < first.size()) {
    out_ = first.substr(of_first);
    pending_[0] = net::buffer(out_);
  }
  pending_[1] = net::buffer(second) + (sent - of_first);
}

void channel::count_written(std::size_t bytes) noexcept {
  core_.metrics.bytes_out += bytes;
  const std::size_t of_first = std::min(bytes, pending_[0].size());
  pending_[0] += of_first;
  pending_[1] += bytes - of_first;
}

net::awaitable<void> channel::flush() {
  if (tls_) {
    auto flushing = flush_secure();
    co_await std::move(flushing);
  }
  while (!broken_ && net::buffer_size(pending_) != 0) {
    if (!hurried_) allow(core_.options.write_timeout);
    auto op = socket_.async_write_some(pending_, as_result);
    const auto [failed, n] = co_await std::move(op);
    if (failed) {
      if (timed_out_) ++core_.metrics.timeouts_write;
      broken_ = true;
      break;
    }
    count_written(n);
  }
  end_wait();
  hurried_ = false;  // that flush alone: the connection may live on, and the next one has a deadline of its own
  pending_ = {};
  if (out_.capacity() > kept_bytes_max) free_memory(out_);
}

net::awaitable<void> channel::flush_secure() {
  while (!broken_ && net::buffer_size(pending_) != 0) {
    if (!hurried_) allow(core_.options.write_timeout);
    auto op = socket_.async_wait(net::ip::tcp::socket::wait_write, as_result);
    auto [failed] = co_await std::move(op);
    const std::size_t n = failed ? 0 : write_now(text_of(pending_[0]), text_of(pending_[1]), failed);
    if (failed && !would_block(failed)) {
      if (timed_out_) ++core_.metrics.timeouts_write;
      broken_ = true;
    }
    count_written(n);
  }
}

tls::session::sign channel::look() noexcept {
  if (!socket_.is_open()) return tls::session::sign::gone;
  if (tls_) return tls_->look();
  char next = 0;
  const auto n = ::recv(socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  return gone ? tls::session::sign::gone : tls::session::sign::talks;
}

/// Under TLS what is dropped need not be decrypted first.
void channel::hurry() noexcept {
  if (net::buffer_size(pending_) == 0 || std::exchange(hurried_, true)) return;
  allow(core_.options.linger_timeout);
}

net::awaitable<void> channel::linger() {
  error_code failed;
  if (tls_ && socket_.is_open()) tls_->close_notify();
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, failed);
  if (failed || broken_) co_return;
  allow(core_.options.linger_timeout);
  for (std::size_t dropped = 0; dropped < linger_bytes_max;) {
    auto op = socket_.async_read_some(net::buffer(core_.discard), as_result);
    const auto [ended, n] = co_await std::move(op);
    if (ended || timed_out_) break;
    dropped += n;
  }
  end_wait();
}

void channel::cancel() noexcept {
  error_code ignored;
  socket_.cancel(ignored);
}

void channel::close() noexcept {
  if (lent_) return set_broken();
  if (tls_ && socket_.is_open()) tls_->close_notify();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace haulcast::http
