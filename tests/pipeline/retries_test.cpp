// Commands that are sent again under their retry keys, while the first waits for its commit and after.
#include <gtest/gtest.h>

#include "haulcast/pipeline/pipeline.hpp"
#include "pipeline/spine.hpp"

namespace haulcast::pipeline {
namespace {

using namespace words;
using engine::command_outcome;
using engine::command_status;
using journal::scratch::full_disk;

engine::retry_key key(std::uint64_t which, std::uint64_t request) { return {{which, 0}, {request, 0}}; }
const engine::any_command removing = engine::remove_truck{.truck_id = "TRK-1"};

class Retries : public ::testing::Test {
 protected:
  journal::scratch::directory dir;
};

TEST_F(Retries, AreToldTheSameNoRecordIsMadeAndTheyAreCounted) {
  spine s{dir.path()};
  const auto first = s.outcome_of(s.ask(spine::registering("TRK-1", "One"), key(1, 1)));
  EXPECT_EQ(first, (command_outcome{command_status::created, 2}));
  EXPECT_EQ(s.put("TRK-1", "Two"), command_status::updated);
  const auto again = s.ask(spine::registering("TRK-1", "One"), key(1, 1));
  EXPECT_EQ(s.outcome_of(again), (command_outcome{command_status::created, 2, true}));
  EXPECT_EQ(s.decided(s.ask(removing, key(1, 2))), command_status::key_reused);
  EXPECT_EQ(s.told_name("TRK-1"), "Two");
  EXPECT_EQ(s.log->last_offset(), 3U);
  EXPECT_EQ(s.p->sizes().retry_keys, 1U);
  EXPECT_EQ(s.p->metrics().commands[static_cast<std::size_t>(command_status::created)], 1U);
  EXPECT_EQ(s.p->metrics().commands[static_cast<std::size_t>(command_status::key_reused)], 1U);
  EXPECT_EQ(s.p->metrics().commands_again, 1U);
}

// Its answer was lost on the way, not its command: the retry may come before the disk has the first.
TEST_F(Retries, OneThatComesWhileTheFirstWaitsForItsCommitWaitsWithIt) {
  spine s{dir.path()};
  const auto first = s.ask(spine::registering("TRK-1", "One"), key(1, 1));
  const auto again = s.ask(spine::registering("TRK-1", "One"), key(1, 1));
  const auto other = s.ask(spine::registering("TRK-1", "Two"), key(1, 2));
  for (int i = 0; i < 3; ++i) s.loop.poll_one();
  EXPECT_FALSE(first->got);
  EXPECT_FALSE(again->got);
  EXPECT_EQ(s.outcome_of(again), (command_outcome{command_status::created, 2, true}));
  EXPECT_TRUE(first->got) << "answers come in their order";
  EXPECT_EQ(again->durable_then, 2U);
  EXPECT_EQ(s.decided(other), command_status::key_reused);
  EXPECT_EQ(s.p->pending_bytes(), 0U);
}

TEST_F(Retries, WhenTheFirstsCommitFailsBothFailAndTheKeyIsFreeAgain) {
  spine s{dir.path()};
  {
    const full_disk full{32};
    const auto lost = s.ask(spine::registering("TRK-1", "One"), key(1, 1));
    const auto again = s.ask(spine::registering("TRK-1", "One"), key(1, 1));
    for (const auto& a : {lost, again}) {
      ASSERT_TRUE(s.until([&] { return a->got.has_value(); }));
      EXPECT_TRUE(a->refused_with(refusal::not_committed));
    }
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  EXPECT_EQ(s.p->sizes().retry_keys, 0U);
  EXPECT_EQ(s.p->metrics().commands_again, 0U);
  const auto later = s.outcome_of(s.ask(spine::registering("TRK-1", "Two"), key(1, 2)));
  EXPECT_EQ(later.what, command_status::created);
  EXPECT_FALSE(later.again);
  s.p.reset();
  EXPECT_EQ(recovered_digest(dir.path()).size(), 64U);
}

TEST_F(Retries, AreKnownAfterARestartFromTheJournalAndFromSnapshots) {
  auto options = small();
  options.snapshot_interval = std::chrono::seconds{0};
  {
    spine s{dir.path()};
    s.outcome_of(s.ask(spine::registering("TRK-1", "One"), key(1, 1)));
  }
  {
    spine s{dir.path(), options};
    s.p->start();
    EXPECT_EQ(s.outcome_of(s.ask(spine::registering("TRK-1", "One"), key(1, 1))),
              (command_outcome{command_status::created, 2, true}));
    s.outcome_of(s.ask(removing, key(2, 2)));
    const auto passes = s.p->snapshots().passes;
    ASSERT_TRUE(s.until([&] { return s.p->snapshots().passes >= passes + 2; }));
    EXPECT_GT(s.p->snapshots().replay_from, 2U);
  }
  spine s{dir.path()};
  EXPECT_EQ(s.p->sizes().retry_keys, 2U);
  EXPECT_EQ(s.outcome_of(s.ask(spine::registering("TRK-1", "One"), key(1, 1))),
            (command_outcome{command_status::created, 2, true}));
  EXPECT_EQ(s.outcome_of(s.ask(removing, key(2, 2))), (command_outcome{command_status::removed, 0, true}));
  EXPECT_EQ(s.p->metrics().replay_differences, 0U);
  s.p.reset();
  EXPECT_EQ(recovered_digest(dir.path()).size(), 64U);
}

}  // namespace
}  // namespace haulcast::pipeline
