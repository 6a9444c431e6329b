// Posts batches through crashes and restarts, and keeps books of every answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "haulcast/client/base_url.hpp"
#include "support/ledger.hpp"
#include "support/ledger_plan.hpp"

namespace haulcast::support {

struct ledger_options {
  std::string token;        // an admin's: drivers are limited in their rate
  std::size_t workers = 4;  // each has trucks of its own, and two connections
  std::size_t trucks = 16;  // at least one for each worker, named LEDGER-0 ...
  std::uint64_t seed = 1;
  ledger_mix mix;
  utc_time begin;                      // of the trucks' clock; default: three hours before now
  std::size_t batches = 0;             // in all, then it ends by itself; 0: until stop()
  std::chrono::milliseconds pause{0};  // between a worker's batches
  /// All workers post for so long, rest together, and begin again in the same moment; rest 0: they never do.
  std::chrono::milliseconds burst{400}, rest{0};
  std::chrono::milliseconds answer_within{10'000};
  std::chrono::milliseconds retry_max{200};  // longest pause before a batch goes again
};

/// Runs on a thread of its own from construction. A batch goes again, the same bytes, after 429, 503 or no answer, until it has
/// a 200; only then comes the worker's next. So at any moment at most `workers` batches are without one.
class ledger_loader {
 public:
  ledger_loader(client::base_url server, ledger_options options);
  ~ledger_loader();
  ledger_loader(const ledger_loader&) = delete;
  ledger_loader& operator=(const ledger_loader&) = delete;

  /// Positions that have their answer so far. From any thread.
  std::uint64_t acknowledged() const noexcept;
  /// True when `batches` have been acknowledged.
  bool wait(std::chrono::milliseconds within);

  /// Waits until every batch under way has its 200 (`within`; then it gives up on them, and they stay as told::nothing), ends,
  /// and hands over the books. Once.
  ledger finish(std::chrono::milliseconds within = std::chrono::seconds{30});

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace haulcast::support
