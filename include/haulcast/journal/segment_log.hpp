// The journal's files: segments of checksummed groups, appended by one thread, read by others.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "haulcast/base/file.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/journal/group.hpp"

namespace haulcast::journal {

/// `full` survives a power cut; `normal` hands a group to the kernel and no further: it survives kill -9.
enum class sync_mode : std::uint8_t { full, normal };

struct log_options {
  std::filesystem::path directory;
  sync_mode sync = sync_mode::full;
  std::uint64_t segment_bytes = 64ULL << 20;
};

/// A larger group is not written: whoever reads one of its records reads all of it.
inline constexpr std::uint64_t group_bytes_max = 256ULL << 20;

/// Why records could not be read.
enum class read_error : std::uint8_t {
  expired,  // older than the oldest record kept
  corrupt,  // the bytes there are not what was written
  failed,   // the file system says no
};

/// Segments are named by their first offset and hold a header and groups. A group's header carries the checksum (XXH3) of the
/// whole group and the newest offset that was durable when it was written. So a bad place is told apart: nothing behind it was
/// written after it was durable: a torn tail, cut off at opening. Something was: an acknowledged record is damaged, and opening
/// refuses. With `full`, zeros lie behind the last group of the newest segment while it is written to (up to 256 KiB): room for
/// the next groups.
///
/// Thread: append and restart are for one thread at a time, drop likewise; read and the figures for any. All calls block.
class segment_log {
 public:
  /// Creates the directory's journal when it holds none. Checks the newest segment whole and the others by their headers.
  /// Error: a sentence naming file, offset and what to do.
  static result<std::unique_ptr<segment_log>> open(log_options options);
  ~segment_log();

  /// Random, made with the directory: 32 hexadecimal digits.
  const std::string& id() const noexcept { return id_; }
  offset_t first_offset() const;
  /// The newest record that is durable (as durable as `sync` makes it). 0: none.
  offset_t last_offset() const noexcept { return last_.load(std::memory_order_acquire); }
  std::uint64_t bytes() const;
  /// About how many bytes lie behind the record at `offset`: to 256 KiB, and exactly 0 when there are none. O(segments).
  std::uint64_t bytes_behind(offset_t offset) const;

  /// Writes and syncs one group, whose first offset must be last_offset() + 1. After an error nothing more is appended until
  /// restart(): whether the group is there is in doubt.
  std::error_code append(const group& g);
  /// After a failed append: leaves everything behind last_offset() and goes on in a new segment.
  std::error_code restart();
  /// Makes durable what `normal` has only handed to the kernel: for what must not be ahead of the journal after a power cut.
  /// Nothing to do in `full`. Any thread.
  std::error_code sync() const;
  /// Deletes the oldest segments whose records all lie below `keep_from` while they are older than `older_than` or more than
  /// `bytes_max` are held. The newest segment stays, and so does one whose file cannot be removed. Returns how many went.
  std::size_t drop(offset_t keep_from, utc_time older_than, std::uint64_t bytes_max);

  /// The file that the record at `offset` is in; empty when there is none.
  std::filesystem::path file_of(offset_t offset) const;
  /// The group that holds the record at `offset`; none when it is not written yet. O(log segments + groups per 256 KiB), and
  /// O(log segments) for whoever reads on behind the group read before.
  result<shared_group, read_error> read(offset_t offset) const;

 private:
  struct segment;

  explicit segment_log(log_options options) : options_{std::move(options)} {}
  result<void> load();
  result<std::shared_ptr<segment>> open_segment(const std::filesystem::path& path) const;
  result<void> check_newest(segment& s);
  static std::error_code write_again(const segment& s, offset_t from, offset_t end);
  std::error_code start_segment(offset_t first);
  std::error_code make_room(segment& s, std::uint64_t end) const;
  std::shared_ptr<segment> newest() const;
  std::shared_ptr<segment> segment_of(offset_t offset) const;

  log_options options_;
  std::string id_;
  std::atomic<offset_t> last_{0};
  mutable std::mutex mutex_;                        // guards the list and the segments' indexes, never held over I/O
  std::vector<std::shared_ptr<segment>> segments_;  // by first offset
  bool failed_ = false;
};

}  // namespace haulcast::journal
