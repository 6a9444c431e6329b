#include "channel.hpp"

#include <algorithm>

namespace haulcast::http {
namespace {

using boost::system::error_code;

constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr std::size_t kept_bytes_max = 32 * 1024;  // of memory, for what the next answer may leave

bool would_block(const error_code& failed) noexcept {
  return failed == net::error::would_block || failed == net::error::try_again;
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
  const std::array<net::const_buffer, 2> both{net::buffer(first), net::buffer(second)};
  error_code failed;
  const std::size_t sent = second.empty() ? socket_.write_some(both[0], failed) : socket_.write_some(both, failed);
  core_.metrics.bytes_out += sent;
  if (failed && !would_block(failed)) {
    broken_ = true;
    return true;  // there is nothing to wait for
  }
  keep(first, second, sent);
  return net::buffer_size(pending_) == 0;
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

net::awaitable<void> channel::flush() {
  while (!broken_ && net::buffer_size(pending_) != 0) {
    allow(core_.options.write_timeout);
    auto op = socket_.async_write_some(pending_, as_result);
    const auto [failed, n] = co_await std::move(op);
    if (failed) {
      if (timed_out_) ++core_.metrics.timeouts_write;
      broken_ = true;
      break;
    }
    core_.metrics.bytes_out += n;
    const std::size_t of_first = std::min(n, pending_[0].size());
    pending_[0] += of_first;
    pending_[1] += n - of_first;
  }
  end_wait();
  pending_ = {};
  if (out_.capacity() > kept_bytes_max) free_memory(out_);
}

void channel::hurry() noexcept {
  if (net::buffer_size(pending_) != 0) allow(core_.options.linger_timeout);
}

net::awaitable<void> channel::linger() {
  error_code failed;
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, failed);
  if (failed || broken_) co_return;
  allow(core_.options.linger_timeout);
  for (std::size_t dropped = 0; dropped < linger_bytes_max;) {
    auto op = read(core_.discard);
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
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace haulcast::http
