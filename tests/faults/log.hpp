// What the preloaded library writes down of a process's doings in a directory: enough to say what a power cut would have left.
#pragma once

#include <cstdint>

namespace haulcast::faults {

enum class entry_kind : std::uint32_t {
  opened,       // `file` is from now on the one at `name`; `size` 1: it was created
  written,      // `size` bytes at `offset`, which follow
  resized,      // to `size`
  synced,       // of file or directory: everything up to entry number `offset`
  sync_failed,  // the same, and nobody knows what of it is there
  renamed,      // `name`, then the new one behind a NUL
  linked,       // likewise
  removed,      // `name`
  made_directory,
};

/// One entry: this, then the name, then the bytes written. Names are relative to the watched directory, "" for itself. A
/// process that was killed may leave the last entry torn.
struct entry_header {
  std::uint32_t magic = magic_number;
  entry_kind kind = entry_kind::opened;
  std::uint64_t number = 0;  // from 1, without gaps
  std::uint64_t file = 0;    // given by `opened`, new each time
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t name_bytes = 0;
  std::uint32_t data_bytes = 0;

  static constexpr std::uint32_t magic_number = 0x464C5448;
};
static_assert(sizeof(entry_header) == 48);

}  // namespace haulcast::faults
