// What a loader sent, and what it was told: the books that an auditor compares with what the server holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "haulcast/base/time.hpp"
#include "haulcast/client/verdict.hpp"

namespace haulcast::support {

/// What is known of one position of a batch from the answers to it.
enum class told : std::uint8_t {
  nothing,    // its batch has no 200: the server may hold it or not
  accepted,   // new and in order
  late,       // new, older than the truck's newest
  held,       // accepted or duplicate: an answer was lost, so the counts do not say which. The server must hold it
  duplicate,  // another position of the same truck and timestamp had been acknowledged before it: that one stands
  rejected,   // the server must not hold it
};

struct ledger_position {
  std::int64_t timestamp_ms = 0;
  double latitude = 0;
  double longitude = 0;
  std::uint32_t truck = 0;  // place in ledger::trucks
  told verdict = told::nothing;

  /// The server must hold exactly this one, once.
  bool must_be_held() const noexcept { return verdict == told::accepted || verdict == told::late || verdict == told::held; }
};

struct ledger_attempt {
  utc_time sent_at, answered_at;
  unsigned status = 0;     // 0: no answer
  client::verdict answer;  // of a 200
  bool twin = false;       // sent at the same time as another, on the other connection
};

struct ledger_batch {
  std::vector<ledger_position> positions;
  std::vector<ledger_attempt> attempts;  // in the order of their answers

  bool acknowledged() const noexcept;
  /// Whether an attempt may have been carried out without telling: no answer, or 503 (its commit may be there).
  bool in_doubt() const noexcept;
};

struct ledger {
  std::vector<std::string> trucks;
  std::vector<ledger_batch> batches;        // of each truck in the order they were sent; trucks of different workers mixed
  std::vector<std::string> contradictions;  // answers that cannot be, one sentence each: a test fails if there is one

  std::uint64_t acknowledged_positions() const noexcept;  // that must be held
  std::uint64_t answered_positions() const noexcept;      // of batches with a 200: duplicates and refused ones too
  std::uint64_t attempts(unsigned status) const noexcept;
};

/// What a batch must be told, known from what was sent before it: `expected` of each position (accepted, late, duplicate or
/// rejected). Fills the verdicts and returns what contradicts, if anything. All 200s of a batch together accept a new position
/// exactly once, except where an attempt is in doubt: then at most once.
std::vector<std::string> settle(ledger_batch& batch, const std::vector<told>& expected);

}  // namespace haulcast::support
