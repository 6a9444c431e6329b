// The socket of one connection: its one deadline, what waits to go out, and whether it is still of use.
#pragma once

#include <array>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "haulcast/base/free_memory.hpp"
#include "haulcast/tls/session.hpp"
#include "server_core.hpp"
#include "wait_memory.hpp"

namespace haulcast::http {

/// Owned by a connection, whose coroutine is the only one to read, write and wait. A deadline that passes only cancels what is
/// waited for: who waits finds `expired()`. Bound: what waits to go out is one answer, or one piece of a stream, and it is
/// waited for before the next; a peer that takes none of it for `write_timeout` breaks the channel.
class channel final : private deadline_wheel::entry {
 public:
  channel(server_core& core, net::ip::tcp::socket socket);

  server_core& core() const noexcept { return core_; }
  net::ip::tcp::socket& socket() noexcept { return socket_; }
  /// Can be neither read from nor written to any further.
  bool broken() const noexcept { return broken_; }
  void set_broken() noexcept { broken_ = true; }

  /// From here on everything goes through `with`; null: nothing does, which costs the plain way one branch a read or write.
  void secure(std::unique_ptr<tls::session> with) noexcept { tls_ = std::move(with); }
  tls::session* tls() const noexcept { return tls_.get(); }
  std::unique_ptr<tls::session> take_tls() noexcept { return std::move(tls_); }
  /// While another thread uses the descriptor it stays open, whoever closes.
  void lend(bool lent) noexcept { lent_ = lent; }
  /// Of a socket that has become readable: whether its peer has gone, or talks. Takes nothing.
  tls::session::sign look() noexcept;
  /// Whether the peer has closed by now; also one that has only said that it sends no more.
  bool is_abandoned() noexcept { return broken_ || look() == tls::session::sign::gone; }

  /// To be awaited; no coroutine of their own.
  /// A read knows no executor but the socket's and is cancelled with it alone, which spares both for each.
  auto read(std::span<char> space) {
    auto start = [this, space](auto waiter) {
      if (tls_) return secure_read<decltype(waiter)>::wait({this, space, std::move(waiter)}, net::ip::tcp::socket::wait_read);
      auto wake = [waiter = std::move(waiter)](boost::system::error_code failed, std::size_t n) mutable {
        std::move(waiter)(std::tuple{failed, n});
      };
      socket_.async_read_some(net::buffer(space.data(), space.size()),
                              net::bind_allocator(wait_allocator<void>{wait_memory_}, std::move(wake)));
    };
    using result = std::tuple<boost::system::error_code, std::size_t>;
    return net::async_initiate<const net::deferred_t, void(result)>(std::move(start), net::deferred);
  }
  auto readable() { return socket_.async_wait(net::ip::tcp::socket::wait_read, as_result); }

  /// What is waited for next may take so long.
  void allow(milliseconds longest) noexcept;
  void allow_until(deadline_wheel::tick due) noexcept;
  void end_wait() noexcept;
  bool timed_out() const noexcept { return timed_out_; }

  /// Gives both to the kernel, as far as it takes them now. False: flush() is due. `first` may be gone afterwards, `second` not
  /// before flush() is done.
  [[nodiscard]] bool send(std::string_view first, std::string_view second = {});
  /// Sends what waits; afterwards nothing does. Breaks when the peer is gone, or takes nothing for too long.
  net::awaitable<void> flush();
  /// What is being flushed now may take `linger_timeout` and no longer.
  void hurry() noexcept;
  /// Idle: gives the memory of what was sent back.
  void release() noexcept { free_memory(out_); }

  /// No more will be sent. What the peer still sends is read and dropped, up to 1 MiB or `linger_timeout`, or its kernel would
  /// throw away the answer it has not read yet.
  net::awaitable<void> linger();
  /// Ends what is waited for.
  void cancel() noexcept;
  void close() noexcept;

 private:
  /// A read that decrypts: waits until there is a whole record, as often as it takes.
  template <class Waiter>
  struct secure_read {
    channel* of;
    std::span<char> space;
    Waiter waiter;

    void operator()(boost::system::error_code failed) {
      std::size_t n = 0;
      // Closed meanwhile: the descriptor may be another connection's by now.
      if (!failed && !of->socket_.is_open()) failed = net::error::operation_aborted;
      if (!failed) n = of->tls_->read_some(space, failed);
      if (failed == net::error::would_block) {
        const bool for_room = of->tls_->wants_write();
        return wait(std::move(*this), for_room ? net::ip::tcp::socket::wait_write : net::ip::tcp::socket::wait_read);
      }
      std::move(waiter)(std::tuple{failed, n});
    }
    static void wait(secure_read op, net::ip::tcp::socket::wait_type what) {
      channel& c = *op.of;
      const wait_allocator<void> memory{c.wait_memory_};
      if (!c.tls_->has_more()) return c.socket_.async_wait(what, net::bind_allocator(memory, std::move(op)));
      net::post(c.socket_.get_executor(), [op = std::move(op)]() mutable { op({}); });
    }
  };

  void expired() noexcept override;
  std::size_t write_now(std::string_view first, std::string_view second, boost::system::error_code& failed);
  void keep(std::string_view first, std::string_view second, std::size_t sent);
  void count_written(std::size_t bytes) noexcept;
  net::awaitable<void> flush_secure();

  server_core& core_;
  wait_memory wait_memory_;  // before the socket, whose last operation may still be in it
  net::ip::tcp::socket socket_;
  std::unique_ptr<tls::session> tls_;
  std::string out_;  // what the socket did not take at once
  std::array<net::const_buffer, 2> pending_{};
  bool timed_out_ = false;
  bool broken_ = false;
  bool hurried_ = false;
  bool lent_ = false;
};

}  // namespace haulcast::http
