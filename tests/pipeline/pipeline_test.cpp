#include "haulcast/pipeline/pipeline.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "pipeline/spine.hpp"

namespace haulcast::pipeline {
namespace {

using namespace words;

class Pipeline : public ::testing::Test {
 protected:
  journal::scratch::directory dir;
};

TEST_F(Pipeline, NobodySeesWhatIsAppliedAndNotCommitted) {
  spine s{dir.path()};
  viewer v;
  s.fan_out.join(v);
  s.fan_out.follow_all(v, true);
  const auto a = s.submit({{"TRK-1", 0, 30}});
  s.loop.poll_one();  // applied; not even handed to the journal's thread
  EXPECT_GT(s.p->pending_bytes(), 0U);
  EXPECT_FALSE(a->got);
  EXPECT_FALSE(s.p->live().find("TRK-1"));
  EXPECT_TRUE(v.waiting.empty());
  EXPECT_EQ(s.p->told(), 1U);

  const receipt& r = s.wait(a).value();
  EXPECT_EQ(r.accepted, 1U);
  EXPECT_EQ(a->durable_then, 2U);
  EXPECT_EQ(s.told_speed("TRK-1"), 30);
  EXPECT_EQ(s.p->told(), 2U);
  EXPECT_EQ(v.positions(), "TRK-1 30");
  EXPECT_EQ(v.event_types(), "online");
  EXPECT_EQ(s.p->pending_bytes(), 0U);
  s.fan_out.leave(v);
}

TEST_F(Pipeline, EveryAnswerFindsItsRecordDurable) {
  spine s{dir.path()};
  std::vector<std::shared_ptr<answer>> answers;
  for (int i = 0; i < 300; ++i) answers.push_back(s.submit({{"TRK-" + std::to_string(i % 7), i}}));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    s.wait(answers[i]);
    ASSERT_TRUE(answers[i]->taken());
    ASSERT_GE(answers[i]->durable_then, 2 + i);
  }
  EXPECT_LT(s.p->metrics().commits, 300U) << "what gathers is committed together";
  EXPECT_EQ(s.p->metrics().records, 300U);
}

TEST_F(Pipeline, TheSameBatchTwiceAtOnceIsTakenOnceAndBothWaitForTheCommit) {
  spine s{dir.path()};
  const auto first = s.submit({{"TRK-1", 0}, {"TRK-1", 1}});
  const auto second = s.submit({{"TRK-1", 0}, {"TRK-1", 1}});
  s.loop.poll_one();
  s.loop.poll_one();
  EXPECT_FALSE(second->got) << "a duplicate of what may yet be lost";
  EXPECT_EQ(s.wait(first).value().accepted, 2U);
  EXPECT_EQ(s.wait(second).value().accepted, 0U);
  EXPECT_EQ(s.wait(second).value().duplicates, 2U);
  EXPECT_GE(second->durable_then, 3U);
}

TEST_F(Pipeline, CountsWhatBecameOfEachPosition) {
  spine s{dir.path()};
  s.take({{"TRK-1", 100}});
  const receipt& r = s.take({{"TRK-1", 100}, {"TRK-1", 50}, {"TRK-1", 101}, {"TRK-2", 1}});
  EXPECT_EQ(r.accepted, 3U);
  EXPECT_EQ(r.duplicates, 1U);
  EXPECT_EQ(r.late, 1U);
  EXPECT_EQ(s.p->metrics().verdicts[static_cast<std::size_t>(engine::verdict::late)], 1U);
}

TEST_F(Pipeline, NewTrucksBeyondTheMostAreRefusedInTheirPlacesAndKnownOnesGoOn) {
  auto options = small();
  options.max_trucks = 3;
  spine s{dir.path(), options};
  s.take({{"TRK-1", 0}, {"TRK-2", 0}});
  auto b = batch_of({{"NEW-A", 0}, {"TRK-2", 1}, {"NEW-B", 0}, {"NEW-A", 1}, {"NEW-C", 0}, {"TRK-1", 1}});
  for (auto& p : b->positions) p.index += p.index >= 3 ? 1 : 0;  // the fourth sent was refused at the door
  b->rejected.push_back({3, engine::reject_code::latitude_missing, {}, {}});
  const auto answered = s.submit(std::move(b));
  const receipt& r = s.wait(answered).value();
  EXPECT_EQ(r.accepted, 4U);
  std::vector<std::pair<std::uint32_t, engine::reject_code>> refused;
  for (const auto& each : r.input->rejected) refused.emplace_back(each.index, each.code);
  EXPECT_EQ(refused, (std::vector<std::pair<std::uint32_t, engine::reject_code>>{{2, engine::reject_code::too_many_trucks},
                                                                                 {3, engine::reject_code::latitude_missing},
                                                                                 {5, engine::reject_code::too_many_trucks}}));
  EXPECT_EQ(s.p->sizes().trucks, 3U);
  EXPECT_TRUE(s.p->live().find("NEW-A"));
  EXPECT_FALSE(s.p->live().find("NEW-B"));
  EXPECT_EQ(s.take({{"NEW-B", 5}}).accepted, 0U);
  EXPECT_EQ(s.take({{"NEW-A", 5}}).accepted, 1U);
}

TEST_F(Pipeline, TooMuchThatWaitsForTheCommitIsRefusedAndTakenLater) {
  auto options = small();
  options.max_pending_bytes = 1;
  spine s{dir.path(), options};
  const auto first = s.submit({{"TRK-1", 0}});
  const auto second = s.submit({{"TRK-1", 1}});
  EXPECT_TRUE(s.wait(first).has_value());
  s.wait(second);
  EXPECT_TRUE(second->refused_with(refusal::overloaded));
  EXPECT_EQ(s.take({{"TRK-1", 1}}).accepted, 1U);
}

TEST_F(Pipeline, AJournalThatReachedItsCapRefuses) {
  auto options = small();
  options.journal_max_bytes = 8'000;
  options.retention = std::chrono::hours{0};
  spine s{dir.path(), options, 1'000};
  int second = 0;
  while (s.log->bytes() < 8'000) s.take({{"TRK-1", second++}});
  s.p->start();  // looks at sizes from now on
  ASSERT_TRUE(s.until([&] { return s.p->closed() == refusal::storage_full; }));
  const auto refused = s.submit({{"TRK-1", second}});
  s.wait(refused);
  EXPECT_TRUE(refused->refused_with(refusal::storage_full));
  EXPECT_NE(s.p->not_ready_because().find("storage is full"), std::string::npos);
}

TEST_F(Pipeline, RoomComesBackOnceASnapshotLetsOldRecordsGo) {
  auto options = small();
  options.journal_max_bytes = 8'000;
  options.retention = std::chrono::hours{0};
  options.snapshot_positions = 1;
  spine s{dir.path(), options, 1'000};
  for (int second = 0; s.log->bytes() < 8'000; ++second) s.take({{"TRK-1", second}});
  s.p->start();
  ASSERT_TRUE(s.until([&] { return s.p->closed() == refusal::storage_full; }));
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  EXPECT_EQ(s.take({{"TRK-1", 5'000}}).accepted, 1U);
  EXPECT_GT(s.p->first_offset(), 1U);
  EXPECT_EQ(s.p->not_ready_because(), "");
}

TEST_F(Pipeline, SilenceBecomesAnOfflineEventThatIsRecordedAndTold) {
  auto options = small();
  options.rules.offline_after = std::chrono::seconds{1};
  spine s{dir.path(), options};
  viewer v;
  s.fan_out.join(v);
  s.fan_out.follow_all(v, true);
  s.take({{"TRK-1", 0}, {"TRK-2", 0}});
  const offset_t before = s.p->told();
  s.p->start();
  ASSERT_TRUE(s.until([&] { return s.p->told() > before; }));
  EXPECT_EQ(v.event_types(), "online, online, offline, offline");
  EXPECT_EQ(s.p->live().at(*s.p->live().find("TRK-1")).status, engine::truck_status::offline);
  EXPECT_EQ(s.p->told(), before + 1);
  EXPECT_EQ(s.log->last_offset(), before + 1);
  s.fan_out.leave(v);
}

TEST_F(Pipeline, WindowsShrinkToTheirBudgetAndARestartAgrees) {
  auto options = small();
  options.window_budget_bytes = 20'000;
  {
    spine s{dir.path(), options};
    for (const auto* id : {"TRK-1", "TRK-2", "TRK-3", "TRK-4"}) {
      std::vector<report> hours;
      for (int i = 0; i < 2'000; ++i) hours.push_back({id, i * 5});
      s.take(hours);
    }
    ASSERT_GT(s.p->sizes().window_bytes, options.window_budget_bytes);
    s.p->start();
    EXPECT_TRUE(s.until([&] { return s.p->sizes().window_bytes <= options.window_budget_bytes; }))
        << s.p->sizes().window_bytes << ": none is silent, so all are cut in the second round";
    EXPECT_EQ(s.take({{"TRK-1", 1'999 * 5}}).duplicates, 1U) << "the newest part stays exact";
  }
  recovered_digest(dir.path());
}

TEST_F(Pipeline, DrainEndsWhenAllThatWasTakenIsTold) {
  spine s{dir.path()};
  const auto a = s.submit({{"TRK-1", 0}});
  s.loop.poll_one();
  bool drained = false;
  net::co_spawn(s.loop, s.p->drain(), [&](std::exception_ptr) {
    drained = true;
    EXPECT_TRUE(a->taken());
  });
  const auto refused = s.submit({{"TRK-1", 1}});
  ASSERT_TRUE(s.until([&] { return drained; }));
  s.wait(refused);
  EXPECT_TRUE(refused->refused_with(refusal::shutting_down));
  EXPECT_EQ(s.p->not_ready_because(), "stopping");

  bool again = false;
  net::co_spawn(s.loop, s.p->drain(), [&](std::exception_ptr) { again = true; });
  EXPECT_TRUE(s.until([&] { return again; })) << "with nothing in flight it ends at once";
}

TEST_F(Pipeline, AWaitForNewsEndsWhenSomethingIsTold) {
  spine s{dir.path()};
  net::steady_timer news{s.loop, std::chrono::steady_clock::time_point::max()};
  bool woken = false;
  s.p->await_news(news);
  news.async_wait([&](boost::system::error_code) { woken = true; });
  s.take({{"TRK-1", 0}});
  EXPECT_TRUE(s.until([&] { return woken; }));
  s.p->forget(news);
}

std::string offsets_of(const result<journal::shared_group, journal::read_error>& g) {
  if (!g) return g.error() == journal::read_error::expired ? "expired" : "unreadable";
  if (!*g) return "none";
  return std::to_string((*g)->first) + "-" + std::to_string((*g)->last());
}

net::awaitable<void> read_at(pipeline& p, offset_t offset, std::string& into) {
  auto pending = p.group_at(offset);
  into = offsets_of(co_await std::move(pending));
}

TEST_F(Pipeline, GroupsAreReadFromMemoryFromFilesAndNotWhenDropped) {
  auto options = small();
  options.memory_bytes = 1;  // the newest group alone
  options.retention = std::chrono::hours{0};
  options.snapshot_positions = 1;
  spine s{dir.path(), options, 1'000};
  const auto group_at = [&](offset_t offset) {
    std::string found;
    net::co_spawn(s.loop, read_at(*s.p, offset, found), net::detached);
    s.until([&] { return !found.empty(); });
    return found;
  };
  for (int second = 0; second < 50; ++second) s.take({{"TRK-1", second}});
  EXPECT_EQ(group_at(51), "51-51");
  EXPECT_EQ(group_at(2), "2-2");
  EXPECT_EQ(group_at(1), "1-1");
  s.p->start();
  ASSERT_TRUE(s.until([&] { return s.p->first_offset() > 2; }));
  EXPECT_EQ(group_at(2), "expired");
  EXPECT_EQ(group_at(51), "51-51");
}

TEST_F(Pipeline, ABurstIsToldInShortTurns) {
  spine s{dir.path()};
  std::vector<std::unique_ptr<viewer>> viewers;
  for (int i = 0; i < 50; ++i) {
    viewers.push_back(std::make_unique<viewer>());
    s.fan_out.join(*viewers.back());
    s.fan_out.follow_all(*viewers.back(), true);
  }
  std::vector<std::shared_ptr<answer>> answers;
  for (int i = 0; i < 3'000; ++i) answers.push_back(s.submit({{"TRK-" + std::to_string(i % 100), i}}));
  turn_watch watch;
  ASSERT_TRUE(s.until([&] {
    watch.turn(s.loop);
    return answers.back()->got.has_value();
  }));
  RecordProperty("longest_turn_us", static_cast<int>(watch.longest / 1us));
  EXPECT_LT(watch.longest, 20ms) << "a sanitizer's build is slower; otherwise it is about one";
  for (auto& v : viewers) s.fan_out.leave(*v);
}

TEST_F(Pipeline, GoesAwayWithEverythingInFlight) {
  auto s = std::make_unique<spine>(dir.path());
  s->p->start();
  std::string found;
  for (int i = 0; i < 100; ++i) s->submit({{"TRK-1", i}});
  net::co_spawn(s->loop, read_at(*s->p, 1, found), net::detached);
  for (int i = 0; i < 120; ++i) s->loop.poll_one();
  s.reset();
  EXPECT_EQ(recovered_digest(dir.path()).size(), 64U);
}

}  // namespace
}  // namespace haulcast::pipeline
