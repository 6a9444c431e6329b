#include "haulcast/consumers/store_consumer.hpp"

#include <gtest/gtest.h>

#include <future>

#include "consumers/kept_store.hpp"
#include "engine/story.hpp"
#include "journal/scratch.hpp"

namespace haulcast::consumers {
namespace {

using namespace engine::story;
using journal::scratch::group_of;
using state = store_figures::state;
using store::store_error;
using story::kept_rows;
using story::kept_store;

/// Waits for what another thread brings about, with a limit that only a broken one reaches.
template <class Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// A journal of positions, one a record, and a store in memory behind it.
class line_of_positions {
 public:
  explicit line_of_positions(std::uint64_t segment_bytes = 64ULL << 20)
      : log{journal::scratch::open(directory / "journal", journal::sync_mode::normal, segment_bytes)} {}

  void append(int positions, int in_a_group = 5) {
    while (positions > 0) {
      journal::group g{.first = log->last_offset() + 1, .count = 0, .bytes = {}};
      for (int i = 0; i < in_a_group && positions > 0; ++i, --positions) {
        out.clear();
        const auto b = batch_of(morning + seconds{sent}, {{"TRK-1", at(seconds{sent})}});
        world.apply(*b, g.last() + 1, out);
        std::string bytes;
        journal::encode_record(bytes, *b, out);
        journal::scratch::add(g, bytes);
        ++sent;
      }
      ASSERT_FALSE(log->append(g));
    }
  }
  std::unique_ptr<store_consumer> consumer(store_consumer_options options = quick()) {
    auto notes = journal::checkpoints::open(directory / "checkpoints", log->id(), {"store"});
    return std::make_unique<store_consumer>(*log, std::make_unique<kept_store>(rows), std::move(*notes), options);
  }
  static store_consumer_options quick() {
    store_consumer_options o;
    o.batch.rows = 7;
    o.busy_rows = 3;  // so that some batches are made ready while one is written
    o.flush_interval = 1ms;
    o.note_interval = 1ms;
    o.retry_first = 1ms;
    o.retry_most = 4ms;
    o.politeness = 0;
    return o;
  }
  journal::offset_t noted() const {
    return journal::checkpoints::open(directory / "checkpoints", log->id(), {"store"})->load("store")->offset;
  }
  template <class Change>
  void change(Change what) {
    const std::lock_guard lock{rows->mutex};
    what(*rows);
  }
  /// Each position once, and nothing else.
  void expect_all() {
    const std::lock_guard lock{rows->mutex};
    std::multiset<std::string> all;
    for (int i = 0; i < sent; ++i) all.insert("TRK-1 " + std::to_string(to_epoch_ms(morning + seconds{i})));
    EXPECT_EQ(rows->positions, all);
    EXPECT_EQ(rows->events.size(), 1u);
  }
  std::string why_not(store_consumer& c, bool adopt = false) {
    const auto ready = c.prepare(adopt);
    return ready ? "it starts" : ready.error().what;
  }

  journal::scratch::directory directory;
  std::unique_ptr<journal::segment_log> log;
  std::shared_ptr<kept_rows> rows = std::make_shared<kept_rows>();
  engine::world world{10};
  engine::outcome out;
  int sent = 0;
};

TEST(StoreConsumer, TakesWhatTheJournalHasAndThenWhatComes) {
  line_of_positions line;
  line.append(40);
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  EXPECT_EQ(c->holds(), 1u);
  c->start();
  ASSERT_TRUE(eventually([&] { return c->reached() == 40; }));
  line.append(30);
  ASSERT_TRUE(eventually([&] { return c->reached() == 70; }));
  ASSERT_TRUE(eventually([&] { return c->holds() == 71; }));
  ASSERT_TRUE(c->stop(60s));
  line.expect_all();
  EXPECT_EQ(line.noted(), 70u);
  const auto f = c->figures();
  EXPECT_EQ(f.now, state::running);
  EXPECT_EQ(f.positions, 70u);
  EXPECT_EQ(f.reached, 70u);
  EXPECT_EQ(f.heard, morning + 69s);
  EXPECT_EQ(f.failures, 0u);
  line.change([](kept_rows& r) {
    for (const auto rows : r.batches) EXPECT_LE(rows, 8u);
  });
}

// Answers about the past say that they are complete until then.
TEST(StoreConsumer, TheTimeItHasComeToGoesBackWithAStoreThatLostRows) {
  line_of_positions line;
  line.append(40);
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  c->start();
  ASSERT_TRUE(eventually([&] { return c->figures().heard == morning + 39s; }));
  line.change([&](kept_rows& r) {
    r.at = journal::checkpoint{line.log->id(), 20};
    r.refuses = [](const store::batch&) { return store_error{store::trouble::unavailable, "it was restored, and is busy"}; };
  });
  line.append(1);
  ASSERT_TRUE(eventually([&] { return c->reached() == 20; }));
  EXPECT_EQ(c->figures().heard, morning + 19s);
  ASSERT_TRUE(c->stop(60s));
}

TEST(StoreConsumer, AfterARestartItKnowsHowOldTheStoreIs) {
  line_of_positions line;
  line.append(40);
  line.change([&](kept_rows& r) { r.at = journal::checkpoint{line.log->id(), 33}; });
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  EXPECT_EQ(c->figures().heard, morning + 32s);
}

TEST(StoreConsumer, StoppingItTakesTheRest) {
  line_of_positions line;
  auto options = line_of_positions::quick();
  options.flush_interval = 1h;
  const auto c = line.consumer(options);
  ASSERT_TRUE(c->prepare(false));
  c->start();
  line.append(100);
  ASSERT_TRUE(c->stop(60s));
  line.expect_all();
  EXPECT_EQ(line.noted(), 100u);
}

TEST(StoreConsumer, AStoreThatHasMuchToTakeIsKeptUpAllTheSame) {
  line_of_positions line;
  line.append(700);
  auto options = line_of_positions::quick();
  options.busy_rows = 1;
  options.note_interval = 0ms;
  options.busy_upkeep_interval = 0ms;
  const auto c = line.consumer(options);
  ASSERT_TRUE(c->prepare(false));
  c->start();
  ASSERT_TRUE(eventually([&] { return c->reached() == 700; }));
  ASSERT_TRUE(c->stop(60s));
  line.change([](kept_rows& r) { EXPECT_TRUE(r.kept_up.contains(r.batches.size() / 2)); });
}

TEST(StoreConsumer, WhatIsNotDurableIsHeldForIt) {
  line_of_positions line;
  auto options = line_of_positions::quick();
  options.note_interval = 1h;
  const auto c = line.consumer(options);
  ASSERT_TRUE(c->prepare(false));
  c->start();
  line.append(10);
  ASSERT_TRUE(eventually([&] { return c->reached() == 10; }));
  EXPECT_LE(c->holds(), 10u) << "the first look notes, and that may be in the middle";
  ASSERT_TRUE(c->stop(60s));
  EXPECT_EQ(c->holds(), 11u);
}

TEST(StoreConsumer, ADeadStoreIsTriedAgainAndTheReasonTold) {
  line_of_positions line;
  line.append(20);
  line.change(
      [](kept_rows& r) { r.down = [] { return std::optional{store_error{store::trouble::unavailable, "it is down"}}; }; });
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false)) << "no reason not to start";
  c->start();
  ASSERT_TRUE(eventually([&] { return c->figures().failures > 3; }));
  EXPECT_EQ(c->figures().now, state::waiting);
  EXPECT_EQ(c->figures().why, "it is down");
  line.append(20);
  line.change([](kept_rows& r) { r.down = nullptr; });
  ASSERT_TRUE(eventually([&] { return c->reached() == 40; }));
  EXPECT_TRUE(eventually([&] { return c->figures().now == state::running && c->figures().why.empty(); }));
  ASSERT_TRUE(c->stop(60s));
  line.expect_all();
}

/// Does not answer until it is let go.
struct frozen_store {
  explicit frozen_store(line_of_positions& line) {
    line.change([wait = released.get_future().share()](kept_rows& r) {
      r.down = [wait]() -> std::optional<store_error> {
        wait.wait();
        return std::nullopt;
      };
    });
  }
  std::promise<void> released;
};

TEST(StoreConsumer, AStoreThatDoesNotAnswerHoldsUpNoStartAndIsWrittenWhenItDoes) {
  line_of_positions line;
  line.append(20);
  frozen_store store{line};
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false, 1ms));
  c->start();
  line.append(20);
  EXPECT_EQ(c->figures().now, state::beginning);
  store.released.set_value();
  ASSERT_TRUE(eventually([&] { return c->reached() == 40; }));
  ASSERT_TRUE(c->stop(60s));
  line.expect_all();
}

TEST(StoreConsumer, OneThatTurnsOutToBeAnotherJournalsAfterTheStartIsGivenUpAndSaid) {
  line_of_positions line;
  line.append(20);
  line.change([](kept_rows& r) { r.at = journal::checkpoint{"another", 7}; });
  frozen_store store{line};
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false, 1ms));
  c->start();
  store.released.set_value();
  ASSERT_TRUE(eventually([&] { return c->figures().now == state::stopped; }));
  EXPECT_NE(c->figures().why.find("belongs to another journal"), std::string::npos) << c->figures().why;
  ASSERT_TRUE(c->stop(60s));
}

TEST(StoreConsumer, OneThatWasPreparedAndNeverStartedEnds) {
  line_of_positions line;
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  EXPECT_TRUE(c->stop(60s));
}

TEST(StoreConsumer, ACommitWhoseAnswerWasLostIsNotWrittenTwice) {
  line_of_positions line;
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  c->start();
  for (int round = 1; round <= 10; ++round) {
    line.change([](kept_rows& r) { r.loses_answers = true; });
    line.append(13);
    ASSERT_TRUE(eventually([&] { return c->reached() == static_cast<journal::offset_t>(13 * round); }));
  }
  ASSERT_TRUE(c->stop(60s));
  EXPECT_EQ(c->figures().failures, 10u);
  line.expect_all();
}

TEST(StoreConsumer, APoisonRowGoesToTheDeadLettersAndTheRestArrives) {
  line_of_positions line;
  line.change([](kept_rows& r) {
    r.refuses = [](const store::batch& b) -> std::optional<store_error> {
      for (const auto& p : b.positions) {
        if (p.what.timestamp == morning + 12s) return store_error{store::trouble::poison, "an odd one"};
      }
      return std::nullopt;
    };
  });
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  line.append(30);
  c->start();
  ASSERT_TRUE(eventually([&] { return c->reached() == 30; }));
  ASSERT_TRUE(c->stop(60s));
  EXPECT_EQ(c->figures().dead_letters, 1u);
  line.change([](kept_rows& r) {
    EXPECT_EQ(r.positions.size(), 29u);
    ASSERT_EQ(r.dead.size(), 1u);
    EXPECT_EQ(r.dead[0].reason, "an odd one");
    EXPECT_EQ(r.dead[0].at, (store::place{13, 0}));
  });
}

TEST(StoreConsumer, AStoreOfAnotherJournalStopsTheStartUnlessAdopted) {
  line_of_positions line;
  line.append(10);
  line.change([](kept_rows& r) { r.at = journal::checkpoint{"another", 4}; });
  EXPECT_NE(line.why_not(*line.consumer()).find("belongs to another journal (another"), std::string::npos);
  const auto c = line.consumer();
  EXPECT_EQ(line.why_not(*c, true), "it starts");
  c->start();
  ASSERT_TRUE(eventually([&] { return c->reached() == 10; }));
  ASSERT_TRUE(c->stop(60s));
  line.expect_all();
}

TEST(StoreConsumer, AStoreAheadOfTheJournalStopsTheStartUnlessAdopted) {
  line_of_positions line;
  line.append(10);
  line.change([&](kept_rows& r) { r.at = journal::checkpoint{line.log->id(), 99}; });
  EXPECT_NE(line.why_not(*line.consumer()).find("ahead of the journal (record 99 of 10)"), std::string::npos);
  const auto c = line.consumer();
  EXPECT_EQ(line.why_not(*c, true), "it starts");
  line.change([](kept_rows& r) { EXPECT_EQ(r.at->offset, 10u); });
  EXPECT_EQ(c->holds(), 11u);
}

TEST(StoreConsumer, AnOlderCopyOfTheStoreIsWrittenAgainAndHoldsTheJournalUntilThen) {
  line_of_positions line;
  line.append(20);
  {
    const auto c = line.consumer();
    ASSERT_TRUE(c->prepare(false));
    c->start();
    ASSERT_TRUE(c->stop(60s));
  }
  line.change([&](kept_rows& r) {
    r.at->offset = 5;
    std::erase_if(r.positions, [](const std::string& p) { return p > "TRK-1 " + std::to_string(to_epoch_ms(morning + 4s)); });
  });
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  EXPECT_EQ(c->holds(), 6u);
  EXPECT_EQ(line.noted(), 5u) << "another start must know it too";
  c->start();
  ASSERT_TRUE(eventually([&] { return c->reached() == 20; }));
  ASSERT_TRUE(c->stop(60s));
  line.expect_all();
}

TEST(StoreConsumer, AStoreThatIsExchangedWhileItRunsForOneThatCannotGoOnIsGivenUp) {
  line_of_positions line;
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  c->start();
  line.append(10);
  ASSERT_TRUE(eventually([&] { return c->reached() == 10; }));
  line.change([](kept_rows& r) { r.at = journal::checkpoint{"another", 10}; });
  line.append(1);
  ASSERT_TRUE(eventually([&] { return c->figures().now == state::stopped; }));
  EXPECT_LE(c->holds(), 11u) << "the journal keeps what is not in it";
  ASSERT_TRUE(c->stop(60s));
}

TEST(StoreConsumer, AStoreThatFreezesHoldsUpNobodyForLong) {
  line_of_positions line;
  std::mutex frozen;
  line.change([&](kept_rows& r) {
    r.down = [&]() -> std::optional<store_error> {
      const std::lock_guard wait{frozen};
      return std::nullopt;
    };
  });
  std::unique_lock ice{frozen};
  auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false, 1ms));
  c->start();
  line.append(5);
  EXPECT_EQ(c->figures().now, state::beginning) << "who looks does not wait";
  EXPECT_FALSE(c->stop(1ms));
  ice.unlock();
  EXPECT_TRUE(c->stop(60s));
}

TEST(StoreConsumer, KillAndStartAgainAnywhereWritesEachPositionOnce) {
  line_of_positions line;
  for (int life = 0; life < 30; ++life) {
    line.append(1 + life * 7 % 23);
    const auto c = line.consumer();
    ASSERT_TRUE(c->prepare(false));
    c->start();
    line.append(life * 5 % 17);
    if (life % 3 == 0) {
      line.change([](kept_rows& r) { r.loses_answers = true; });
    }
    ASSERT_TRUE(c->stop(milliseconds{life % 2 == 0 ? 0 : 60'000}));
  }
  const auto c = line.consumer();
  ASSERT_TRUE(c->prepare(false));
  c->start();
  ASSERT_TRUE(c->stop(60s));
  line.expect_all();
}

}  // namespace
}  // namespace haulcast::consumers
