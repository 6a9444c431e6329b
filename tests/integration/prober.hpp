// Somebody who asks a server again and again while something is wrong with it, and remembers what it was told.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "integration/story.hpp"

namespace haulcast::support {

/// Each kind of answer with its number.
struct observed {
  std::map<std::string, int> ingest;  // "200", "503 not_committed", "no answer"
  std::map<std::string, int> ready;   // "200" or the reason
  milliseconds slowest_health{0};

  /// "ingest [200] x3 [503 not_ready] x9, readyz ..., healthz within 3 ms"
  std::string to_string() const;
  std::string told() const;    // "[200] x3 [503 not_ready] x9"
  std::string readyz() const;  // likewise
  void add(const observed& more);
  bool ingest_was_told(std::string_view what) const { return ingest.contains(std::string{what}); }
};

/// Asks /healthz and /readyz and posts one position of a truck of its own. Blocks; for one thread at a time.
class prober {
 public:
  prober(client::base_url server, std::string token, std::string truck = "PROBE");

  /// Once, on the connection it has. That a server which listens gives no answer is a failure of the test, and so is any
  /// refusal of a position but those that a sender can live with: 503, with a known code and Retry-After.
  void ask(observed& seen);
  /// Until the time is over, on one connection, which is a new one: the server may be about to end one that was idle.
  observed watch(milliseconds length);

  bool ready();
  /// Everything that had a 200 is a duplicate now.
  void expect_kept();
  const std::vector<nlohmann::json>& acknowledged() const noexcept { return acknowledged_; }

 private:
  client::base_url base_;
  std::string token_;
  api server_;
  std::string truck_;
  std::int64_t begin_ms_;
  int step_ = 0;
  std::vector<nlohmann::json> acknowledged_;
};

}  // namespace haulcast::support
