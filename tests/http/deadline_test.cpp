#include "haulcast/http/deadline.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace haulcast::http {
namespace {

class clock_entry final : public deadline_wheel::entry {
 public:
  int fired = 0;
  deadline_wheel* again_on = nullptr;

 private:
  void expired() noexcept override {
    ++fired;
    if (again_on != nullptr) again_on->set(*this, 1);
  }
};

TEST(DeadlineWheel, ADeadlineIsNeverEarlyAndAtMostOneTickLate) {
  deadline_wheel wheel{8};
  clock_entry e;
  wheel.set(e, 3);
  wheel.advance(3);
  EXPECT_EQ(e.fired, 0);
  wheel.advance(4);
  EXPECT_EQ(e.fired, 1);
  wheel.advance(40);
  EXPECT_EQ(e.fired, 1);
}

TEST(DeadlineWheel, OneBeyondTheWheelsRoundWaitsForItsTurn) {
  deadline_wheel wheel{8};
  clock_entry e;
  wheel.set(e, 100);
  for (deadline_wheel::tick t = 1; t <= 100; ++t) wheel.advance(t);
  EXPECT_EQ(e.fired, 0);
  wheel.advance(101);
  EXPECT_EQ(e.fired, 1);
}

TEST(DeadlineWheel, ADroppedOneDoesNotFireAndCanBeSetAgain) {
  deadline_wheel wheel{8};
  clock_entry e;
  wheel.set(e, 2);
  wheel.drop(e);
  wheel.advance(5);
  EXPECT_EQ(e.fired, 0);
  wheel.set(e, 2);
  wheel.advance(8);
  EXPECT_EQ(e.fired, 1);
}

TEST(DeadlineWheel, TheLastSettingCounts) {
  deadline_wheel wheel{8};
  clock_entry later, earlier;
  wheel.set(later, 2);
  wheel.set(later, 6);
  wheel.set(earlier, 6);
  wheel.set(earlier, 2);
  wheel.advance(3);
  EXPECT_EQ(later.fired, 0);
  EXPECT_EQ(earlier.fired, 1);
  wheel.advance(7);
  EXPECT_EQ(later.fired, 1);
}

TEST(DeadlineWheel, AfterALongSleepEverythingDueFiresOnce) {
  deadline_wheel wheel{8};
  std::vector<std::unique_ptr<clock_entry>> many;
  for (deadline_wheel::tick t = 0; t < 50; ++t) wheel.set(*many.emplace_back(std::make_unique<clock_entry>()), t);
  wheel.advance(1000);
  for (const auto& e : many) EXPECT_EQ(e->fired, 1);
}

TEST(DeadlineWheel, OneMaySetItselfAgainWhenItFires) {
  deadline_wheel wheel{8};
  clock_entry e;
  e.again_on = &wheel;
  wheel.set(e, 1);
  for (deadline_wheel::tick t = 1; t <= 20; ++t) wheel.advance(t);
  EXPECT_EQ(e.fired, 10);
}

TEST(DeadlineWheel, OneThatIsGoneIsForgotten) {
  deadline_wheel wheel{8};
  {
    clock_entry e;
    wheel.set(e, 1);
  }
  wheel.advance(20);
}

}  // namespace
}  // namespace haulcast::http
