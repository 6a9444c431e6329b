// A server whose power is cut again and again, on a disk that forgets what was not synced, and the audit of what is left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "auditor.hpp"
#include "support/ledger.hpp"

namespace haulcast::support {

struct cut_plan {
  std::string sync = "full";
  int cuts = 5;
  std::uint64_t seed = 1;
  bool faults = false;                             // of the disk as well, before the power goes
  std::filesystem::path binary;                    // empty: the real one
  std::map<std::string, std::string> environment;  // of the server, over the story's own
};

struct cut_outcome {
  ledger books;
  audit_report report;
  int while_starting = 0;                  // of the cuts
  std::uint64_t failures = 0;              // of the disk
  std::string why;                         // a start was refused: what it said; the story ends there
  std::string from_start, from_snapshots;  // what `haulcast verify` says of the world
};

/// Only where faults::switchboard is available. gtest failures tell of what must never be: the server does not leave with code
/// 0, `verify` fails, or the simulated disk does not hold what the real one does.
cut_outcome cut(const cut_plan& plan);

struct found_outcome {
  int found = 0;  // batches whose sync failed, and which the next start told as duplicates
  int lost = 0;   // batches acknowledged then, and not there after the power cut that followed
};
/// Each time a batch is sent whose sync fails; the server is killed and started, and the batch sent again; then the power is
/// cut.
found_outcome cut_after_failed_syncs(const cut_plan& plan);

}  // namespace haulcast::support
