#include "haulcast/base/worker.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace haulcast {
namespace {

TEST(Worker, RunsTasksInTheOrderTheyCame) {
  std::vector<int> ran;
  worker w;
  for (int i = 0; i < 1000; ++i) w.run([&ran, i] { ran.push_back(i); });
  w.stop();
  w.stop();
  ASSERT_EQ(ran.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST(Worker, TellsWhatWaits) {
  std::promise<void> go;
  std::promise<void> running;
  worker w;
  w.run([&] {
    running.set_value();
    go.get_future().wait();
  });
  running.get_future().wait();
  w.run([] {});
  w.run([] {});
  EXPECT_EQ(w.waiting(), 2u);
  go.set_value();
  w.stop();
  EXPECT_EQ(w.waiting(), 0u);
}

TEST(Worker, FinishesWhatATaskGaveItWhileStopping) {
  bool ran = false;
  worker w;
  w.run([&] { w.run([&] { ran = true; }); });
  w.stop();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace haulcast
