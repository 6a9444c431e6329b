#include "haulcast/pipeline/snapshotter.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "pipeline/spine.hpp"

namespace haulcast::pipeline {
namespace {

using namespace words;

class Snapshotter : public ::testing::Test {
 protected:
  void apply(const std::vector<report>& sent) {
    engine::outcome out;
    const auto b = batch_of(sent);
    world.apply(*b, ++applied, out);
  }
  void register_trucks(std::uint64_t count, std::string_view name) {
    engine::outcome out;
    for (std::uint64_t i = 0; i < count; ++i) {
      engine::register_truck asked{.truck_id = "TRK-" + std::to_string(i % 50)};
      asked.what.name = fmt::format("{} {}", name, i);
      const engine::retry_key key{{++applied, 7}, {applied, 8}};
      out.clear();
      world.apply(engine::command{morning, std::move(asked), key}, applied, out);
    }
  }
  /// The retry keys that a restart would find in the snapshots.
  std::string saved_keys() {
    std::vector<std::string> rows;
    static_cast<void>(store->load([&](const journal::entity& e) {
      if (e.key.starts_with(journal::retries_prefix)) rows.push_back(e.bytes);
      return true;
    }));
    engine::world restored{100};
    EXPECT_TRUE(restored.restore_retries({rows.begin(), rows.end()}));
    return keys_of(restored);
  }
  static std::string keys_of(const engine::world& w) {
    std::string bytes;
    byte_writer out{bytes};
    w.retries().save(out);
    return bytes;
  }
  std::size_t saved() {
    std::size_t count = 0;
    static_cast<void>(store->load([&](const journal::entity&) { return ++count > 0; }));
    return count;
  }
  /// Waits for the writer and takes what it posted.
  void settle() {
    bool done = false;
    writer.run([&] { net::post(loop, [&] { done = true; }); });
    while (!done) {
      if (loop.stopped()) loop.restart();
      loop.run_one_for(10ms);
    }
  }

  std::error_code before_commit() {
    return commits_to_fail-- > 0 ? std::make_error_code(std::errc::io_error) : std::error_code{};
  }

  journal::scratch::directory dir;
  std::atomic<int> commits_to_fail = 0;
  std::unique_ptr<journal::snapshot_store> store =
      std::move(journal::snapshot_store::open(dir / "snapshots.db", "0123456789abcdef0123456789abcdef", [this] {
        return before_commit();
      })).value();
  net::io_context loop{1};
  engine::world world{100};
  offset_t applied = 0;
  worker writer;
  snapshotter s{*store, writer, [this](std::function<void()> f) { net::post(loop, std::move(f)); }, 1};
};

TEST_F(Snapshotter, WritesNothingThatTheJournalMayNotHave) {
  apply({{"TRK-1", 0}});
  apply({{"TRK-2", 0}});
  s.begin(world, applied);
  s.step(world, applied, 1);
  settle();
  EXPECT_EQ(saved(), 0U);
  s.step(world, applied, 2);
  settle();
  EXPECT_EQ(saved(), 3U) << "two trucks and the rules";
}

TEST_F(Snapshotter, APassMovesThePlaceOfReplayOnlyWhenAllOfItIsWritten) {
  apply({{"TRK-1", 0}});
  s.begin(world, applied);
  apply({{"TRK-1", 1}});
  EXPECT_TRUE(s.step(world, applied, applied));
  settle();
  EXPECT_EQ(store->replay_from().value(), 1U);
  while (s.step(world, applied, applied)) settle();
  EXPECT_EQ(store->replay_from().value(), 2U) << "what came while it was on is replayed";
  EXPECT_EQ(s.metrics().replay_from, 2U);
  EXPECT_EQ(s.metrics().passes, 1U);
}

TEST_F(Snapshotter, AFleetIsWrittenManySlicesAtATime) {
  constexpr int fleet = 2'000;
  for (int i = 0; i < fleet; ++i) apply({{"TRK-" + std::to_string(i), 0}});
  s.begin(world, applied);
  std::vector<std::uint64_t> seen{0};
  while (s.step(world, applied, applied)) {
    settle();
    if (s.metrics().entities != seen.back()) seen.push_back(s.metrics().entities);
  }
  EXPECT_EQ(seen.at(1), 512U) << "eight slices of 64";
  EXPECT_EQ(seen.back(), 2'000U);
  EXPECT_EQ(saved(), 2'001U) << "the trucks and the rules";
}

TEST_F(Snapshotter, EachSliceIsTimedAndTheLongestOfAPassIsKept) {
  const auto timed = [&] {
    const auto counts = s.metrics().slices.cpu.counts();
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  };
  apply({{"TRK-1", 0}});
  s.begin(world, applied);
  EXPECT_EQ(timed(), 1U) << "beginning is work too";
  s.step(world, applied, applied);
  EXPECT_EQ(timed(), 2U);
  EXPECT_GT(s.metrics().slices.longest_cpu, 0);
  EXPECT_GT(s.metrics().slices.longest_wall, 0);
  while (s.step(world, applied, applied)) settle();
  const double of_the_first_pass = s.metrics().slices.cpu.sum();
  s.begin(world, applied);
  EXPECT_NEAR(s.metrics().slices.longest_cpu, s.metrics().slices.cpu.sum() - of_the_first_pass, 1e-9);
}

TEST_F(Snapshotter, WhatAFailedWriteLeftBehindIsInTheNextPass) {
  apply({{"TRK-1", 0}, {"TRK-2", 0}});
  {
    const journal::scratch::full_disk full{0};
    s.begin(world, applied);
    for (int i = 0; i < 5 && s.step(world, applied, applied); ++i) settle();
  }
  EXPECT_EQ(s.metrics().failures, 1U);
  EXPECT_FALSE(s.passing());
  EXPECT_EQ(store->replay_from().value(), 1U);
  s.begin(world, applied);
  while (s.step(world, applied, applied)) settle();
  EXPECT_EQ(saved(), 3U) << "two trucks and the rules";
  EXPECT_EQ(store->replay_from().value(), 2U);
}

TEST_F(Snapshotter, AFullTableOfRetryKeysIsTakenInSlicesThatDoNotHoldTheLoop) {
  register_trucks(engine::retry_keys::default_capacity, "any");
  s.begin(world, applied);
  while (s.step(world, applied, applied)) settle();
  EXPECT_TRUE(saved_keys() == keys_of(world));
  RecordProperty("longest_slice_us", static_cast<int>(s.metrics().slices.longest_cpu * 1e6));
  EXPECT_LT(s.metrics().slices.longest_cpu, 0.02) << "a sanitizer's build is slower; otherwise it is a tenth of a millisecond";
  register_trucks(1'000, "other");
  const auto before = s.metrics().entities;
  s.begin(world, applied);
  while (s.step(world, applied, applied)) settle();
  EXPECT_TRUE(saved_keys() == keys_of(world));
  EXPECT_LT(s.metrics().entities - before, 60U) << "50 trucks and the blocks that are new";
}

// A key that is missing before one that is there would not be replayed.
TEST_F(Snapshotter, RetryKeysAreSavedWithoutGapsAlsoWhenAWriteFails) {
  register_trucks(2'000, "any");
  commits_to_fail = 1;
  s.begin(world, applied);
  for (int i = 0; i < 3; ++i) s.step(world, applied, applied);  // all of them on their way before the first has failed
  settle();
  EXPECT_EQ(s.metrics().failures, 1U);
  EXPECT_EQ(saved_keys(), "");
  register_trucks(10, "other");
  s.begin(world, applied);
  while (s.step(world, applied, applied)) settle();
  EXPECT_TRUE(saved_keys() == keys_of(world));
}

TEST_F(Snapshotter, APassUnderLoadRecoversToTheSameWorldAsTheWholeJournal) {
  auto options = small();
  options.snapshot_positions = 1;
  {
    spine live{dir / "life", options};
    live.p->start();
    for (int second = 0; live.p->snapshots().passes < 2 && second < 1'000'000; ++second) {
      live.take({{"TRK-" + std::to_string(second % 300), second}, {"TRK-" + std::to_string(second % 7), second}});
    }
    EXPECT_GT(live.p->snapshots().replay_from, 1U);
  }
  EXPECT_EQ(recovered_digest(dir / "life").size(), 64U);
}

}  // namespace
}  // namespace haulcast::pipeline
