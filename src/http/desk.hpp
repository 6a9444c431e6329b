// Where what takes long to read is read: aside, one after another.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "haulcast/base/worker.hpp"

namespace haulcast::http {

namespace net = boost::asio;

/// A thread for work that would hold the loop for milliseconds. Bound: those that wait are connections of the server with a
/// whole body each. First come, first served, so that much of it costs one core's time and no more.
class desk {
 public:
  explicit desk(net::any_io_executor loop) : loop_{std::move(loop)} {}

  /// `work()` there, then `then(what it gave)` on the loop, unless the server ends before.
  template <class Work, class Then>
  void run(Work work, Then then) {
    auto held = std::make_shared<std::pair<Work, Then>>(std::move(work), std::move(then));
    thread_.run([loop = loop_, held = std::move(held)]() mutable {
      auto given = held->first();
      net::post(loop, [held = std::move(held), given = std::move(given)]() mutable { held->second(std::move(given)); });
    });
  }

 private:
  net::any_io_executor loop_;
  worker thread_;
};

}  // namespace haulcast::http
