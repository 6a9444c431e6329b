// What is there so that steady work takes nothing from the heap: once, fifo, recycler.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "haulcast/base/fifo.hpp"
#include "haulcast/base/once.hpp"
#include "haulcast/base/recycler.hpp"

namespace haulcast {
namespace {

using said = once<void(std::string), 4 * sizeof(void*)>;

TEST(Once, IsCalledWithWhatItHoldsAndIsEmptyThen) {
  auto held = std::make_unique<std::string>("held, ");
  std::string heard;
  said call{[&heard, held = std::move(held)](std::string given) { heard = *held + given; }};
  said moved{std::move(call)};
  EXPECT_FALSE(call);
  ASSERT_TRUE(moved);
  moved("given");
  EXPECT_FALSE(moved);
  EXPECT_EQ(heard, "held, given");
}

TEST(Once, GivesUpWhatItHoldsUncalled) {
  const auto held = std::make_shared<int>();
  {
    said call{[held](const std::string&) {}};
    said other{[held](const std::string&) {}};
    EXPECT_EQ(held.use_count(), 3);
    call = std::move(other);
    EXPECT_EQ(held.use_count(), 2);
    call = {};
    EXPECT_EQ(held.use_count(), 1);
    call = [held](const std::string&) {};
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Once, MayReplaceOrDestroyItselfWhileItIsCalled) {
  std::string heard;
  auto call = std::make_unique<said>();
  *call = [&](const std::string& first) {
    *call = [&heard](const std::string& second) { heard += second; };
    heard = first;  // what this holds is still there
  };
  (*call)("one ");
  (*call)("two");
  EXPECT_EQ(heard, "one two");
  *call = [&](const std::string& last) {
    call.reset();
    heard += last;
  };
  (*call)(", gone");
  EXPECT_EQ(heard, "one two, gone");
}

TEST(Fifo, KeepsOrderThroughManyRoundsAndGivesBackWhatABurstTook) {
  fifo<std::unique_ptr<int>, 1024> queue;
  int put = 0;
  int taken = 0;
  for (const int burst : {1, 3, 5'000, 2, 700, 4}) {
    for (int i = 0; i < burst; ++i) queue.push_back(std::make_unique<int>(put++));
    for (int i = 0; i < burst - 1; ++i) ASSERT_EQ(*queue.pop_front(), taken++);
    EXPECT_EQ(queue.size(), static_cast<std::size_t>(put - taken));
    ASSERT_EQ(*queue.front(), taken);
  }
  while (!queue.empty()) ASSERT_EQ(*queue.pop_front(), taken++);
  EXPECT_EQ(put, taken);
  EXPECT_EQ(queue.capacity(), 0U);
  queue.push_back(nullptr);
  queue.pop_front();
  EXPECT_GT(queue.capacity(), 0U);
}

TEST(Fifo, UnlessToldToKeepSomeHasNoMemoryWhileEmpty) {
  fifo<int> queue;
  queue.push_back(1);
  EXPECT_EQ(queue.pop_front(), 1);
  EXPECT_EQ(queue.capacity(), 0U);
}

TEST(Fifo, NeverEmptyItStaysAsSmallAsWhatItHolds) {
  fifo<int> queue;
  queue.push_back(0);
  for (int i = 1; i < 100'000; ++i) {
    queue.push_back(i);
    ASSERT_EQ(queue.pop_front(), i - 1);
  }
  EXPECT_LE(queue.capacity(), 16U);
}

TEST(Fifo, IsCutFromAPlaceOn) {
  fifo<int> queue;
  for (int i = 0; i < 6; ++i) queue.push_back(i);
  queue.pop_front();
  queue.cut(queue.begin() + 2);
  EXPECT_EQ(std::vector<int>(queue.begin(), queue.end()), (std::vector<int>{1, 2}));
  queue.cut(queue.begin());
  EXPECT_TRUE(queue.empty());
}

TEST(Recycler, HandsOutWhatCameBackAndKeepsNoMoreThanItMay) {
  recycler<std::string> kept{2};
  auto one = kept.take();
  const auto* const place = one.get();
  kept.give_back(std::move(one));
  auto again = kept.take();
  EXPECT_EQ(again.get(), place);
  for (int i = 0; i < 3; ++i) kept.give_back(std::make_unique<std::string>());
  kept.give_back(nullptr);
  EXPECT_EQ(kept.kept(), 2U);
}

}  // namespace
}  // namespace haulcast
