#include "haulcast/journal/committer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;

class Committer : public testing::Test {
 protected:
  void begin() {
    committer_ = std::make_unique<committer>(*log_, committer::callbacks{.committed =
                                                                             [this](const commit_report& r) {
                                                                               const std::lock_guard lock{mutex_};
                                                                               groups_.push_back(r.committed);
                                                                             },
                                                                         .failed =
                                                                             [this](std::error_code error) {
                                                                               const std::lock_guard lock{mutex_};
                                                                               failures_.push_back(error);
                                                                             }});
  }
  /// Holds the thread in a task, so that what is submitted meanwhile gathers.
  std::promise<void> hold() {
    std::promise<void> go;
    auto gone = std::make_shared<std::future<void>>(go.get_future());
    std::promise<void> held;
    auto is_held = held.get_future();
    committer_->run([gone, &held] {
      held.set_value();
      gone->wait();
    });
    is_held.wait();
    return go;
  }
  void wait_for_all() {
    std::promise<void> reached;
    committer_->run([&] { reached.set_value(); });
    reached.get_future().wait();
  }
  std::vector<offset_t> firsts() {
    const std::lock_guard lock{mutex_};
    std::vector<offset_t> all;
    for (const auto& g : groups_) all.push_back(g->first);
    return all;
  }

  directory d_;
  std::unique_ptr<segment_log> log_ = scratch::open(d_.path());
  std::mutex mutex_;
  std::vector<shared_group> groups_;
  std::vector<std::error_code> failures_;
  std::unique_ptr<committer> committer_;
};

TEST_F(Committer, CommitsWhatHasGatheredAsOneGroup) {
  begin();
  auto go = hold();
  for (offset_t o = 1; o <= 9; o += 3) committer_->submit(saying(o, 3));
  EXPECT_EQ(log_->last_offset(), 0u);
  go.set_value();
  wait_for_all();
  ASSERT_EQ(groups_.size(), 1u);
  EXPECT_EQ(groups_[0]->first, 1u);
  EXPECT_EQ(groups_[0]->count, 9u);
  EXPECT_EQ(records_of(*groups_[0]).at(8), says(9));
  EXPECT_EQ(log_->last_offset(), 9u);
}

TEST_F(Committer, CommitsInOrderWhateverGathers) {
  begin();
  for (offset_t o = 1; o <= 500; ++o) committer_->submit(saying(o));
  committer_->stop();
  offset_t next = 1;
  for (const auto& g : groups_) {
    EXPECT_EQ(g->first, next);
    next = g->last() + 1;
  }
  EXPECT_EQ(next, 501u);
  EXPECT_EQ(log_->last_offset(), 500u);
}

TEST_F(Committer, DoesNotMergeWithoutBound) {
  begin();
  auto go = hold();
  for (offset_t o = 1; o <= 40; ++o) committer_->submit(saying(o, 1, 1 << 20));
  go.set_value();
  wait_for_all();
  EXPECT_GT(groups_.size(), 1u) << "a reader of one record reads its whole group";
  for (const auto& g : groups_) EXPECT_LE(g->bytes.size(), 17u << 20);
  EXPECT_EQ(log_->last_offset(), 40u);
}

TEST_F(Committer, StopCommitsWhatWaitsAndRunsTheTasks) {
  begin();
  auto go = hold();
  std::atomic<bool> ran{false};
  committer_->submit(saying(1));
  committer_->run([&] { ran = true; });
  go.set_value();
  committer_->stop();
  committer_->stop();
  EXPECT_TRUE(ran);
  EXPECT_EQ(log_->last_offset(), 1u);
}

TEST_F(Committer, AFailureDropsTheRestUntilResume) {
  begin();
  committer_->submit(saying(1, 3));
  wait_for_all();
  {
    const full_disk full{log_->bytes() + 50};
    committer_->submit(saying(4, 50));
    wait_for_all();
  }
  committer_->submit(saying(54));
  committer_->submit(saying(55));
  wait_for_all();
  EXPECT_EQ(failures_.size(), 1u);
  EXPECT_EQ(log_->last_offset(), 3u);
  committer_->run([this] {
    EXPECT_FALSE(log_->restart());
    committer_->resume();
  });
  committer_->submit(group_of(4, {"sent again"}));
  committer_->stop();
  EXPECT_EQ(failures_.size(), 1u);
  EXPECT_EQ(record_at(*log_, 4), "sent again");
}

// The loop asks for resume() and submits at once, before the thread has looked at either.
TEST_F(Committer, WhatIsSubmittedBehindTheResumeIsCommittedAndWhatCameBeforeIsNot) {
  begin();
  committer_->submit(saying(1, 3));
  wait_for_all();
  {
    const full_disk full{log_->bytes() + 50};
    committer_->submit(saying(4, 50));
    wait_for_all();
  }
  ASSERT_EQ(failures_.size(), 1u);
  ASSERT_FALSE(log_->restart());
  auto go = hold();
  committer_->submit(group_of(54, {"built on what is not there"}));
  committer_->run([this] { committer_->resume(); });
  committer_->submit(group_of(4, {"the first of the new life"}));
  committer_->submit(group_of(5, {"the second"}));
  go.set_value();
  committer_->stop();
  EXPECT_EQ(log_->last_offset(), 5u);
  EXPECT_EQ(record_at(*log_, 4), "the first of the new life");
  EXPECT_EQ(firsts(), (std::vector<offset_t>{1, 4}));
}

TEST_F(Committer, TasksSeeWhatWasSubmittedBeforeThem) {
  begin();
  auto go = hold();
  offset_t seen_by_first = 0;
  offset_t seen_by_second = 0;
  committer_->submit(saying(1));
  committer_->run([&] { seen_by_first = log_->last_offset(); });
  committer_->submit(saying(2));
  committer_->run([&] { seen_by_second = log_->last_offset(); });
  go.set_value();
  committer_->stop();
  EXPECT_EQ(seen_by_first, 1u);
  EXPECT_EQ(seen_by_second, 2u);
}

}  // namespace
}  // namespace haulcast::journal
