// Posts batches of 100 and single positions at a steady rate through whatever happens to the server, and knows of each truck
// how many positions have been acknowledged.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace haulcast::support {

struct steady_plan {
  std::uint16_t port = 0;  // on 127.0.0.1
  std::string token;       // an admin's
  std::size_t connections = 32;
  std::size_t trucks = 8192;  // of all connections, TRK-0000000 and those behind it; the singles have `trucks` / 4 more
  double batches_per_s = 0;   // 0: as many as are answered
  double singles_per_s = 20;

  /// Trucks that report so seldom, each about every 100 s, that they come and go.
  std::vector<std::string> seldom(std::size_t count) const;
};

struct load_books {
  std::vector<std::uint32_t> sent;          // positions of each truck by number, all acknowledged when `complete`
  std::uint64_t acknowledged = 0;           // positions
  std::uint64_t refused = 0;                // requests: 429 or 503, sent again
  std::uint64_t broken = 0;                 // connections that ended without an answer, requests sent again
  bool complete = false;                    // every batch has its 200
  std::vector<std::string> contradictions;  // a few answers that cannot be
};

/// From construction on a thread of its own. Every connection has trucks of its own; one half sends batches of one truck, the
/// other of a hundred. A batch goes again, the same bytes, until it has a 200. What was due while the server stood still is
/// left out, not made up for.
class steady_load {
 public:
  explicit steady_load(steady_plan plan);
  ~steady_load();
  steady_load(const steady_load&) = delete;
  steady_load& operator=(const steady_load&) = delete;

  /// Positions so far. From any thread.
  std::uint64_t acknowledged() const noexcept;
  /// Begins nothing new, waits for what is under way, and hands over the books. Once.
  load_books finish(std::chrono::milliseconds within = std::chrono::seconds{30});

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::support
