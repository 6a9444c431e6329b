#include "haulcast/consumers/poison.hpp"

#include <gtest/gtest.h>

#include "consumers/kept_store.hpp"
#include "engine/story.hpp"

namespace haulcast::consumers {
namespace {

using namespace engine::story;
using story::kept_rows;
using story::kept_store;

store::batch a_batch(int positions, int events) {
  store::batch rows;
  rows.begins = rows.reaches = 7;
  rows.heard = morning;
  rows.trucks = {"TRK-1"};
  for (int i = 0; i < positions; ++i) {
    rows.positions.push_back({.at = {7, static_cast<std::uint32_t>(i)}, .received_at = morning, .what = at(seconds{i})});
  }
  for (int i = 0; i < events; ++i) {
    rows.events.push_back({.id = {7, static_cast<std::uint32_t>(i)},
                           .time = morning,
                           .truck_id = "TRK-1",
                           .subject = "truck/TRK-1",
                           .text = std::string{"{\"a\":\0}", 7}});
  }
  return rows;
}

/// A store that does not take these: positions by their second, events by their index.
std::shared_ptr<kept_rows> picky(std::set<int> positions, std::set<std::uint32_t> events = {}) {
  auto rows = std::make_shared<kept_rows>();
  rows->refuses = [=](const store::batch& b) -> std::optional<store::store_error> {
    for (const auto& p : b.positions) {
      if (positions.contains(static_cast<int>((p.what.timestamp - morning) / 1s)))
        return store::store_error{store::trouble::poison, "no such second"};
    }
    for (const auto& e : b.events) {
      if (events.contains(e.id.index)) return store::store_error{store::trouble::poison, "no such event"};
    }
    return std::nullopt;
  };
  return rows;
}

TEST(Poison, TheRowsToBlameAndNoOthersBecomeDeadLettersWithTheReason) {
  for (const auto& positions : {std::set<int>{0}, {99}, {3, 4, 50}, {}}) {
    for (const auto& events : {std::set<std::uint32_t>{0, 9}, {}}) {
      const auto rows = picky(positions, events);
      kept_store to{rows};
      auto b = a_batch(100, 10);
      const auto taken = take_out_poison(to, b);
      ASSERT_TRUE(taken);
      EXPECT_EQ(*taken, positions.size() + events.size());
      EXPECT_EQ(b.positions.size(), 100 - positions.size());
      EXPECT_EQ(b.events.size(), 10 - events.size());
      std::multiset<std::string> reasons;
      for (const auto& d : b.dead) reasons.insert(d.reason);
      EXPECT_EQ(reasons.count("no such second"), positions.size());
      EXPECT_EQ(reasons.count("no such event"), events.size());
      EXPECT_TRUE(to.write(b, "j"));
    }
  }
}

TEST(Poison, ALetterTellsWhatItWas) {
  kept_store to{picky({1}, {0})};
  auto b = a_batch(3, 1);
  ASSERT_TRUE(take_out_poison(to, b));
  ASSERT_EQ(b.dead.size(), 2u);
  EXPECT_EQ(b.dead[0].what, store::dead_letter::kind::position);
  EXPECT_EQ(b.dead[0].at, (store::place{7, 1}));
  EXPECT_EQ(b.dead[0].truck_id, "TRK-1");
  EXPECT_NE(b.dead[0].text.find("\"truck_id\":\"TRK-1\",\"timestamp\""), std::string::npos);
  EXPECT_EQ(b.dead[1].what, store::dead_letter::kind::event);
  EXPECT_EQ(b.dead[1].text, "{\"a\":}") << "a NUL would be poison itself";
}

TEST(Poison, RowsThatDoNotGoTogetherLoseTheLaterOne) {
  const auto rows = std::make_shared<kept_rows>();
  rows->refuses = [](const store::batch& b) -> std::optional<store::store_error> {
    std::set<utc_time> times;
    for (const auto& p : b.positions) {
      if (!times.insert(p.what.timestamp).second) return store::store_error{store::trouble::poison, "twice"};
    }
    return std::nullopt;
  };
  kept_store to{rows};
  auto b = a_batch(20, 0);
  b.positions[17].what.timestamp = b.positions[2].what.timestamp;
  ASSERT_TRUE(take_out_poison(to, b));
  ASSERT_EQ(b.dead.size(), 1u);
  EXPECT_EQ(b.dead[0].at.index, 17u);
}

TEST(Poison, AStoreThatGoesAwayMeanwhileIsSaidAndNothingIsBuried) {
  const auto rows = picky({5});
  int calls = 0;
  rows->down = [&]() -> std::optional<store::store_error> {
    return ++calls > 3 ? std::optional{store::store_error{store::trouble::unavailable, "down"}} : std::nullopt;
  };
  kept_store to{rows};
  auto b = a_batch(20, 0);
  const auto taken = take_out_poison(to, b);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().what, store::trouble::unavailable);
  EXPECT_TRUE(b.dead.empty());
}

TEST(Poison, AStoreThatTakesNothingAtAllBuriesNothing) {
  const auto rows = std::make_shared<kept_rows>();
  rows->refuses = [](const store::batch&) { return std::optional{store::store_error{store::trouble::poison, "never"}}; };
  kept_store to{rows};
  auto b = a_batch(20, 3);
  EXPECT_FALSE(take_out_poison(to, b));
  EXPECT_TRUE(b.dead.empty());
}

}  // namespace
}  // namespace haulcast::consumers
