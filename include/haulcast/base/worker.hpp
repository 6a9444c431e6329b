// A thread for blocking work, fed with tasks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace haulcast {

/// Runs tasks one after another in the order they came. What waits is bounded by whoever feeds it; waiting() tells.
class worker {
 public:
  worker() : thread_{[this] { work(); }} {}
  ~worker() { stop(); }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void run(std::function<void()> task);
  std::size_t waiting() const;
  /// Finishes what was given and ends the thread. Idempotent.
  void stop();

 private:
  void work();

  mutable std::mutex mutex_;  // held for a push or a pop
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace haulcast
