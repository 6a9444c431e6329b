// Trucks and geofences: who entered, dwelled, left, was where nobody may be, or too fast.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/fences.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using all = std::vector<std::string>;

/// At its word: half a metre exact.
position exact(milliseconds t, double metres_north, double speed_kmh = unknown) {
  return exact_to(0.5, at(t, metres_north, speed_kmh));
}

class Visits : public ::testing::Test {
 protected:
  fenced_day today;
};

TEST_F(Visits, TheFirstPositionOfATruckInsideCountsAsEntering) {
  today.put(around_depot(500));
  EXPECT_EQ(today.drive(at(7s, 100)), all{"entered depot @7"});
  EXPECT_FALSE(today.out.events.back().interpolated);
  EXPECT_EQ(today.out.events.back().where->timestamp(), morning + 7s);
  EXPECT_EQ(today.inside(), all{"depot"});
  ASSERT_EQ(today.out.visits.size(), 1u);
  EXPECT_EQ(today.out.visits[0].truck_id, "TRK-1");
  EXPECT_EQ(today.out.visits[0].what.since, morning + 7s);
}

TEST_F(Visits, EnteringAndLeavingAreTimedWhereTheBoundaryWasCrossed) {
  today.put(plain(strip(0, 500, "yard")));
  EXPECT_EQ(today.drive(exact(0s, -100)), all{});
  EXPECT_EQ(today.drive(exact(10s, 100)), all{"entered yard @5"});
  const event& entered = today.out.events.back();
  EXPECT_TRUE(entered.interpolated);
  EXPECT_EQ(entered.where->timestamp(), morning + 5s);
  EXPECT_LT(geo::distance_m(entered.where->point(), north(0)), 1);
  EXPECT_EQ(today.drive(exact(20s, 300)), all{});
  EXPECT_EQ(today.drive(exact(30s, 700)), all{"exited yard @25"});
  EXPECT_TRUE(today.out.events.back().interpolated);
  EXPECT_EQ(today.inside(), all{});
}

TEST_F(Visits, ASmallGeofenceBetweenTwoPositionsIsNotMissed) {
  today.put(plain(strip(95, 105, "gate")));
  EXPECT_EQ(today.drive({exact(0s, 0), exact(10s, 200)}), (all{"entered gate @4.750", "exited gate @5.250"}));
  EXPECT_TRUE(today.inside().empty());
  today.put(strip(495, 505, "far gate"));
  EXPECT_EQ(today.drive({at(20s, 400), at(30s, 600)}), (all{"entered far gate @24.750", "exited far gate @25.250"}))
      << "so far apart are no two positions of a truck that stands";
}

TEST_F(Visits, AcrossALongGapNothingIsInterpolated) {
  options rules;
  rules.max_segment = 120s;
  today.start(rules, morning);
  today.put(plain(strip(0, 500, "yard")));
  today.drive(exact(0s, -1000));
  EXPECT_EQ(today.drive(exact(120s, 200)), all{"entered yard @100"}) << "as long as it may be";
  EXPECT_EQ(today.drive(exact(240001ms, 900)), all{"exited yard @240.001"}) << "a millisecond longer";
  EXPECT_FALSE(today.out.events.back().interpolated);
  EXPECT_EQ(today.drive(exact(361s, -1000)), all{}) << "what lay on a way that nobody knows is not told";
  EXPECT_EQ(today.drive(exact(600s, 100)), all{"entered yard @600"});
}

TEST_F(Visits, AtASharedBorderTheExitComesBeforeTheEntry) {
  today.put(plain(strip(0, 500, "a south")));
  today.put(plain(strip(500, 1000, "b north")));
  today.drive(exact(0s, 400));
  EXPECT_EQ(today.drive(exact(10s, 600)), (all{"exited a south @5", "entered b north @5"}));
  EXPECT_EQ(today.drive(exact(20s, 400)), (all{"exited b north @15", "entered a south @15"}));
}

// What is left is believed later than what is entered, because of the hysteresis.
TEST_F(Visits, AtASharedBorderTheExitComesFirstInNoiseToo) {
  for (const auto& [south, north] : {std::pair{"a", "b"}, std::pair{"b", "a"}}) {
    today = fenced_day{};
    today.put(strip(0, 500, south));
    today.put(strip(500, 1000, north));
    today.drive(at(0s, 465, 60));
    const auto told = today.drive({at(1s, 482, 60), at(2s, 499, 60), at(3s, 516, 60), at(4s, 533, 60)});
    EXPECT_EQ(told, (all{std::string{"exited "} + south + " @2.059", std::string{"entered "} + north + " @2.059"}));
    EXPECT_EQ(today.inside(), all{north});
  }
}

TEST_F(Visits, ATruckThatStaysBesideASharedBorderIsInBothWhenThatIsBelieved) {
  today.put(strip(0, 500, "south"));
  today.put(strip(500, 1000, "north"));
  today.drive({at(0s, 465, 60), at(1s, 482, 60), at(2s, 499, 60)});
  all told;
  int positions = 0;
  while (told.empty()) {
    ASSERT_LT(++positions, 100);
    told = today.drive(at(2s + positions * 1s, 515.1, 0));
  }
  EXPECT_EQ(told, all{"entered north @2.062"});
  EXPECT_EQ(positions, 36) << "a sigma each";
  EXPECT_EQ(today.inside(), (all{"north", "south"})) << "it never was out by the hysteresis";
}

TEST_F(Visits, ATruckThatDrivesAlongASharedBorderEntersWhenItIsFarFromWhereItCrossedIt) {
  today.put(strip(0, 500, "south"));
  today.put(strip(500, 1000, "north"));
  const auto drive = [&](int second, double metres_north, double metres_east) {
    position p = at(second * 1s, metres_north, 60);
    p.point.longitude += metres_east * degrees_per_metre / std::cos(0.826884);
    return today.drive(p);
  };
  for (int second = 0; second < 3; ++second) EXPECT_EQ(drive(second, 465 + 17 * second, -90).size(), second == 0 ? 1u : 0u);
  for (int second = 3; second <= 9; ++second) EXPECT_EQ(drive(second, 510, -90 + (second - 2) * 16.7), all{}) << second;
  EXPECT_EQ(drive(10, 510, 43), all{"entered north @2.091"}) << "now it has come 120 m";
  EXPECT_EQ(today.inside(), (all{"north", "south"})) << "within the hysteresis";
}

TEST_F(Visits, SeveralGeofencesAreToldInTheOrderOfTimeThenOfTheirIds) {
  today.put(plain(strip(100, 900, "outer")));
  today.put(plain(strip(200, 800, "inner b")));
  today.put(plain(strip(200, 800, "inner a")));
  EXPECT_EQ(today.drive({exact(0s, 0), exact(50s, 500)}),
            (all{"entered outer @10", "entered inner a @20", "entered inner b @20"}));
  EXPECT_EQ(today.drive(exact(100s, 1000)), (all{"exited inner a @80", "exited inner b @80", "exited outer @90"}));
}

TEST_F(Visits, OnlyWhatIsAskedForIsToldAndAllIsFollowed) {
  geofence g = plain(strip(0, 500, "yard"));
  g.alert_on = {false, true, false};
  today.put(g);
  EXPECT_EQ(today.drive({exact(0s, -100), exact(10s, 100)}), all{});
  EXPECT_EQ(today.inside(), all{"yard"});
  EXPECT_EQ(today.drive(exact(20s, -100)), all{"exited yard @15"});
  g.alert_on = {true, false, false};
  today.put(g);
  EXPECT_EQ(today.drive({exact(30s, 100), exact(40s, -100)}), all{"entered yard @25"});
}

// ---- dwelling

geofence dwelling(seconds after) {
  geofence g = plain(strip(0, 500, "yard"));
  g.alert_on.on_dwell = true;
  g.dwell = after;
  return g;
}

TEST_F(Visits, ATruckDwellsWhenItHasBeenInsideForSoLong) {
  today.put(dwelling(300s));
  today.drive({exact(0s, -100), exact(10s, 100)});  // in since 5 s
  EXPECT_EQ(today.drive(exact(304999ms, 100)), all{});
  EXPECT_EQ(today.drive(exact(305s, 100)), all{"dwelled yard @305"});
  EXPECT_EQ(today.drive(exact(700s, 100)), all{}) << "once a visit";
  EXPECT_EQ(today.drive({exact(710s, -100), exact(720s, 100)}), (all{"exited yard @705", "entered yard @715"}));
  EXPECT_EQ(today.drive(exact(1100s, 100)), all{"dwelled yard @1015"}) << "and again at the next, at the time it was due";
}

TEST_F(Visits, ATruckWhosePhoneIsSilentDwellsByTheServersTime) {
  today.put(dwelling(300s));
  today.drive(exact(10s, 100));
  EXPECT_EQ(today.wait_until(309999ms), all{});
  EXPECT_EQ(today.wait_until(310s), all{"dwelled yard @310"});
  EXPECT_EQ(today.wait_until(500s), all{});
  EXPECT_EQ(today.drive(exact(501s, 100)), all{});
}

TEST_F(Visits, ATruckThatIsOfflineDwellsAndKeepsItsVisits) {
  today.put(dwelling(900s));
  today.drive(exact(10s, 100));
  EXPECT_EQ(told(today.tick_at(700s).events), all{"truck.offline TRK-1 @610"});
  EXPECT_EQ(today.inside(), all{"yard"});
  EXPECT_EQ(today.wait_until(910s), all{"dwelled yard @910"});
  EXPECT_EQ(today.drive(exact(1000s, 100)), all{}) << "it was in all the time";
  EXPECT_EQ(today.drive(exact(1010s, -100)), all{"exited yard @1005"});
}

TEST_F(Visits, ATruckThatLeavesBeforeDoesNotDwellAndOneThatLeavesLaterDid) {
  today.put(dwelling(300s));
  today.drive(exact(0s, 100));
  EXPECT_EQ(today.drive({exact(295s, 100), exact(304s, -100)}), all{"exited yard @299.500"});
  EXPECT_EQ(today.drive({exact(310s, 100)}), all{"entered yard @307"});
  EXPECT_EQ(today.drive({exact(600s, 100), exact(700s, -100)}), (all{"dwelled yard @607", "exited yard @650"}));
}

TEST_F(Visits, WhileATruckSeemsToHaveLeftBeforeItWouldDwellNobodySaysItDwells) {
  geofence g = dwelling(300s);
  g.hysteresis_m = 20;
  today.put(g);
  today.drive(at(0s, 100));
  today.drive(at(290s, -10));  // not believed yet
  EXPECT_EQ(today.inside(), all{"yard"});
  EXPECT_EQ(today.wait_until(400s), all{});
  EXPECT_EQ(today.drive(at(410s, 100)), all{"dwelled yard @300"}) << "it was noise";
}

// ---- places where nobody may be, and speed

TEST_F(Visits, EnteringWhereNobodyMayBeIsAViolation) {
  geofence g = plain(strip(0, 500, "yard"));
  g.restricted = true;
  g.alert_on = {false, false, false};
  today.put(g);
  EXPECT_EQ(today.drive({exact(0s, -100), exact(10s, 100)}), all{"zone.violated yard @5"});
  EXPECT_EQ(today.drive(exact(20s, 200)), all{});
  EXPECT_EQ(today.drive({exact(30s, -100), exact(40s, 100)}), all{"zone.violated yard @35"}) << "each time";
}

TEST_F(Visits, ATruckThatIsInsideWhenAPlaceIsForbiddenViolatesItFromThenOn) {
  geofence g = plain(strip(0, 500, "yard"));
  today.put(g);
  today.drive(exact(10s, 100));
  g.restricted = true;
  today.put(g, 20s);
  EXPECT_EQ(today.wait_until(21s), all{"zone.violated yard @21"});
  EXPECT_EQ(today.drive(exact(22s, 100)), all{});
}

TEST_F(Visits, SpeedIsViolatedAboveTheLimitAndNormalisedAtIt) {
  geofence g = plain(strip(0, 5000, "yard"));
  g.speed_limit_kmh = 30;
  today.put(g);
  EXPECT_EQ(today.drive({exact(0s, -100, 50), exact(10s, 100, 30)}), all{"entered yard @5"}) << "outside it holds for nobody";
  EXPECT_EQ(today.drive(exact(11s, 110, 30.1)), all{"speed.violated yard @11"});
  EXPECT_EQ(today.out.events.back().fence->speed_limit_kmh, 30);
  EXPECT_EQ(today.out.events.back().where->get().speed_kmh, 30.1);
  EXPECT_EQ(today.drive(exact(12s, 120, 80)), all{}) << "told already";
  EXPECT_EQ(today.drive(exact(13s, 130)), all{}) << "a speed that is not known says nothing";
  EXPECT_EQ(today.drive(exact(14s, 140, 30)), all{"speed.normalised yard @14"});
  EXPECT_EQ(today.drive(exact(15s, 150, 29.9)), all{});
}

TEST_F(Visits, ATruckThatEntersTooFastViolatesAndLeavingEndsIt) {
  geofence g = plain(strip(0, 500, "yard"));
  g.speed_limit_kmh = 30;
  today.put(g);
  EXPECT_EQ(today.drive({exact(0s, -100, 50), exact(10s, 100, 50)}), (all{"entered yard @5", "speed.violated yard @10"}));
  EXPECT_EQ(today.drive(exact(20s, -100, 50)), (all{"speed.normalised yard @15", "exited yard @15"}));
}

// ---- whom it concerns

TEST_F(Visits, AGeofenceConcernsTheTrucksThatItNames) {
  geofence g = plain(strip(0, 500, "yard"));
  g.trucks = {"TRK-2"};
  today.put(g);
  today.hear({{"TRK-1", exact(0s, 100)}, {"TRK-2", exact(0s, 100)}, {"TRK-3", exact(0s, 100)}}, 1s);
  EXPECT_EQ(fences_told(today.out.events), all{"entered yard @0"});
  EXPECT_EQ(today.inside("TRK-2"), all{"yard"});
  EXPECT_EQ(today.inside("TRK-1"), all{});
}

TEST_F(Visits, NobodyIsInOneThatIsNotActive) {
  geofence g = plain(strip(0, 500, "yard"));
  g.active = false;
  today.put(g);
  EXPECT_EQ(today.drive({exact(0s, -100), exact(10s, 100)}), all{});
  g.active = true;
  today.put(g);
  EXPECT_EQ(today.drive(exact(20s, 100)), all{"entered yard @20"}) << "from when it is";
}

TEST_F(Visits, LateAndSuspectPositionsRaiseNothing) {
  today.put(plain(strip(0, 500, "yard")));
  today.drive({exact(0s, -100), exact(20s, -120)});
  EXPECT_EQ(today.drive(exact(10s, 100)), all{}) << "late";
  EXPECT_EQ(today.drive(exact_to(5000, at(30s, 100))), all{}) << "suspect";
  EXPECT_EQ(today.inside(), all{});
}

TEST_F(Visits, APositionThatIsFarFromExactLeadsThroughNoGeofence) {
  today.put(around_depot(50));
  const auto roughly = [](milliseconds t, double metres) { return exact_to(400, at(t, metres)); };
  EXPECT_EQ(today.drive({at(0s, -300), roughly(10s, 300), at(20s, -300)}), all{}) << "it stands, and its phone lost the sky";
  EXPECT_EQ(today.drive({roughly(30s, 10), at(40s, -300)}), all{}) << "nor does it lie in one";
  EXPECT_EQ(today.drive({at(50s, -200, 60), roughly(60s, 10), at(70s, 300, 60)}), all{}) << "nobody knows by which way it came";
  EXPECT_EQ(today.drive({at(80s, 300, 60), at(90s, 0, 60)}), all{"entered depot @88.333"}) << "but then it is exact again";
}

TEST_F(Visits, AGeofenceAroundATruckThatStandsIsEnteredWithItsNextPosition) {
  today.drive(at(10s, 100));
  EXPECT_EQ(today.put(around_depot(500), 15s).events.size(), 0u);
  EXPECT_EQ(today.drive(at(20s, 101)), all{"entered depot @20"});
}

// ---- geofences that change while trucks are in them

TEST_F(Visits, WhenAGeofenceIsDeletedThoseInItLeave) {
  geofence g = plain(strip(0, 500, "yard"));
  g.name = "Yard";
  today.put(g);
  today.hear({{"TRK-1", exact(0s, 100)}, {"TRK-2", exact(0s, 100)}}, 1s);
  EXPECT_TRUE(today.remove("yard", 5s).events.empty()) << "however many there are, the command waits for none";
  EXPECT_EQ(today.wait_until(6s), (all{"exited yard @6 deleted", "exited yard @6 deleted"}));
  EXPECT_EQ(today.out.events[0].fence->geofence_name, "Yard");
  EXPECT_EQ(today.out.events[0].where->timestamp(), morning);
  EXPECT_EQ(today.inside(), all{});
  EXPECT_EQ(today.wait_until(7s), all{});
  EXPECT_EQ(today.drive(exact(8s, 100)), all{});
}

TEST_F(Visits, AGeofenceThatIsDeletedAndCreatedAgainWhileNobodyLooksIsLeftAndEntered) {
  today.put(around_depot(500));
  today.drive(at(0s, 0));
  today.remove("depot");
  today.put(around_depot(500));
  EXPECT_EQ(today.drive(at(7s, 0)), (all{"exited depot @7 deleted", "entered depot @7"}));
}

TEST_F(Visits, ATruckThatIsHeardFirstIsToldThen) {
  today.put(plain(strip(0, 500, "yard")));
  today.drive(exact(0s, 100));
  today.remove("yard", 5s);
  EXPECT_EQ(today.drive(exact(6s, 110)), all{"exited yard @6 deleted"});
  EXPECT_EQ(today.wait_until(7s), all{});
}

TEST_F(Visits, WhenAGeofenceIsDisabledThoseInItLeave) {
  geofence g = plain(strip(0, 500, "yard"));
  today.put(g);
  today.drive(exact(0s, 100));
  g.active = false;
  today.put(g, 5s);
  EXPECT_EQ(today.wait_until(6s), all{"exited yard @6 disabled"});
}

TEST_F(Visits, WhenAGeofenceMovesOnlyThoseLeaveThatItHasNoMore) {
  today.put(plain(strip(0, 500, "yard")));
  today.hear({{"TRK-1", exact(0s, 100)}, {"TRK-2", exact(0s, 400)}}, 1s);
  today.put(plain(strip(0, 300, "yard")), 5s);
  EXPECT_EQ(today.wait_until(6s), all{"exited yard @6 changed"});
  EXPECT_EQ(today.inside("TRK-1"), all{"yard"});
  EXPECT_EQ(today.inside("TRK-2"), all{});
  EXPECT_EQ(today.drive(exact(10s, -100)), all{"exited yard @5"}) << "the visit went on";
}

TEST_F(Visits, WhenAGeofenceIsAboutOtherTrucksTheOthersLeave) {
  geofence g = plain(strip(0, 500, "yard"));
  today.put(g);
  today.hear({{"TRK-1", exact(0s, 100)}, {"TRK-2", exact(0s, 100)}}, 1s);
  g.trucks = {"TRK-2"};
  today.put(g, 5s);
  EXPECT_EQ(today.wait_until(6s), all{"exited yard @6 changed"});
  EXPECT_EQ(today.inside("TRK-2"), all{"yard"});
}

TEST_F(Visits, ManyTrucksInAGeofenceThatGoesAreSettledSomeAtATime) {
  today.put(plain(strip(0, 500, "yard")));
  reports sent;
  for (int i = 0; i < 50; ++i) sent.emplace_back("TRK-" + std::to_string(i), exact(0s, 100));
  today.hear(sent, 1s);
  today.remove("yard", 5s);
  std::size_t left = 0;
  for (int i = 0; i < 10; ++i) {
    today.tick_at(6s, 7);
    EXPECT_LE(today.out.trucks.size(), 7u);
    left += fences_told(today.out.events).size();
  }
  EXPECT_EQ(left, 50u);
}

TEST_F(Visits, ARemovedTruckThatComesBackToTheSamePlaceHasEnteredAnew) {
  today.put(around_depot(5'000));
  today.drive({at(0s, 0), at(5s, 10), at(10s, 20)});
  today.ask(remove_truck{"TRK-1"}, 12s);
  EXPECT_EQ(today.inside(), all{});
  EXPECT_EQ(today.drive(at(20s, 30)), all{"entered depot @20"});
}

TEST_F(Visits, WhenATruckIsRemovedItsVisitsEnd) {
  today.put(plain(strip(0, 500, "yard")));
  today.drive(exact(0s, 100));
  today.ask(remove_truck{"TRK-1"}, 5s);
  EXPECT_EQ(told(today.out.events), (all{"geofence.exited TRK-1 @5", "truck.offline TRK-1 @5"}));
  EXPECT_EQ(today.inside(), all{});
  EXPECT_EQ(today.drive(exact(10s, 100)), all{"entered yard @10"});
}

// ---- bounds, and restarts

TEST_F(Visits, ATruckIsFollowedInSoManyGeofencesAndEntersOthersWhenItHasLeftSome) {
  for (std::size_t i = 0; i < visits::most + 2; ++i) {
    today.put(plain(strip(0, i == 0 ? 300 : 500, "f" + std::to_string(100 + i))));
  }
  EXPECT_EQ(today.drive(exact(0s, 100)).size(), visits::most);
  EXPECT_EQ(today.out.visits_refused, 2u);
  EXPECT_EQ(today.drive(exact(10s, 110)).size(), 0u);
  EXPECT_EQ(today.drive(exact(20s, 400)), (all{"exited f100 @16.552", "entered f164 @20"})) << "there is room for one";
  EXPECT_EQ(today.out.visits_refused, 1u);
  EXPECT_EQ(today.drive(exact(30s, 410)), all{});
}

TEST_F(Visits, SurviveARestartWithAllThatIsKnownOfThem) {
  geofence g = dwelling(300s);
  g.speed_limit_kmh = 30;
  g.hysteresis_m = 20;
  today.put(g);
  today.put(around_depot(50, "other"));
  today.drive({at(0s, 100, 50), at(10s, 12)});  // speeding in the yard, and seems to be in the other
  const auto before = state_of(today.world_);
  today.restart();
  EXPECT_EQ(state_of(today.world_), before);
  EXPECT_EQ(today.inside(), all{"yard"});
  EXPECT_EQ(today.wait_until(300s), all{"dwelled yard @300"});
}

TEST_F(Visits, WhatAGeofenceBecameIsSettledAfterARestartToo) {
  today.put(plain(strip(0, 500, "yard")));
  today.drive(exact(0s, 100));
  today.remove("yard", 5s);
  today.restart();
  today.start({}, morning + 6s);
  EXPECT_EQ(today.wait_until(7s), all{"exited yard @7 deleted"});
}

}  // namespace
}  // namespace haulcast::engine
