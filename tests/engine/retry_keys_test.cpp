#include "haulcast/engine/retry_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "engine/story.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

retry_key key(std::uint64_t which, std::uint64_t request = 0) { return {{which, ~which}, {request, 0}}; }

retry_keys::entry done(std::uint64_t which, milliseconds when, std::uint64_t offset) {
  return {key(which, offset), {command_status::created, offset}, morning + when, offset};
}

bool knows(const retry_keys& keys, std::uint64_t which, milliseconds now) {
  return keys.find(key(which).key, morning + now) != nullptr;
}

std::string state_of(const retry_keys& keys) {
  std::string bytes;
  byte_writer out{bytes};
  keys.save(out);
  return bytes;
}

/// What snapshots hold: a pass replaces the rows that it takes.
class rows {
 public:
  /// Takes the next block of the pass. False: there is none.
  bool take(retry_keys& from) {
    const auto block = from.take_changed();
    if (!block) return false;
    std::string& row = rows_[from.row_of(*block)];
    row.clear();
    byte_writer out{row};
    from.save_block(*block, out);
    return true;
  }
  void pass(retry_keys& from) {
    from.begin_pass();
    while (take(from)) continue;
  }
  retry_keys restored(std::size_t capacity = retry_keys::default_capacity) const {
    retry_keys keys{capacity};
    EXPECT_TRUE(keys.restore(views()));
    return keys;
  }
  std::vector<std::string_view> views() const {
    std::vector<std::string_view> all;
    for (const auto& [number, bytes] : rows_) all.push_back(bytes);
    std::ranges::reverse(all);
    return all;
  }
  std::size_t size() const { return rows_.size(); }

 private:
  std::map<std::uint64_t, std::string> rows_;
};

TEST(RetryKeys, AKeyHoldsForADayToTheMillisecond) {
  retry_keys keys;
  EXPECT_FALSE(knows(keys, 1, 0ms));
  EXPECT_EQ(keys.newest(), nullptr);
  keys.remember(done(1, 5s, 7));
  const auto* const found = keys.find(key(1).key, morning + 24h);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->asked.request, key(1, 7).request);
  EXPECT_EQ(found->came_to, (command_outcome{command_status::created, 7}));
  EXPECT_TRUE(knows(keys, 1, 24h + 5s));
  EXPECT_FALSE(knows(keys, 1, 24h + 5s + 1ms));
  EXPECT_FALSE(knows(keys, 2, 5s));
}

TEST(RetryKeys, OneThatIsTooOldGivesItsPlaceToTheSameKeyAnew) {
  retry_keys keys;
  keys.remember(done(1, 0s, 1));
  keys.remember(done(2, 1h, 2));
  keys.remember(done(1, 24h + 1ms, 3));
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys.find(key(1).key, morning + 25h)->offset, 3U);
  EXPECT_EQ(keys.newest()->offset, 3U);
  keys.remember(done(3, 25h + 1ms, 4));
  EXPECT_FALSE(knows(keys, 2, 25h + 1ms));
  EXPECT_TRUE(knows(keys, 1, 25h + 1ms));
  EXPECT_EQ(keys.displaced(), 0U);
}

TEST(RetryKeys, WhenItIsFullTheOldestGivesWayAndThatIsCounted) {
  retry_keys keys{3};
  for (std::uint64_t i = 1; i <= 5; ++i) keys.remember(done(i, seconds{i}, i));
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys.displaced(), 2U);
  EXPECT_FALSE(knows(keys, 2, 5s));
  EXPECT_TRUE(knows(keys, 3, 5s));
  keys.remember(done(6, 48h, 6));
  EXPECT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.displaced(), 2U) << "those that were too old went in their time";
}

// Were all forgotten at once, the first command of the next day would hold whoever calls for as long as the table is large.
TEST(RetryKeys, ManyThatFallDueAreForgottenAFewAtATimeAndDoNotHoldMeanwhile) {
  retry_keys keys;
  for (std::uint64_t i = 1; i <= 1'000; ++i) keys.remember(done(i, 0s, i));
  keys.remember(done(5'000, 25h, 1'001));
  EXPECT_GT(keys.size(), 900U);
  retry_keys alone;
  alone.remember(done(5'000, 25h, 1'001));
  EXPECT_EQ(state_of(keys), state_of(alone));
  for (std::uint64_t i = 2; i <= 300; ++i) keys.remember(done(5'000 + i, 25h, 1'000 + i));
  EXPECT_EQ(keys.size(), 300U);
}

TEST(RetryKeys, APassTakesWhatIsNewAndNoMore) {
  retry_keys keys;
  rows saved;
  saved.pass(keys);
  EXPECT_EQ(saved.size(), 0U);
  for (std::uint64_t i = 0; i < 600; ++i) keys.remember(done(i, 0s, i + 1));
  saved.pass(keys);
  EXPECT_EQ(saved.size(), 3U);
  EXPECT_EQ(state_of(saved.restored()), state_of(keys));
  keys.begin_pass();
  EXPECT_FALSE(keys.take_changed()) << "nothing has changed since";
  keys.remember(done(1'000, 0s, 1'000));
  EXPECT_FALSE(keys.take_changed()) << "it came behind the beginning of the pass";
  saved.pass(keys);
  EXPECT_EQ(state_of(saved.restored()), state_of(keys));
  keys.mark_changed();
  keys.begin_pass();
  int blocks = 0;
  while (keys.take_changed()) ++blocks;
  EXPECT_EQ(blocks, 3);
}

TEST(RetryKeys, RowsAreLimitedAndWhatIsLeftInThemDoesNoHarm) {
  constexpr std::size_t capacity = 1'000;
  retry_keys keys{capacity};
  rows saved;
  for (std::uint64_t i = 1; i <= 20'000; ++i) {
    keys.remember(done(i, milliseconds{i}, i));
    if (i % 700 == 0) saved.pass(keys);
  }
  EXPECT_LE(saved.size(), capacity / retry_keys::block_entries + 2);
  saved.pass(keys);
  EXPECT_EQ(state_of(saved.restored(capacity)), state_of(keys));
  EXPECT_EQ(saved.restored(capacity).size(), capacity);
  EXPECT_EQ(saved.restored(capacity).displaced(), 0U);
}

TEST(RetryKeys, BytesThatNoSaveWroteAreRefused) {
  retry_keys keys;
  for (std::uint64_t i = 1; i <= 3; ++i) keys.remember(done(i, 0s, i));
  std::string row;
  byte_writer out{row};
  keys.save_block(0, out);
  const auto whole = row.size() / 3;
  for (std::size_t size = 0; size <= row.size(); ++size) {
    EXPECT_EQ(retry_keys{}.restore({std::string_view{row}.substr(0, size)}), size % whole == 0) << size;
  }
  std::mt19937 dice{42};
  for (int i = 0; i < 2'000; ++i) {
    std::string bad = row;
    for (auto flips = 1 + dice() % 4; flips-- > 0;) bad[dice() % bad.size()] = static_cast<char>(dice());
    retry_keys any{100};
    if (any.restore({bad})) any.remember(done(9, 48h, 1'000));
  }
}

TEST(RetryKeys, ARowThatIsThereTwiceCountsOnce) {
  retry_keys keys;
  for (std::uint64_t i = 1; i <= 3; ++i) keys.remember(done(i, 0s, i));
  std::string row;
  byte_writer out{row};
  keys.save_block(0, out);
  retry_keys restored;
  ASSERT_TRUE(restored.restore({row, row}));
  EXPECT_EQ(state_of(restored), state_of(keys));
}

/// A slow table that is right: the newest `capacity` that were remembered, of them those that hold.
class plain_table {
 public:
  explicit plain_table(std::size_t capacity) : capacity_{capacity} {}
  void remember(const retry_keys::entry& e) { all_.push_back(e); }
  const retry_keys::entry* find(const retry_key::digest& key, utc_time now) const {
    for (std::size_t i = all_.size(); i-- > first();) {
      if (all_[i].asked.key == key) return all_[i].when + 24h >= now ? &all_[i] : nullptr;
    }
    return nullptr;
  }

 private:
  std::size_t first() const { return all_.size() > capacity_ ? all_.size() - capacity_ : 0; }
  std::size_t capacity_;
  std::vector<retry_keys::entry> all_;
};

class RetryKeysAtRandom : public ::testing::TestWithParam<unsigned> {};

// Keys come, are asked for and are saved in passes, some of which end half-way; now and then a row cannot be written, or the
// process dies, and what the rows do not have comes from the journal.
TEST_P(RetryKeysAtRandom, AreAsRightAsAPlainTableThroughCrashesAndSnapshots) {
  std::mt19937 dice{GetParam()};
  const auto upto = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(dice); };
  const std::size_t capacity = 1 + upto(700);
  const std::size_t choice = 1 + upto(1'500);
  retry_keys keys{capacity};
  plain_table right{capacity};
  rows saved;
  std::vector<retry_keys::entry> journal;
  std::size_t replay_from = 0;
  std::size_t began_at = 0;
  bool passing = false;
  bool lost_a_row = false;
  milliseconds now{};
  for (int step = 0; step < 6'000; ++step) {
    now += milliseconds{upto(60'000)};
    const auto which = upto(choice);
    const auto* const found = keys.find(key(which).key, morning + now);
    const auto* const expected = right.find(key(which).key, morning + now);
    ASSERT_EQ(found != nullptr, expected != nullptr) << step;
    if (found) {
      ASSERT_EQ(found->offset, expected->offset);
    } else {
      journal.push_back(done(which, now, journal.size() + 1));
      keys.remember(journal.back());
      right.remember(journal.back());
    }
    if (!passing && upto(200) == 0) {
      if (std::exchange(lost_a_row, false)) keys.mark_changed();
      keys.begin_pass();
      passing = true;
      began_at = journal.size();
    }
    if (passing && upto(100) == 0 && keys.take_changed()) {
      lost_a_row = true;
      passing = false;
    }
    if (passing && upto(4) == 0 && !saved.take(keys)) {
      passing = false;
      replay_from = began_at;
    }
    if (upto(500) != 0) continue;
    passing = lost_a_row = false;
    const auto before = state_of(keys);
    keys = saved.restored(capacity);
    const auto held = keys.newest() ? keys.newest()->offset : 0;
    ASSERT_GE(held, replay_from) << "what an ended pass has need not be replayed";
    for (std::size_t i = replay_from; i < journal.size(); ++i) {
      if (journal[i].offset > held) keys.remember(journal[i]);
    }
    ASSERT_EQ(state_of(keys), before) << step;
  }
  EXPECT_LE(keys.size(), capacity);
}
INSTANTIATE_TEST_SUITE_P(Seeds, RetryKeysAtRandom, ::testing::Range(1u, 21u));

}  // namespace
}  // namespace haulcast::engine
