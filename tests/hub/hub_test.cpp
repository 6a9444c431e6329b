#include "haulcast/hub/hub.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>

#include "hub/words.hpp"

namespace haulcast::hub {
namespace {

using words::at;
using words::driving;
using words::offline;
using words::online;
using words::viewer;

class Hub : public ::testing::Test {
 protected:
  // The truck's index in these tests is the number in its name.
  void drive(std::uint32_t truck, double speed_kmh) {
    h.publish(truck, name(truck), driving(speed_kmh));
    h.flush();
  }
  static std::string name(std::uint32_t truck) { return "TRK-" + std::to_string(truck); }

  hub h{"/haulcast/test"};
};

TEST_F(Hub, AFollowerGetsItsTruckAndNoOther) {
  viewer v;
  h.join(v);
  EXPECT_TRUE(h.follow(v, "TRK-1", 1));
  EXPECT_FALSE(h.follow(v, "TRK-1", 1));
  EXPECT_EQ(hub::interests(v), 1U);
  drive(1, 10);
  drive(2, 20);
  drive(1, 11);
  EXPECT_EQ(v.positions(), "TRK-1 10, TRK-1 11");
  EXPECT_EQ(v.woken, 2);
  h.leave(v);
  EXPECT_EQ(h.subscribers(), 0U);
}

TEST_F(Hub, ATruckThatIsNotKnownYetIsWaitedFor) {
  viewer v;
  h.join(v);
  h.follow(v, "TRK-7", std::nullopt);
  drive(7, 10);
  EXPECT_EQ(v.positions(), "TRK-7 10");
  h.leave(v);
}

TEST_F(Hub, WhoFollowsATruckThatNobodyFollowedSoFarGetsItToo) {
  drive(3, 1);  // looked up, and found to interest nobody
  viewer v;
  h.join(v);
  h.follow(v, "TRK-3", 3);
  drive(3, 2);
  h.unfollow(v, "TRK-3");
  drive(3, 3);
  h.follow(v, "TRK-3", 3);
  drive(3, 4);
  EXPECT_EQ(v.positions(), "TRK-3 2, TRK-3 4");
  h.leave(v);
}

TEST_F(Hub, AllAndATruckAndAViewportGiveOneCopy) {
  viewer v;
  h.join(v);
  h.follow(v, "TRK-1", 1);
  h.follow_all(v, true);
  h.look_at(v, geo::bbox{8, 47, 9, 48});
  EXPECT_EQ(hub::interests(v), 3U);
  drive(1, 10);
  h.publish(online("TRK-1"), {5, 0});
  h.flush();
  EXPECT_EQ(v.positions(), "TRK-1 10");
  EXPECT_EQ(v.event_types(), "online");
  EXPECT_EQ(v.woken, 2);
  h.leave(v);
}

TEST_F(Hub, TurnedOffTwiceIsTurnedOffOnce) {
  viewer v;
  h.join(v);
  h.follow_all(v, true);
  h.follow_all(v, true);
  h.follow_all(v, false);
  drive(1, 10);
  EXPECT_EQ(v.positions(), "");
  EXPECT_FALSE(h.unfollow(v, "TRK-1"));
  h.leave(v);
}

TEST_F(Hub, AViewportShowsNobodyWhatTheyMayNotSee) {
  struct : viewer {
    bool may_see(std::string_view id) const override { return id == "TRK-1"; }
  } driver;
  h.join(driver);
  h.look_at(driver, geo::bbox{});
  drive(1, 10);
  drive(2, 20);
  engine::event seen = online("TRK-1");
  seen.where.emplace(driving(10));
  engine::event hidden = online("TRK-2");
  hidden.where.emplace(driving(10));
  h.publish(seen, {5, 0});
  h.publish(hidden, {5, 1});
  EXPECT_EQ(driver.positions(), "TRK-1 10");
  EXPECT_EQ(driver.event_types(), "online");
  EXPECT_TRUE(h.wants(driver, seen));
  EXPECT_FALSE(h.wants(driver, hidden));
  h.leave(driver);
}

TEST_F(Hub, AnotherViewportReplacesTheOneBefore) {
  viewer v;
  h.join(v);
  h.look_at(v, geo::bbox{8, 47, 9, 48});
  h.look_at(v, geo::bbox{0, 0, 1, 1});
  drive(1, 10);
  h.publish(2, "TRK-2", at({0.5, 0.5}, 5));
  EXPECT_EQ(v.positions(), "TRK-2 5");
  EXPECT_EQ(hub::interests(v), 1U);
  h.leave(v);
}

TEST_F(Hub, EventsAreFilteredByTypeAndByInterest) {
  viewer only_offline;
  h.join(only_offline);
  h.follow(only_offline, "TRK-1", 1);
  only_offline.narrow_to(wire::event_filter{{"truck.offline"}});
  viewer by_prefix;
  h.join(by_prefix);
  h.follow_all(by_prefix, true);
  by_prefix.narrow_to(wire::event_filter{{"geofence.*"}});
  h.publish(online("TRK-1"), {5, 0});
  h.publish(offline("TRK-1"), {6, 0});
  h.publish(offline("TRK-2"), {7, 0});
  EXPECT_EQ(only_offline.event_types(), "offline");
  EXPECT_EQ(by_prefix.event_types(), "");
  EXPECT_TRUE(h.wants(only_offline, offline("TRK-1")));
  EXPECT_FALSE(h.wants(only_offline, online("TRK-1")));
  EXPECT_FALSE(h.wants(only_offline, offline("TRK-2")));
  h.leave(only_offline);
  h.leave(by_prefix);
}

TEST_F(Hub, WhoReadsThePastAsideIsNotOfferedLiveEvents) {
  viewer v;
  h.join(v);
  h.follow_all(v, true);
  v.catching_up = true;
  h.publish(online("TRK-1"), {5, 0});
  v.catching_up = false;
  h.publish(offline("TRK-1"), {6, 0});
  EXPECT_EQ(v.event_types(), "offline");
  h.leave(v);
}

TEST_F(Hub, AnEventTooManyOverflowsOnceAndNothingMoreIsOffered) {
  viewer v{{.max_pending_events = 2}};
  h.join(v);
  h.follow_all(v, true);
  h.publish(online("TRK-1"), {5, 0});
  h.publish(offline("TRK-1"), {5, 1});
  EXPECT_EQ(v.overflown, 0);
  h.publish(online("TRK-1"), {5, 2});
  h.publish(online("TRK-1"), {5, 3});
  drive(1, 10);
  EXPECT_EQ(v.overflown, 1);
  EXPECT_EQ(v.waiting.pending_events(), 2U);
  EXPECT_FALSE(v.waiting.has_positions());
  EXPECT_EQ(h.metrics().overflows, 1U);
  h.leave(v);
}

// A write error ends a session inside its own wake; one that ends another must not leave it behind to be woken.
TEST_F(Hub, WhoLeavesWhileOthersAreWokenIsNotWokenAnyMore) {
  auto first = std::make_unique<viewer>();
  auto second = std::make_unique<viewer>();
  auto third = std::make_unique<viewer>();
  for (viewer* v : {first.get(), second.get(), third.get()}) {
    h.join(*v);
    h.follow_all(*v, true);
  }
  first->on_wake = [&] {
    h.leave(*first);
    h.leave(*second);
    second.reset();
  };
  drive(1, 10);
  EXPECT_EQ(third->woken, 1);
  drive(1, 11);
  EXPECT_EQ(first->woken, 1);
  EXPECT_EQ(third->woken, 2);
  h.leave(*third);
}

TEST_F(Hub, WhoLeavesBeforeTheEndOfTheTurnIsNotWoken) {
  auto v = std::make_unique<viewer>();
  h.join(*v);
  h.follow_all(*v, true);
  h.publish(1, "TRK-1", driving(10));
  h.leave(*v);
  v.reset();
  h.flush();
  EXPECT_EQ(h.pending_bytes(), 0U);
}

TEST_F(Hub, AfterARebuildTrucksAreFoundUnderTheirNewIndexes) {
  viewer v;
  h.join(v);
  h.follow(v, "TRK-1", 1);
  h.follow(v, "TRK-2", 2);
  drive(1, 10);
  h.forget_indexes();
  h.publish(2, "TRK-1", driving(11));
  h.publish(1, "TRK-2", driving(20));
  EXPECT_EQ(v.positions(), "TRK-1 10, TRK-1 11, TRK-2 20");
  h.leave(v);
}

TEST_F(Hub, AfterARebuildNoTrucksPositionReplacesAnothers) {
  viewer v{{.max_pending_bytes = 0}};  // conflates from the first on
  h.join(v);
  h.follow_all(v, true);
  drive(1, 10);
  drive(2, 20);
  h.forget_indexes();
  h.publish(2, "TRK-1", driving(11));
  h.publish(1, "TRK-2", driving(21));
  h.publish(2, "TRK-1", driving(12));
  EXPECT_EQ(v.positions(), "TRK-1 10, TRK-2 20, TRK-1 12, TRK-2 21");
  // Once more, taken in parts: what is taken must not let go of another's place.
  drive(1, 10);
  drive(2, 20);
  h.forget_indexes();
  h.publish(2, "TRK-1", driving(11));
  std::string taken;
  v.waiting.take_positions(taken, 1);
  v.waiting.take_positions(taken, 1);
  h.publish(2, "TRK-1", driving(12));
  h.publish(2, "TRK-1", driving(13));
  EXPECT_EQ(words::speeds_in(taken) + ", " + v.positions(), "TRK-1 10, TRK-2 20, TRK-1 13");
  h.leave(v);
}

// Any order of following, waiting, leaving and publishing, against sets of names.
TEST_F(Hub, TellsExactlyThoseWhoFollowInAnyOrderOfComingAndGoing) {
  std::mt19937 dice{11};
  struct member {
    std::unique_ptr<viewer> v = std::make_unique<viewer>();
    std::set<std::uint32_t> trucks;
    bool all = false;
    bool here = false;
  };
  std::vector<member> members(6);
  std::set<std::uint32_t> known;
  for (int step = 0; step < 20'000; ++step) {
    member& m = members[dice() % members.size()];
    const std::uint32_t truck = dice() % 8;
    const auto known_as = known.contains(truck) ? std::optional{truck} : std::nullopt;
    switch (dice() % 8) {
      case 0:
        if (!m.here) h.join(*m.v);
        m.here = true;
        break;
      case 1:
        if (m.here && dice() % 3 == 0) {
          h.leave(*m.v);
          m = {};
        }
        break;
      case 2:
      case 3:
        if (m.here) {
          EXPECT_EQ(h.follow(*m.v, name(truck), known_as), m.trucks.insert(truck).second);
        }
        break;
      case 4:
        if (m.here) {
          EXPECT_EQ(h.unfollow(*m.v, name(truck)), m.trucks.erase(truck) == 1);
        }
        break;
      case 5:
        if (m.here) h.follow_all(*m.v, m.all = dice() % 2 == 0);
        break;
      default: {
        if (dice() % 50 == 0) h.forget_indexes();
        known.insert(truck);
        drive(truck, step);
        const std::string told = name(truck) + " " + std::to_string(step);
        for (member& each : members) {
          const bool wants = each.here && (each.all || each.trucks.contains(truck));
          ASSERT_EQ(each.v->positions(), wants ? told : "") << "step " << step;
        }
      }
    }
  }
  for (member& m : members) {
    if (m.here) h.leave(*m.v);
  }
}

// A thousand positions for a thousand subscribers would be one turn of 20 ms.
TEST_F(Hub, WhatManyWantIsDealtOutInTheTurnsThatFollow) {
  std::vector<std::unique_ptr<viewer>> all;
  for (int i = 0; i < 1'000; ++i) {
    h.join(*all.emplace_back(std::make_unique<viewer>()));
    h.follow_all(*all.back(), true);
  }
  std::string told;
  for (std::uint32_t truck = 0; truck < 100; ++truck) {
    EXPECT_TRUE(h.publish(truck, name(truck), driving(truck)));
    told += (told.empty() ? "" : ", ") + name(truck) + " " + std::to_string(truck);
  }
  EXPECT_EQ(h.metrics().positions_offered, 0U);
  std::size_t turns = 0;
  for (std::uint64_t before = 0; h.flush(1); before = h.metrics().positions_offered, ++turns) {
    ASSERT_LE(h.metrics().positions_offered - before, 1'000U) << "one position at most";
  }
  EXPECT_GE(turns, 100U);
  for (const auto& v : all) {
    EXPECT_EQ(v->woken, 1);
    ASSERT_EQ(v->positions(), told);
    h.leave(*v);
  }
}

TEST_F(Hub, WhatWaitsToBeDealtOutIsBounded) {
  std::vector<std::unique_ptr<viewer>> all;
  for (int i = 0; i < 100; ++i) {
    h.join(*all.emplace_back(std::make_unique<viewer>(outbox_options{.max_pending_bytes = 1 << 24})));
    h.follow_all(*all.back(), true);
  }
  for (std::uint32_t i = 0; i < hub::undealt_most + 10; ++i) h.publish(1, "TRK-1", driving(i % 300));
  EXPECT_EQ(h.metrics().positions_offered, 1'000U) << "the ten oldest";
  h.flush();
  EXPECT_EQ(h.metrics().positions_offered, 100 * (hub::undealt_most + 10));
  for (const auto& v : all) h.leave(*v);
}

TEST_F(Hub, InterestsHoldFromTheMomentTheyAreToldThoughDealingWaits) {
  std::vector<std::unique_ptr<viewer>> crowd;
  for (int i = 0; i < 100; ++i) {
    h.join(*crowd.emplace_back(std::make_unique<viewer>()));
    h.follow_all(*crowd.back(), true);
  }
  viewer newcomer;
  h.join(newcomer);
  viewer leaver;
  h.join(leaver);
  h.follow(leaver, "TRK-1", 1);
  viewer widening;
  h.join(widening);
  h.follow(widening, "TRK-1", 1);
  h.publish(1, "TRK-1", driving(10));
  h.publish(2, "TRK-2", driving(20));
  h.publish(online("TRK-1"), {5, 0});
  h.follow(newcomer, "TRK-1", 1);
  h.unfollow(leaver, "TRK-1");
  h.follow_all(widening, true);
  h.look_at(widening, geo::bbox{8, 47, 9, 48});
  h.publish(1, "TRK-1", driving(11));
  h.flush();
  EXPECT_EQ(newcomer.positions(), "TRK-1 11");
  EXPECT_EQ(leaver.positions(), "TRK-1 10");
  EXPECT_EQ(widening.positions(), "TRK-1 10, TRK-1 11") << "each once";
  EXPECT_EQ(crowd.front()->positions(), "TRK-1 10, TRK-2 20, TRK-1 11");
  for (viewer* v : {&newcomer, &leaver, &widening}) h.leave(*v);
  for (const auto& v : crowd) h.leave(*v);
}

// Its session begins a snapshot then, of what was told so far: what waits to be dealt out may not come behind that.
TEST_F(Hub, AnInterestNamedAgainIsDealtWhatWasToldBefore) {
  std::vector<std::unique_ptr<viewer>> crowd;
  for (int i = 0; i < 100; ++i) {
    h.join(*crowd.emplace_back(std::make_unique<viewer>()));
    h.follow_all(*crowd.back(), true);
  }
  viewer looking;
  h.join(looking);
  h.follow(looking, "TRK-1", 1);
  h.look_at(looking, geo::bbox{8, 47, 9, 48});
  h.publish(1, "TRK-1", driving(10));
  h.follow_all(*crowd.front(), true);
  h.follow(looking, "TRK-1", 1);
  EXPECT_EQ(crowd.front()->positions(), "TRK-1 10");
  EXPECT_EQ(looking.positions(), "TRK-1 10");
  EXPECT_EQ(crowd.back()->positions(), "");
  h.flush();
  EXPECT_EQ(crowd.front()->positions(), "");
  EXPECT_EQ(crowd.back()->positions(), "TRK-1 10");
  h.leave(looking);
  for (const auto& v : crowd) h.leave(*v);
}

TEST_F(Hub, WhoFollowsEverythingIsWokenThoughMoreIsToldThanCanBeDealtOut) {
  std::vector<std::unique_ptr<viewer>> all;
  for (int i = 0; i < 100; ++i) {
    h.join(*all.emplace_back(std::make_unique<viewer>()));
    h.follow_all(*all.back(), true);
  }
  for (std::uint32_t round = 0; round < 200; ++round) {
    for (std::uint32_t i = 0; i < 200; ++i) h.publish(1, "TRK-1", driving(i));
    h.flush(1);
  }
  for (const auto& v : all) EXPECT_GT(v->woken, 0);
  for (const auto& v : all) h.leave(*v);
}

TEST_F(Hub, WhoFollowsMuchAndWhoFollowsLittleAreToldAlike) {
  viewer v;
  h.join(v);
  for (std::uint32_t truck = 0; truck < 100; ++truck) EXPECT_TRUE(h.follow(v, name(truck), truck));
  for (std::uint32_t truck = 0; truck < 100; ++truck) EXPECT_FALSE(h.follow(v, name(truck), truck));
  EXPECT_EQ(h.followed(v).size(), 100U);
  for (std::uint32_t truck = 0; truck < 100; truck += 2) EXPECT_TRUE(h.unfollow(v, name(truck)));
  EXPECT_EQ(hub::interests(v), 50U);
  for (std::uint32_t truck = 0; truck < 100; ++truck) {
    drive(truck, 1);
    EXPECT_EQ(v.positions(), truck % 2 == 1 ? name(truck) + " 1" : "");
  }
  h.leave(v);
}

TEST_F(Hub, TenThousandLeaveInATurn) {
  std::vector<std::unique_ptr<viewer>> all;
  for (int i = 0; i < 10'000; ++i) {
    all.push_back(std::make_unique<viewer>());
    h.join(*all.back());
    h.follow_all(*all.back(), true);
    h.follow(*all.back(), "TRK-1", 1);
  }
  drive(1, 10);
  const auto begun = std::chrono::steady_clock::now();
  for (auto& v : all) h.leave(*v);
  const auto took = std::chrono::steady_clock::now() - begun;
  RecordProperty("leave_us", static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  EXPECT_LT(took, std::chrono::milliseconds{100}) << "each leaves in constant time";
  EXPECT_EQ(h.subscribers(), 0U);
}

}  // namespace
}  // namespace haulcast::hub
