#include "haulcast/client/leave.hpp"

#include <boost/asio/signal_set.hpp>
#include <csignal>

namespace haulcast::client {

struct leave_on_signal::state {
  boost::asio::signal_set signals;
};

leave_on_signal::leave_on_signal(boost::asio::any_io_executor executor, std::function<void()> then)
    : state_{new state{boost::asio::signal_set{std::move(executor), SIGINT, SIGTERM}}} {
  state_->signals.async_wait([s = state_.get(), then = std::move(then)](boost::system::error_code cancelled, int) {
    if (cancelled) return;
    s->signals.clear();
    then();
  });
}

leave_on_signal::~leave_on_signal() = default;

}  // namespace haulcast::client
