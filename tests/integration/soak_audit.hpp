// What senders were told for hours against what the journal held meanwhile.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "integration/journal_follower.hpp"
#include "integration/steady_load.hpp"
#include "support/ledger.hpp"

namespace haulcast::support {

struct soak_findings {
  std::uint64_t lost = 0;          // acknowledged, and not there
  std::uint64_t twice = 0;         // there more than once
  std::uint64_t strange = 0;       // there, and never sent, told to be rejected, or another than was sent first
  std::uint64_t wrong_trucks = 0;  // of the steady load: more or less is there than was acknowledged
};

/// The ledger's trucks, position by position. O(positions log positions).
soak_findings compare(const ledger& told, const journal_books& journal);
/// The steady load's trucks: journal_follower has seen that each truck's positions follow one another without a gap.
soak_findings compare(const load_books& told, const journal_books& journal);
/// Positions of one truck that were acknowledged, whatever else of it is there.
soak_findings compare(const std::vector<nlohmann::json>& acknowledged, const std::vector<held_position>& held);

}  // namespace haulcast::support
