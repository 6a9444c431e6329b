// Somebody who creates, changes and deletes geofences while the server dies and comes back, and knows what must be there.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "support/server.hpp"

namespace haulcast::support {

/// Has a thread from construction to finish(). Each command has an Idempotency-Key and is sent until it is answered, so that
/// what was done is known whenever it was done. The geofences lie where ledger_plan's trucks begin.
class fence_keeper {
 public:
  fence_keeper(client::base_url server, std::string token, std::uint64_t seed);
  ~fence_keeper();
  fence_keeper(const fence_keeper&) = delete;
  fence_keeper& operator=(const fence_keeper&) = delete;

  struct report {
    std::uint64_t commands = 0;  // answered
    std::uint64_t replayed = 0;  // of these, told once more what had been done before
    std::string wrong;           // the first thing that is not as it was answered; empty: nothing
  };
  /// Ends, and compares what the server has with what it answered. The server must be up.
  report finish(api& admin);

 private:
  void work();
  void one_command();

  client::base_url server_;
  std::string token_;
  std::mt19937_64 dice_;
  std::map<std::string, int> expected_;  // radius of each that is there
  report report_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> abandoned_{false};  // what is under way is no longer asked for either
  std::thread thread_;
};

}  // namespace haulcast::support
