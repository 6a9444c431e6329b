// Which commands were carried out under a retry key, and what they came to: a client that lost the answer asks again and is
// told the same, instead of what the second time would come to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "haulcast/base/bytes.hpp"
#include "haulcast/base/time.hpp"
#include "haulcast/engine/command.hpp"

namespace haulcast::engine {

/// The newest `capacity` keys, those of them that are no older than `kept` beside the newest one. When it is full the oldest
/// gives way to a newcomer. Which keys are in it follows from the commands that were remembered and their times alone, so a
/// replay comes to the same. Memory: about 160 bytes a key. Pure, not thread-safe: part of a world.
///
/// Keys are numbered as they come and saved in blocks of neighbours, so that a snapshot takes some at a time. A block has a row
/// of a limited set (`row_of`): the block that takes over a row comes when the former one's keys have all given way.
class retry_keys {
 public:
  struct entry {
    retry_key asked;
    command_outcome came_to;
    utc_time when;             // the server's time of the command
    std::uint64_t offset = 0;  // of its record
  };
  static constexpr std::chrono::hours kept{24};
  static constexpr std::size_t default_capacity = 100'000;
  static constexpr std::uint64_t block_entries = 256;

  explicit retry_keys(std::size_t capacity = default_capacity) : capacity_{capacity} {}
  retry_keys(retry_keys&&) = default;
  retry_keys& operator=(retry_keys&&) = default;

  /// What was done under that key, unless it is older than `kept` at `now`. O(log keys).
  const entry* find(const retry_key::digest& key, utc_time now) const;
  /// Behind all others, in the place of an older one with its key. O(log keys); forgetting costs O(1) amortised, and each call
  /// forgets a few at most, however many are due.
  void remember(const entry& e);

  std::size_t size() const noexcept { return by_key_.size(); }  // with some that are too old, not forgotten yet
  /// Null: there is none.
  const entry* newest() const noexcept { return order_.empty() ? nullptr : &(*order_.back())->second.what; }
  /// How many went before their time since this was made, because it was full.
  std::uint64_t displaced() const noexcept { return displaced_; }

  /// As in world: a pass takes the blocks that changed before it began, oldest first. That order counts: whatever part of a
  /// pass was written, no key is missing before one that is there.
  void begin_pass() noexcept { pass_end_ = end(); }
  std::optional<std::uint64_t> take_changed();
  /// Keys of the pass that were not taken yet.
  std::uint64_t left_of_pass() const noexcept { return pass_end_ - std::min(pass_end_, std::max(taken_to_, first_)); }
  /// Has the next pass take all of them.
  void mark_changed() noexcept { taken_to_ = 0; }
  std::uint64_t row_of(std::uint64_t block) const noexcept { return block % (capacity_ / block_entries + 2); }
  void save_block(std::uint64_t block, byte_writer& out) const;
  /// Rows in any order, those of unfinished passes and left over ones among them. False: bytes that no save_block wrote.
  bool restore(const std::vector<std::string_view>& rows);

  /// All keys that hold, in order, for comparing.
  void save(byte_writer& out) const;

 private:
  struct numbered {
    std::uint64_t number = 0;
    entry what;
  };
  using table = std::map<retry_key::digest, numbered>;  // nobody can make it slow by the choice of keys, and it never rehashes

  std::uint64_t end() const noexcept { return first_ + order_.size(); }
  bool holds(const entry& e) const noexcept { return e.when + kept >= newest()->when; }
  void place(const entry& e);
  void skip_to(std::uint64_t number);
  void forget_oldest();
  void forget_some();

  std::size_t capacity_;
  table by_key_;
  std::deque<std::optional<table::iterator>> order_;  // by number, the newest one last; none: a newer one has its key
  std::uint64_t first_ = 0;                           // number of the front
  std::uint64_t taken_to_ = 0;                        // those before it are in snapshots
  std::uint64_t pass_end_ = 0;
  std::uint64_t displaced_ = 0;
};

}  // namespace haulcast::engine
