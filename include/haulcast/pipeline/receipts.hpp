// What becomes of what is handed to the pipeline.
#pragma once

#include <boost/assert/source_location.hpp>
#include <cstdint>
#include <memory>

#include "haulcast/base/once.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::pipeline {

/// Why a batch or a command was not taken. Nothing of it is stored; sending it again is safe.
enum class refusal : std::uint8_t {
  not_ready,      // starting, or the world is being rebuilt after a failed commit
  overloaded,     // too much waits for the commit
  storage_full,   // journal.max_bytes or journal.min_free_bytes reached
  not_committed,  // the commit failed: in doubt, told as not there
  importing,      // another import is under way
  shutting_down,
};

/// What a batch came to, committed and told.
struct receipt {
  std::unique_ptr<engine::batch> input;  // with the refused positions in it
  std::uint32_t accepted = 0;            // live, late and suspect
  std::uint32_t duplicates = 0;
  std::uint32_t late = 0;
};
using submit_result = result<receipt, refusal>;
/// Called once, on the loop, or destroyed without.
using submit_done = once<void(submit_result), 8 * sizeof(void*)>;

/// What a command was decided to be, committed (or resting on what is) and told.
struct command_receipt {
  engine::command input;
  engine::command_outcome decided;
};
using command_result = result<command_receipt, refusal>;
using command_done = once<void(command_result), 8 * sizeof(void*)>;  // as submit_done

[[noreturn]] void throw_exception_from_error(refusal error, const boost::source_location& where);

}  // namespace haulcast::pipeline
