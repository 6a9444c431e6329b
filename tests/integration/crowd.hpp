// Many WebSocket clients that behave badly, and the server's side of them in figures.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "haulcast/client/base_url.hpp"
#include "support/server.hpp"

namespace haulcast::support {

enum class conduct {
  silent,        // follows a truck of its own, reads what little comes
  never_reads,   // follows everything
  reads_slowly,  // follows everything; 2 KiB every 50 ms
  vanishes,      // follows everything; from then on its kernel drops whatever comes, and answers nothing, not even with a reset
  floods,        // commands as fast as they are taken, answers read
  byte_by_byte,  // sends a command a byte at a time
  reads_all,     // follows everything and takes what comes as fast as it can
};
std::string_view to_string(conduct how);

/// `count` connections, tended by a thread of their own from construction to the end. Throws std::runtime_error when they
/// cannot be made.
class crowd {
 public:
  /// `since`: what to resume from, when it is not empty.
  crowd(const client::base_url& to, const std::string& token, conduct how, std::size_t count, const std::string& since = {});
  ~crowd();
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  std::size_t size() const noexcept { return members_.size(); }
  /// Of those that read: how many have had `events` events or more, each with a larger id than the one before.
  std::size_t with_events(std::size_t events) const;
  /// One had an event out of order, or twice.
  bool out_of_order() const noexcept { return out_of_order_; }

 private:
  struct member {
    int socket = -1;
    std::string unsent;
    std::string tail;  // of what was read, where an id may have been cut
    std::string last_id;
    std::atomic<std::size_t> events = 0;
  };

  void connect(member& m, const client::base_url& to, const std::string& token, const std::string& command) const;
  void tend();
  bool tend(member& m, std::size_t round);
  std::size_t read(member& m, std::size_t bytes_max);
  void count_events(member& m, std::string_view bytes);

  const conduct how_;
  std::vector<std::unique_ptr<member>> members_;
  std::atomic<bool> out_of_order_ = false;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

/// How long a position takes from its post to a subscriber that does everything right; checks that it gets every one, in order.
class good_subscriber {
 public:
  explicit good_subscriber(server& s);

  struct latency {
    double p50_ms = 0, p99_ms = 0;
  };
  /// Posts a batch every 10 ms for so long, other trucks in it. Fails the test for whatever is missing, twice or out of order.
  latency observe(std::chrono::milliseconds length);

 private:
  static constexpr int trucks = 10;
  static constexpr int others = 10;  // of 500, for those who follow everything

  api admin_;
  client::ws_client ws_;
  std::int64_t begin_ms_;
  int step_ = 0;
};

/// RssAnon of a process.
double resident_bytes(int pid);
/// One sample of /metrics; 0 when it is not there.
double metric_of(server& s, std::string_view sample);

}  // namespace haulcast::support
