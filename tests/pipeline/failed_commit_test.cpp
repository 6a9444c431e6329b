// What a disk that fills up does to those who are waiting, and to those who come later.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "haulcast/pipeline/pipeline.hpp"
#include "pipeline/spine.hpp"

namespace haulcast::pipeline {
namespace {

using namespace words;
using journal::scratch::full_disk;

class FailedCommit : public ::testing::Test {
 protected:
  journal::scratch::directory dir;
};

TEST_F(FailedCommit, IsNotAcknowledgedNotSeenAndHealsByItself) {
  spine s{dir.path()};
  viewer v;
  s.fan_out.join(v);
  s.fan_out.follow_all(v, true);
  s.take({{"TRK-1", 0, 30}});
  EXPECT_EQ(v.positions(), "TRK-1 30");
  {
    const full_disk full{32};
    const auto lost = s.submit({{"TRK-1", 1, 31}, {"TRK-2", 0, 20}});
    const auto duplicate = s.submit({{"TRK-1", 1, 31}});
    s.wait(lost);
    s.wait(duplicate);
    EXPECT_TRUE(lost->refused_with(refusal::not_committed));
    EXPECT_TRUE(duplicate->refused_with(refusal::not_committed)) << "it rests on what was lost";
    EXPECT_EQ(s.told_speed("TRK-1"), 30);
    EXPECT_FALSE(s.p->live().find("TRK-2"));
    EXPECT_EQ(v.positions(), "");
    EXPECT_EQ(s.p->closed(), refusal::not_ready);
    EXPECT_EQ(s.p->sizes().trucks, 2U) << "of the world that was, while there is none";
    EXPECT_NE(s.p->not_ready_because().find("the journal cannot commit"), std::string::npos);
    const auto early = s.submit({{"TRK-1", 1, 31}});
    s.wait(early);
    EXPECT_TRUE(early->refused_with(refusal::not_ready));
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  EXPECT_EQ(s.p->not_ready_because(), "");
  const receipt& r = s.take({{"TRK-1", 0, 30}, {"TRK-1", 1, 31}, {"TRK-2", 0, 20}});
  EXPECT_EQ(r.duplicates, 1U);
  EXPECT_EQ(r.accepted, 2U);
  EXPECT_EQ(v.positions(), "TRK-1 31, TRK-2 20");
  EXPECT_EQ(s.p->metrics().failed_commits, 1U);
  EXPECT_EQ(s.p->metrics().replay_differences, 0U);
  s.fan_out.leave(v);

  s.p.reset();
  const auto life = journal::recover(*s.log, nullptr, 1'000).value();
  EXPECT_EQ(life.world.at(*life.world.find("TRK-1")).newest.get().speed_kmh, 31);
  EXPECT_EQ(life.differences, 0U);
}

// The groups before it went well and were not told yet: they are acknowledged, and only those behind are not.
TEST_F(FailedCommit, FailsExactlyWhatIsBehindTheLastCommit) {
  spine s{dir.path()};
  viewer v;
  s.fan_out.join(v);
  s.fan_out.follow_all(v, true);
  std::vector<std::shared_ptr<answer>> well;
  for (int i = 0; i < 2'000; ++i) well.push_back(s.submit({{"TRK-1", i, 30}}));
  s.loop.poll();  // handed over
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (s.log->last_offset() < 2'001 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  ASSERT_EQ(s.log->last_offset(), 2'001U);
  std::shared_ptr<answer> lost;
  {
    const full_disk full{32};
    lost = s.submit({{"TRK-1", 5'000, 31}});
    s.wait(lost);
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  for (const auto& a : well) ASSERT_TRUE(s.wait(a).has_value());
  EXPECT_TRUE(lost->refused_with(refusal::not_committed));
  EXPECT_EQ(s.told_speed("TRK-1"), 30);
  EXPECT_EQ(s.take({{"TRK-1", 5'000, 31}}).accepted, 1U);
  EXPECT_EQ(s.take({{"TRK-1", 1'999, 30}}).duplicates, 1U);
  s.fan_out.leave(v);
  s.p.reset();
  EXPECT_EQ(journal::recover(*s.log, nullptr, 1'000).value().differences, 0U);
}

TEST_F(FailedCommit, TruckIndexesMayChangeAndSubscribersDoNotNotice) {
  spine s{dir.path()};
  viewer v;
  s.fan_out.join(v);
  s.fan_out.follow(v, "TRK-3", std::nullopt);
  s.take({{"TRK-1", 0}});
  {
    const full_disk full{32};
    s.wait(s.submit({{"TRK-2", 0}}));  // takes index 1, and loses it
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  s.take({{"TRK-3", 0, 33}});
  s.take({{"TRK-2", 0, 22}});
  s.take({{"TRK-3", 1, 34}});
  EXPECT_EQ(v.positions(), "TRK-3 33, TRK-3 34");
  EXPECT_EQ(s.told_speed("TRK-2"), 22);
  s.fan_out.leave(v);
}

TEST_F(FailedCommit, HappensAgainAndAgainWhileSnapshotsAreTaken) {
  auto options = small();
  options.snapshot_positions = 1;
  {
    spine s{dir.path(), options};
    s.p->start();
    int second = 0;
    for (int round = 0; round < 2; ++round) {
      const auto passes = s.p->snapshots().passes;
      while (s.p->snapshots().passes == passes && second < 100'000) {
        s.take({{"TRK-" + std::to_string(second % 50), second}});
        ++second;
      }
      {
        const full_disk full{32};
        s.wait(s.submit({{"TRK-1", 500'000}}));
        for (int i = 0; i < 20; ++i) s.loop.run_one_for(1ms);
      }
      ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
    }
    EXPECT_EQ(s.take({{"TRK-1", 500'000}}).accepted, 1U);
    EXPECT_EQ(s.p->metrics().replay_differences, 0U);
  }
  EXPECT_EQ(recovered_digest(dir.path()).size(), 64U);
}

TEST_F(FailedCommit, DrainDoesNotWaitForADiskThatStaysFull) {
  spine s{dir.path()};
  const full_disk full{32};
  const auto lost = s.submit({{"TRK-1", 0}});
  s.loop.poll_one();
  bool drained = false;
  net::co_spawn(s.loop, s.p->drain(), [&](std::exception_ptr) { drained = true; });
  ASSERT_TRUE(s.until([&] { return drained; }));
  EXPECT_TRUE(lost->refused_with(refusal::not_committed));
}

TEST_F(FailedCommit, GoesAwayWhileTheWorldIsBeingRebuilt) {
  auto s = std::make_unique<spine>(dir.path());
  {
    const full_disk full{32};
    s->wait(s->submit({{"TRK-1", 0}}));
    s.reset();
  }
  EXPECT_EQ(recovered_digest(dir.path()).size(), 64U);
}

}  // namespace
}  // namespace haulcast::pipeline
