// Where the store's consumer goes on, from what the store, the journal and the note beside it say.
#pragma once

#include <optional>
#include <string>

#include "haulcast/base/result.hpp"
#include "haulcast/journal/checkpoints.hpp"

namespace haulcast::consumers {

struct journal_extent {
  std::string id;
  journal::offset_t first = 1;  // the oldest record kept
  journal::offset_t last = 0;   // the newest; first - 1: none
};

struct beginning {
  journal::offset_t next = 1;
  std::string warning;  // a sentence, if something is not as it was left
};

/// `stored`: the checkpoint in the store; none: it is empty. `noted`: how far it had come, by the note for retention; 0: never.
/// An older or emptied store is written again as far as the journal reaches back.
/// Error: the sentence to stop with: another journal's store, one ahead of the journal, or records that are in neither.
result<beginning> place_to_begin(const std::optional<journal::checkpoint>& stored, journal::offset_t noted,
                                 const journal_extent& log);

/// What `--adopt` has the store's checkpoint be; none: it is good as it is.
std::optional<journal::checkpoint> adopted(const std::optional<journal::checkpoint>& stored, journal::offset_t noted,
                                           const journal_extent& log);

}  // namespace haulcast::consumers
