// What the tests' own server is told by its environment: where to die, and which of its faults is awake.
#pragma once

#include <string_view>

namespace haulcast::rigged {

/// HAULCAST_MUTANT names one fault of mutants.cmake. Any thread.
bool is_mutant(std::string_view name);

/// Stores checkpoints 1, 2, 3 ... below `directory` until it dies; only a failure ends it.
int store_checkpoints(std::string_view directory);

}  // namespace haulcast::rigged

#define MUTANT(name) ::haulcast::rigged::is_mutant(#name)
