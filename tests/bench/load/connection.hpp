// A loader's sockets: plain epoll, so that the loader costs less than what it measures.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace haulcast::bench {

/// One connection to 127.0.0.1. Start-up failures throw std::runtime_error.
class connection {
 public:
  explicit connection(std::uint16_t port);
  connection(connection&& other) noexcept;
  connection& operator=(connection&&) = delete;
  ~connection();

  int handle() const { return socket_; }

  /// Sends all of it, waiting for room if it must.
  void send(std::string_view bytes);

  /// What is there, at most `size` bytes; 0 when nothing is. Throws when the peer closed.
  std::size_t receive(char* to, std::size_t size);

  /// Waits until `wanted` has come (nothing in particular: until anything has); returns all that came. For handshakes. Throws
  /// after 10 s without anything.
  std::string await_text(std::string_view wanted);

 private:
  int socket_;
};

/// One HTTP connection with at most one request under way.
class poster {
 public:
  explicit poster(std::uint16_t port) : wire_{port} {}

  struct answer {
    int status = 0;
    std::uint64_t accepted = 0;
    std::uint64_t duplicates = 0;
  };

  connection& wire() { return wire_; }
  void post(std::string_view request) { wire_.send(request); }

  /// Reads what came. True when `to` holds the whole answer.
  bool receive(answer& to);

 private:
  connection wire_;
  std::string pending_;
};

/// Readiness of many connections, by the number each was added with.
class readiness {
 public:
  readiness();
  readiness(const readiness&) = delete;
  readiness& operator=(const readiness&) = delete;
  ~readiness();

  void add(const connection& c, std::uint32_t number);

  /// Calls `ready` for each readable connection; false when none was for that time.
  bool wait(std::chrono::nanoseconds timeout, const std::function<void(std::uint32_t)>& ready);

 private:
  int epoll_;
};

/// Latencies in microseconds.
class latencies {
 public:
  void add(double us) { all_.push_back(static_cast<float>(us)); }
  void clear() { all_.clear(); }
  /// The value that `share` (0-1) of them do not exceed; 0 when there are none. O(n).
  double quantile(double share);

 private:
  std::vector<float> all_;
};

}  // namespace haulcast::bench
