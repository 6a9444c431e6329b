// What a test tells the preloaded library while the server runs: which faults hold, and when the process is to die. It lies in
// a file that both have mapped.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace haulcast::faults {

/// Bits: a fault may hold for several.
enum operation : std::uint32_t { opening = 1, writing = 2, syncing = 4, resizing = 8, naming = 16 };

/// Off while `operations` is 0, which is therefore written last. Of several that fit, the first one that is not used up counts.
struct fault {
  std::atomic<std::uint32_t> operations;
  std::atomic<std::int32_t> error;       // errno that the operation fails with; 0: it goes on
  std::atomic<std::int32_t> times;       // how often still; negative: until it is switched off
  std::atomic<std::uint32_t> delay_ms;   // before the operation; switched off, it ends at once
  std::atomic<std::uint32_t> bytes_max;  // a write takes no more, and does not fail; 0: all
  std::atomic<std::uint64_t> hits;       // how often it held
  std::array<char, 40> part;             // of the path; empty: any file below the watched directory
};

struct control {
  std::array<fault, 4> faults;
  std::atomic<std::uint64_t> operations;  // counted since the process began
  std::atomic<std::uint64_t> die_at;      // that operation, and not before it is half done; 0: never
  std::atomic<std::int64_t> clock_ms;     // added to the wall clock
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

/// Names of environment variables.
inline constexpr const char* directory_variable = "HAULCAST_FAULTS_DIRECTORY";  // absolute, without symbolic links
inline constexpr const char* log_variable = "HAULCAST_FAULTS_LOG";              // outside of it; unset: nothing is logged
inline constexpr const char* control_variable = "HAULCAST_FAULTS_CONTROL";      // a file of sizeof(control); unset: no faults

}  // namespace haulcast::faults
