// A server that something is done to: a loader that keeps books never stops, a prober asks beside it, and at the end the books
// are compared with the journal.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "faults/switchboard.hpp"
#include "integration/prober.hpp"
#include "support/ledger_loader.hpp"

namespace haulcast::support {

/// How long each fault lasts: HAULCAST_FAULT_SECONDS (scripts/fault-test), a moment when that is not set.
milliseconds fault_time();

/// A row of the table that scripts/fault-test prints.
void tell_row(std::string_view fault, std::string_view told, std::string_view readyz, std::string_view healing);

class failing_server {
 public:
  /// Under the preloaded library where there is one; a sanitized server's disk cannot be made to fail.
  explicit failing_server(std::map<std::string, std::string> environment = {});

  faults::switchboard& disk() { return disk_; }
  server& process() { return server_; }

  /// More is acknowledged than before.
  bool goes_on(milliseconds within = std::chrono::seconds{20});
  observed watch(milliseconds length) { return probe_.watch(length); }
  /// It is ready again by itself, and takes what comes.
  void expect_healed(milliseconds within = std::chrono::seconds{20});
  /// Nothing is lost, nothing twice, and a replay from the beginning comes to the world that the snapshots tell of. Stops it.
  void expect_clean_books();
  /// The row of this fault: after expect_clean_books().
  void tell(std::string_view fault, const observed& seen) const;

 private:
  std::map<std::string, std::string> with(std::map<std::string, std::string> environment) const;
  std::string verified(std::vector<std::string> arguments) const;

  faults::switchboard disk_;
  server server_;
  prober probe_;
  ledger_loader loader_;
  milliseconds healed_in_{0};
  std::uint64_t acknowledged_ = 0, lost_ = 0;
};

}  // namespace haulcast::support
