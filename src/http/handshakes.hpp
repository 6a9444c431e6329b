// Where the private key is used: on a thread of its own, one handshake's step after another, so that the loop never waits for
// it.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "haulcast/base/worker.hpp"
#include "haulcast/tls/session.hpp"

namespace haulcast::http {

namespace net = boost::asio;

/// Bound: those that wait here have said their hello and are connections of the server, so at most `connections_max`; above
/// `line_max` the listeners rest. Nobody waits here for a peer, so the line always moves.
class handshakes {
 public:
  static constexpr std::size_t line_max = 256;

  explicit handshakes(net::any_io_executor loop);

  std::size_t waiting() const noexcept { return waiting_; }
  bool full() const noexcept { return waiting_ >= line_max; }

  /// To be awaited on the loop, gives tls::session::step. Until then `of` and its descriptor are the other thread's.
  auto step(tls::session& of) {
    auto start = [this, &of](auto waiter) {
      using held = std::decay_t<decltype(waiter)>;
      auto job = std::make_shared<task<held>>(task<held>{*this, of, std::move(waiter), net::make_work_guard(loop_)});
      ++waiting_;
      thread_.run([job = std::move(job)]() mutable { task<held>::run(std::move(job)); });
    };
    return net::async_initiate<const net::deferred_t, void(tls::session::step)>(std::move(start), net::deferred);
  }
  /// Ends the thread. What still waits fails.
  void stop();

 private:
  template <class Waiter>
  struct task {
    handshakes& owner;
    tls::session& of;
    Waiter waiter;
    net::executor_work_guard<net::any_io_executor> open;

    static void run(std::shared_ptr<task> self) {
      const auto how = self->owner.stopping_ ? tls::session::step::failed : self->of.handshake();
      auto loop = self->open.get_executor();
      net::post(loop, [self = std::move(self), how]() mutable {
        --self->owner.waiting_;
        auto resumed = std::move(self->waiter);
        self.reset();
        std::move(resumed)(how);
      });
    }
  };

  net::any_io_executor loop_;
  std::size_t waiting_ = 0;  // the loop's
  std::atomic<bool> stopping_ = false;
  worker thread_;
};

}  // namespace haulcast::http
