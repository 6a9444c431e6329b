// The threads that ask the store, and who waits for them.
#include "haulcast/queries/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <stdexcept>
#include <thread>

namespace haulcast::queries {
namespace {

using namespace std::chrono_literals;

/// Answers nothing; knows on which thread it was made, and that it is never used by two at once.
class idle_reader final : public store::reader {
 public:
  store::store_result<journal::checkpoint> checkpoint() override { return journal::checkpoint{}; }
  store::store_result<store::page<store::stored_position>> history(const store::history_query&) override { return down(); }
  store::store_result<store::page<store::stored_event>> events(const store::event_query&) override { return down(); }
  store::store_result<store::page<store::stored_rejection>> quarantine(const store::quarantine_query&) override {
    return down();
  }
  store::store_result<store::page<store::hour_figures>> hours(const store::hours_query&,
                                                              const std::vector<store::unstored_point>&) override {
    return down();
  }
  std::atomic<int> users = 0;

 private:
  static store::store_error down() { return {store::trouble::unavailable, "down"}; }
};

class Pool : public testing::Test {
 protected:
  pool make(pool_options options) {
    return pool{loop.get_executor(), options, [this] {
                  ++made;
                  return std::make_unique<idle_reader>();
                }};
  }
  /// Asks, and puts down what came of it.
  void ask(pool& of, pool::work what, pool::gone gone = {}) {
    net::co_spawn(loop, asking(of, std::move(what), std::move(gone)), net::detached);
  }
  net::awaitable<void> asking(pool& of, pool::work what, pool::gone gone) {
    auto running = of.run(std::move(what), std::move(gone));
    outcomes.push_back(co_await std::move(running));
    if (--expected == 0) loop.stop();
  }
  void run(int how_many) {
    expected = how_many;
    loop.restart();
    const auto guard = net::make_work_guard(loop);
    loop.run();
  }
  long count(pool::outcome how) const { return std::ranges::count(outcomes, how); }

  net::io_context loop;
  std::atomic<int> made = 0;
  std::vector<pool::outcome> outcomes;
  int expected = 0;
};

TEST_F(Pool, WorksOffTheLoopWithAReaderForEachThreadAndNeverTwoOnOne) {
  auto p = make({.threads = 2, .waiting_most = 1000});
  const auto here = std::this_thread::get_id();
  std::atomic<int> done = 0, mistakes = 0;
  for (int i = 0; i < 200; ++i) {
    ask(p, [&](store::reader& r) {
      auto& mine = dynamic_cast<idle_reader&>(r);
      if (++mine.users != 1 || std::this_thread::get_id() == here) ++mistakes;
      std::this_thread::yield();
      --mine.users;
      ++done;
      return true;
    });
  }
  run(200);
  EXPECT_EQ(done, 200);
  EXPECT_EQ(mistakes, 0);
  EXPECT_LE(made, 2);
  EXPECT_EQ(p.metrics().done, 200U);
  EXPECT_EQ(p.busy(), 0U);
}

TEST_F(Pool, BeyondItsBoundItTurnsAway) {
  auto p = make({.threads = 1, .waiting_most = 2});
  std::promise<void> go;
  auto gate = go.get_future().share();
  for (int i = 0; i < 5; ++i)
    ask(p, [gate](store::reader&) {
      gate.wait();
      return true;
    });
  net::post(loop, [&] { net::post(loop, [&] { net::post(loop, [&] { go.set_value(); }); }); });
  run(5);
  EXPECT_EQ(count(pool::outcome::done), 3);
  EXPECT_EQ(count(pool::outcome::full), 2);
  EXPECT_EQ(p.metrics().refused_full, 2U);
}

TEST_F(Pool, WhoWaitsTooLongIsTold) {
  auto p = make({.threads = 1, .waiting_most = 10, .wait_most = 30ms});
  std::promise<void> go;
  auto gate = go.get_future().share();
  ask(p, [gate](store::reader&) {
    gate.wait();
    return true;
  });
  ask(p, [](store::reader&) { return true; });
  ask(p, [](store::reader&) { return true; });
  run(2);
  EXPECT_EQ(count(pool::outcome::late), 2);
  go.set_value();
  run(1);
  EXPECT_EQ(count(pool::outcome::done), 1);
}

TEST_F(Pool, NothingIsDoneForWhoHasGoneWhileWaiting) {
  auto p = make({.threads = 1, .waiting_most = 10});
  std::promise<void> go;
  auto gate = go.get_future().share();
  ask(
      p,
      [gate](store::reader&) {
        gate.wait();
        return true;
      },
      [] { return true; });  // did not wait, so is not looked for
  ask(p, [](store::reader&) { return true; }, [] { return true; });
  ask(p, [](store::reader&) { return true; }, [] { return false; });
  net::post(loop, [&] { net::post(loop, [&] { go.set_value(); }); });
  run(3);
  EXPECT_EQ(count(pool::outcome::abandoned), 1);
  EXPECT_EQ(count(pool::outcome::done), 2);
}

TEST_F(Pool, AnExceptionEndsOneQuestionAndNoMore) {
  auto p = make({.threads = 1});
  ask(p, [](store::reader&) -> bool { throw std::runtime_error{"a surprise"}; });
  ask(p, [](store::reader&) { return true; });
  run(2);
  EXPECT_EQ(outcomes, (std::vector{pool::outcome::failed, pool::outcome::done}));
}

TEST_F(Pool, AReaderThatIsNoGoodIsMadeAnew) {
  auto p = make({.threads = 1});
  for (const bool good : {true, false, true}) ask(p, [good](store::reader&) { return good; });
  run(3);
  EXPECT_EQ(made, 2);
}

TEST_F(Pool, MayEndWhileSomebodyWaits) {
  std::promise<void> go;
  auto gate = go.get_future().share();
  {
    auto p = make({.threads = 1, .waiting_most = 10});
    ask(p, [gate](store::reader&) {
      gate.wait();
      return true;
    });
    ask(p, [](store::reader&) { return true; });
    loop.poll();
    go.set_value();
  }
  EXPECT_TRUE(outcomes.empty());
}

}  // namespace
}  // namespace haulcast::queries
