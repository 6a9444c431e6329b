#include "haulcast/app/reload.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <future>
#include <stdexcept>
#include <thread>

namespace haulcast::app {
namespace {

namespace net = boost::asio;

class Reload : public testing::Test {
 protected:
  /// Turns the loop until `holds`.
  template <class Holds>
  void until(const Holds& holds) {
    const auto work = net::make_work_guard(loop_);
    loop_.restart();  // without work it stopped
    while (!holds()) loop_.run_one();
  }
  reloadable counting(std::string name) {
    return {std::move(name), [this] {
              ++reads_;
              return put_in_force{[this]() -> std::shared_ptr<void> { return ++applied_, nullptr; }};
            }};
  }

  net::io_context loop_;
  std::atomic<int> reads_ = 0;
  int applied_ = 0;  // on the loop
};

TEST_F(Reload, ReadsAsideAndPutsIntoForceOnTheLoop) {
  const auto loop = std::this_thread::get_id();
  std::thread::id read_by;
  std::thread::id applied_by;
  reloader reloads{loop_, {{"one", [&]() -> result<put_in_force> {
                              read_by = std::this_thread::get_id();
                              return put_in_force{[&]() -> std::shared_ptr<void> {
                                applied_by = std::this_thread::get_id();
                                return nullptr;
                              }};
                            }}}};
  reloads.reload();
  until([&] { return applied_by != std::thread::id{}; });
  EXPECT_EQ(applied_by, loop);
  EXPECT_NE(read_by, loop);
  EXPECT_TRUE(reloads.metrics().last_successful);
}

TEST_F(Reload, PutsNothingIntoForceWhenOneOfAllCannotBeRead) {
  bool broken = true;
  reloader reloads{loop_, {counting("good"), {"bad", [&]() -> result<put_in_force> {
                                                if (broken) return failure{"it is broken"};
                                                return put_in_force{[] { return nullptr; }};
                                              }}}};
  const auto start = reloads.metrics().last_success;
  reloads.reload();
  until([&] { return !reloads.metrics().last_successful; });
  EXPECT_EQ(applied_, 0);
  EXPECT_EQ(reloads.metrics().last_success, start);
  EXPECT_EQ(reloads.metrics().failed, 1U);
  broken = false;
  reloads.reload();
  until([&] { return applied_ == 1; });
  EXPECT_TRUE(reloads.metrics().last_successful);
  EXPECT_GE(reloads.metrics().last_success, start);
  EXPECT_EQ(reloads.metrics().succeeded, 1U);
}

TEST_F(Reload, TakesASurpriseForAFailure) {
  reloader reloads{loop_, {{"one", []() -> result<put_in_force> { throw std::runtime_error{"surprise"}; }}}};
  reloads.reload();
  until([&] { return !reloads.metrics().last_successful; });
}

TEST_F(Reload, GoesOnAfterASurpriseWhilePuttingIntoForce) {
  int times = 0;
  reloader reloads{loop_, {{"one", [&] {
                              return put_in_force{[&]() -> std::shared_ptr<void> {
                                if (++times == 1) throw std::runtime_error{"surprise"};
                                return nullptr;
                              }};
                            }}}};
  reloads.reload();
  until([&] { return !reloads.metrics().last_successful; });
  reloads.reload();
  until([&] { return reloads.metrics().last_successful; });
  EXPECT_EQ(times, 2);
}

TEST_F(Reload, MakesOneOfThoseAskedForMeanwhile) {
  std::promise<void> go;
  auto gone = go.get_future().share();
  reloader reloads{loop_, {counting("one"), {"slow", [gone] {
                                               gone.wait();
                                               return put_in_force{[] { return nullptr; }};
                                             }}}};
  for (int i = 0; i < 100; ++i) reloads.reload();
  go.set_value();
  until([&] { return applied_ == 2; });
  EXPECT_EQ(reads_, 2);
}

TEST_F(Reload, DestroysWhatWasBeforeAside) {
  std::promise<std::thread::id> destroyed;
  bool applied = false;
  reloader reloads{loop_, {{"one", [&] {
                              return put_in_force{[&]() -> std::shared_ptr<void> {
                                applied = true;
                                return {nullptr, [&](std::nullptr_t) { destroyed.set_value(std::this_thread::get_id()); }};
                              }};
                            }}}};
  reloads.reload();
  until([&] { return applied; });
  EXPECT_NE(destroyed.get_future().get(), std::this_thread::get_id());
}

}  // namespace
}  // namespace haulcast::app
