// Where large gzip bodies wait to be inflated: one at a time for the whole server, so that many of them take no more of the
// loop's turns than one, and zlib's memory is there once.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <memory>
#include <utility>

#include "haulcast/base/once.hpp"

namespace haulcast::http {

namespace net = boost::asio;

/// The loop's. Bound: those that wait are connections of the server with a whole body. First come, first served.
class inflating_line {
 public:
  explicit inflating_line(net::any_io_executor loop) : loop_{std::move(loop)} {}

  /// The turn of whoever has waited for it; ends with it.
  class place {
   public:
    explicit place(inflating_line& of) noexcept : of_{of} {}
    ~place() { of_.leave(); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

   private:
    inflating_line& of_;
  };

  /// To be awaited on the loop; whoever comes back from it makes a `place`. It is another turn of the loop in any case.
  auto enter() {
    auto start = [this](auto waiter) {
      line_->waiting.emplace_back(std::move(waiter));
      if (!std::exchange(line_->taken, true)) call_next();
    };
    return net::async_initiate<const net::deferred_t, void()>(std::move(start), net::deferred);
  }
  /// Those who wait will never be called.
  void clear() { std::exchange(line_->waiting, {}).clear(); }

 private:
  struct line {
    std::deque<once<void(), 8 * sizeof(void*)>> waiting;
    bool taken = false;
  };

  void leave() {
    line_->taken = !line_->waiting.empty();
    if (line_->taken) call_next();
  }
  // The server may be gone when its turn comes.
  void call_next() {
    net::post(loop_, [of = line_] {
      of->taken = !of->waiting.empty();
      if (!of->taken) return;
      auto next = std::move(of->waiting.front());
      of->waiting.pop_front();
      next();
    });
  }

  net::any_io_executor loop_;
  std::shared_ptr<line> line_ = std::make_shared<line>();
};

}  // namespace haulcast::http
