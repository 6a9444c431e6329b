// A server and the PostgreSQL it writes to, both dying and worse under a load that never rests; and what is in the database
// when all is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "auditor.hpp"
#include "beset_database.hpp"
#include "fence_keeper.hpp"
#include "past_asker.hpp"
#include "store_audit.hpp"
#include "support/ledger.hpp"

namespace haulcast::support {

struct chaos_plan {
  enum class kind : std::uint8_t {
    crash,               // PostgreSQL is killed, and started again
    cut_inside,          // the connection is cut off, and the server hears half a COMMIT
    freeze,              // PostgreSQL stands still
    restore,             // an older backup takes the database's place
    cut_after,           // COMMIT is done, and its answer lost
    terminate,           // backends are ended by an administrator
    cut_before,          // COMMIT is never heard of
    cut_late,            // COMMIT is done long after its client has gone
    restore_while_down,  // as `restore`, between two lives of the server
    lose_all,            // an empty database takes the place
  };

  std::filesystem::path binary;                    // empty: the real one
  std::map<std::string, std::string> environment;  // of the server, over the story's own
  int kills = 8;                                   // of the server, beside those in the midst of a fault
  int faults = 9;                                  // of the database, each of `kinds` in its turn
  std::vector<kind> kinds;                         // empty: all
  std::uint64_t seed = 1;
  std::size_t workers = 4;
  std::size_t trucks_each = 4;
  std::chrono::milliseconds pause{5};           // of a worker, between two batches
  std::uint64_t acknowledged_in_all = 0;        // positions: after the last fault the load goes on until then
  std::chrono::milliseconds frozen_most{1500};  // every other time so long, else less
  double while_starting = 0.3;                  // share of starts that are killed before they are over
  double in_the_midst = 0.3;                    // share of faults of the database in whose midst the server is killed

  /// The server has left; everything is there to be looked at.
  std::function<void(const ledger&, beset_database&, const std::filesystem::path& data_dir)> after_audit;
};

struct chaos_outcome {
  ledger books;
  audit_report report;  // of the journal
  store_report store;
  fence_keeper::report fences;
  past_asker::report asked;
  int kills = 0;                      // of the server, all
  int while_starting = 0;             // of them: before it listened
  int in_the_midst = 0;               // of them: while the database was dead, frozen, cut off or away
  std::map<std::string, int> faults;  // of the database
  int taken_back = 0;                 // crashes of PostgreSQL that took commits with them, as far as was seen
  int said = 0;                       // older backups that the server spoke of
  std::string why;                    // a start was refused: what it said; the story ends there

  int all_faults() const;
  std::string to_string() const;
};

/// gtest failures tell of what must never be: somebody waits for the database, it leaves with another code than 0.
chaos_outcome chaos(const chaos_plan& plan);

}  // namespace haulcast::support
