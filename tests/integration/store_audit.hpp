// Compares the embedded store of a server that has ended with its journal and with what a loader was told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/ledger.hpp"
#include "support/server.hpp"

namespace haulcast::support {

struct store_report {
  std::uint64_t positions = 0;  // in the store
  std::uint64_t events = 0;
  std::uint64_t rejected = 0;
  std::uint64_t hours = 0;  // of figures, compared with those of all positions in one go
  std::uint64_t lost = 0;   // acknowledged or in the journal, and not in the store
  std::uint64_t twice = 0;
  std::uint64_t strange = 0;    // in the store and not in the journal, or otherwise there
  std::uint64_t differing = 0;  // figures, trucks, geofences
  std::vector<std::string> examples;

  bool clean() const noexcept { return lost + twice + strange + differing == 0; }
  std::string to_string() const;
};

/// Reads both with no code that wrote the store, but for the figures. The journal must begin at its first record. Throws when
/// one of them cannot be read, or the store ends before the journal.
store_report audit_store(const ledger& books, const std::filesystem::path& data_dir);

/// Until everything in the journal is in the store. False: not within that time.
bool await_store(server& of, std::chrono::milliseconds within = std::chrono::minutes{5});

}  // namespace haulcast::support
