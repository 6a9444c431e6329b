// Ends the wait for a server that does not answer.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace haulcast::store {

/// libpq waits for a socket without end, and a frozen server keeps a connection alive for ever. At the deadline, or when told,
/// both directions of the socket are shut: whoever waits for it on another thread sees the connection break. One connection.
///
/// Thread: interrupt() and interrupted() for any; the rest for the connection's.
class postgres_watch {
 public:
  using clock = std::chrono::steady_clock;

  postgres_watch();
  ~postgres_watch();

  /// Of the connection; -1 before the socket is closed.
  void attend(int socket) noexcept;
  void interrupt() noexcept;
  bool interrupted() const noexcept;
  /// The deadline of the newest spell has passed before it ended; forgotten by start_over().
  bool timed_out() const noexcept;
  void start_over() noexcept;

  /// So long a connection may be waited for.
  class spell {
   public:
    spell(postgres_watch& watch, std::chrono::milliseconds most);
    ~spell();
    spell(const spell&) = delete;

   private:
    postgres_watch& watch_;
  };

 private:
  void work();
  void shut() noexcept;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  int socket_ = -1;
  clock::time_point until_ = clock::time_point::max();
  clock::time_point sleeps_until_ = clock::time_point::max();
  bool interrupted_ = false;
  bool timed_out_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace haulcast::store
