// Compares what a loader was told with what the journal holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/ledger.hpp"

namespace haulcast::support {

struct audit_report {
  std::uint64_t held = 0;  // positions in the journal, each counted once
  std::uint64_t records = 0;
  std::uint64_t starts = 0;        // of the server
  std::uint64_t lost = 0;          // acknowledged, and not there
  std::uint64_t twice = 0;         // there more than once
  std::uint64_t strange = 0;       // there, and never sent or told to be refused
  std::uint64_t disorder = 0;      // live positions older than the one before, or later than one acknowledged after it
  std::uint64_t fence_events = 0;  // about geofences
  std::uint64_t differing = 0;     // judgements or events (online and offline left out) unlike those of a run without crashes
  std::vector<std::string> examples;

  bool clean() const noexcept { return lost + twice + strange + disorder + differing == 0; }
  std::string to_string() const;
};

/// Reads the journal of a server that has ended. Throws when it cannot be read.
audit_report audit(const ledger& books, const std::filesystem::path& data_dir);

}  // namespace haulcast::support
