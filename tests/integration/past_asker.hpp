// Somebody who keeps asking for one truck's past while the store is beset, and knows what must be in each answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/ledger.hpp"
#include "support/server.hpp"

namespace haulcast::support {

/// Has a thread from construction to finish(). Posts a position of a truck of its own, and when that was acknowledged asks for
/// some stretch of the truck's history. An answer holds all that was acknowledged before it was asked for; or it says
/// `complete_until`, and holds all that was acknowledged by then; or it is 503.
class past_asker {
 public:
  past_asker(client::base_url server, std::string token, std::uint64_t seed);
  ~past_asker();
  past_asker(const past_asker&) = delete;
  past_asker& operator=(const past_asker&) = delete;

  struct report {
    std::uint64_t whole = 0;    // answers
    std::uint64_t partial = 0;  // that said how far they go
    std::uint64_t refused = 0;  // 503
    std::string wrong;          // the first answer that was not as it must be; empty: none
  };
  /// Ends, and adds what was posted to the books.
  report finish(ledger& books);

 private:
  void work();
  bool post_next();
  void ask();
  void judge(const nlohmann::json& page, std::size_t first, std::size_t last);

  struct posted {
    std::int64_t timestamp_ms = 0;
    double latitude = 0;
    double longitude = 0;
    std::int64_t answered_ms = 0;
  };
  client::base_url server_;
  std::string token_;
  std::mt19937_64 dice_;
  std::int64_t begin_ms_;
  std::vector<posted> posted_;  // acknowledged, all of them
  report report_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> abandoned_{false};  // what is under way is no longer asked for either
  std::thread thread_;
};

}  // namespace haulcast::support
