// SIGINT and SIGTERM: the first ends a command with its summary, the second ends the process.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

namespace haulcast::client {

/// While it lives, the first of these signals calls `then` on the executor; after that, and after `this`, signals do what they
/// did before.
class leave_on_signal {
 public:
  leave_on_signal(boost::asio::any_io_executor executor, std::function<void()> then);
  ~leave_on_signal();
  leave_on_signal(const leave_on_signal&) = delete;
  leave_on_signal& operator=(const leave_on_signal&) = delete;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::client
