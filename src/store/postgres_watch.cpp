#include "postgres_watch.hpp"

#include <sys/socket.h>

namespace haulcast::store {

postgres_watch::postgres_watch() : thread_{[this] { work(); }} {}

postgres_watch::~postgres_watch() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void postgres_watch::attend(int socket) noexcept {
  const std::lock_guard lock{mutex_};
  socket_ = socket;
  if (interrupted_) shut();
}

void postgres_watch::interrupt() noexcept {
  const std::lock_guard lock{mutex_};
  interrupted_ = true;
  shut();
}

bool postgres_watch::interrupted() const noexcept {
  const std::lock_guard lock{mutex_};
  return interrupted_;
}

bool postgres_watch::timed_out() const noexcept {
  const std::lock_guard lock{mutex_};
  return timed_out_;
}

void postgres_watch::start_over() noexcept {
  const std::lock_guard lock{mutex_};
  timed_out_ = false;
}

void postgres_watch::shut() noexcept {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

void postgres_watch::work() {
  std::unique_lock lock{mutex_};
  while (!ending_) {
    sleeps_until_ = until_;
    if (sleeps_until_ == clock::time_point::max())
      wake_.wait(lock);
    else
      wake_.wait_until(lock, sleeps_until_);
    if (clock::now() < until_) continue;
    until_ = clock::time_point::max();
    timed_out_ = true;
    shut();
  }
}

postgres_watch::spell::spell(postgres_watch& watch, std::chrono::milliseconds most) : watch_{watch} {
  const std::lock_guard lock{watch_.mutex_};
  watch_.timed_out_ = false;
  watch_.until_ = clock::now() + most;
  // Mostly it sleeps until the deadline of a spell before, and finds this one then.
  if (watch_.until_ < watch_.sleeps_until_) watch_.wake_.notify_all();
}

postgres_watch::spell::~spell() {
  const std::lock_guard lock{watch_.mutex_};
  watch_.until_ = clock::time_point::max();
}

}  // namespace haulcast::store
