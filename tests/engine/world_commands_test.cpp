#include <gtest/gtest.h>

#include "engine/random_day.hpp"
#include "engine/story.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {
namespace {

using namespace story;

class Registry : public ::testing::Test {
 protected:
  const outcome& ask(any_command what, milliseconds now = 0ms) {
    today_.out.clear();
    today_.world_.apply(command{morning + now, std::move(what)}, today_.offset_ + 1, today_.out);
    if (today_.out.decided.changed()) ++today_.offset_;
    return today_.out;
  }
  command_status put(registration what, precondition only_if = {}) {
    return ask(register_truck{"TRK-1", std::move(what), std::move(only_if)}).decided.what;
  }
  command_status remove(precondition only_if = {}) { return ask(remove_truck{"TRK-1", std::move(only_if)}).decided.what; }
  const registration* said() const {
    const auto known = today_.world_.find("TRK-1");
    return known ? today_.world_.registration_of(*known).get() : nullptr;
  }
  std::string state() const { return state_of(today_.world_); }

  day today_;
};

using enum command_status;

precondition if_match(std::vector<std::uint64_t> versions) { return {.match = version_set{.versions = std::move(versions)}}; }
const precondition if_there{.match = version_set{.any = true}};
const precondition if_new{.none_match = version_set{.any = true}};

TEST_F(Registry, ATruckIsCreatedThenUpdatedAndItsVersionIsTheRecordThatDidIt) {
  EXPECT_EQ(put({.name = "One"}), created);
  ASSERT_TRUE(said());
  EXPECT_EQ(said()->name, "One");
  EXPECT_EQ(said()->version, today_.offset_);
  EXPECT_EQ(today_.out.decided.version, today_.offset_);
  ASSERT_EQ(today_.out.registry.size(), 1u);
  EXPECT_EQ(today_.out.registry[0].truck_id, "TRK-1");
  EXPECT_EQ(today_.out.registry[0].now.get(), said());
  EXPECT_TRUE(today_.out.events.empty());
  EXPECT_FALSE(today_.trk().has_position);

  const auto before = said()->version;
  EXPECT_EQ(put({.name = "Two"}), updated);
  EXPECT_EQ(said()->name, "Two");
  EXPECT_GT(said()->version, before);
}

TEST_F(Registry, WhatChangesNothingLeavesNoTrace) {
  put({.name = "One", .max_speed_kmh = 80});
  today_.hear(at(1s), 1s);
  const auto before = state();
  EXPECT_EQ(put({.name = "One", .max_speed_kmh = 80}), unchanged);
  EXPECT_EQ(today_.out.decided.version, said()->version);
  EXPECT_EQ(put({.name = "Two"}, if_new), precondition_failed);
  EXPECT_EQ(put({.name = "Two"}, if_match({said()->version + 1})), precondition_failed);
  EXPECT_EQ(remove(if_match({})), precondition_failed);
  EXPECT_EQ(ask(remove_truck{"TRK-2"}).decided.what, not_found);
  EXPECT_EQ(ask(register_truck{"TRK-2", {}, if_there}).decided.what, precondition_failed);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(today_.world_.size(), 1u);
  EXPECT_TRUE(today_.out.registry.empty());
}

TEST_F(Registry, APreconditionHoldsForTheVersionThatIsThere) {
  EXPECT_EQ(put({.name = "One"}, if_new), created);
  const auto first = said()->version;
  EXPECT_EQ(put({.name = "Two"}, if_match({9'999, first})), updated);
  EXPECT_EQ(put({.name = "Three"}, if_match({first})), precondition_failed);
  EXPECT_EQ(put({.name = "Three"}, if_there), updated);
  EXPECT_EQ(put({.name = "Four"}, {.none_match = version_set{.versions = {first}}}), updated);
  EXPECT_EQ(put({.name = "Five"}, {.none_match = version_set{.versions = {said()->version}}}), precondition_failed);
  EXPECT_EQ(remove(if_match({first})), precondition_failed);
  EXPECT_EQ(remove(if_match({said()->version})), removed);
  EXPECT_EQ(remove(if_there), not_found) << "a condition on what would be refused anyway is not looked at";
}

TEST_F(Registry, ATruckThatRegisteredItselfIsThereInVersionZero) {
  today_.hear(at(1s), 1s);
  EXPECT_EQ(said(), nullptr);
  EXPECT_EQ(put({}), unchanged);
  EXPECT_EQ(put({.name = "One"}, if_new), precondition_failed);
  EXPECT_EQ(put({.name = "One"}, if_match({0})), updated);
  EXPECT_EQ(today_.out.registry.at(0).status, truck_status::stopped) << "what is said of it changes nothing of how it drives";
  EXPECT_TRUE(today_.trk().has_position);
}

TEST_F(Registry, ARemovedTruckGoesOfflineAndKeepsWhatItDrove) {
  put({.name = "One"});
  today_.hear(at(1s), 1s);
  ASSERT_EQ(remove(), removed);
  EXPECT_EQ(told(today_.out.events), (std::vector<std::string>{"truck.offline TRK-1 @0"}));
  EXPECT_EQ(today_.out.registry.at(0).now, nullptr);
  EXPECT_EQ(today_.out.registry.at(0).status, truck_status::offline);
  EXPECT_TRUE(today_.trk().removed);
  EXPECT_TRUE(today_.trk().has_position);
  EXPECT_EQ(said(), nullptr);
  EXPECT_TRUE(today_.tick_at(100'000s).events.empty()) << "it is not told twice";
  EXPECT_EQ(remove(), not_found);
}

TEST_F(Registry, WhatWasSentBeforeDoesNotBringARemovedTruckBack) {
  put({.name = "One"});
  today_.hear(at(1s), 1s);
  remove();
  const auto& again = today_.hear(at(1s), 2s);
  EXPECT_EQ(again.judgements.at(0).what, verdict::duplicate);
  EXPECT_TRUE(again.events.empty());
  EXPECT_TRUE(again.registry.empty());
  EXPECT_TRUE(today_.trk().removed);
}

TEST_F(Registry, ANewPositionBringsItBackWithNothingSaidOfItInAVersionOfItsOwn) {
  put({.name = "One"});
  const auto before = said()->version;
  today_.hear(at(5s), 5s);
  remove();
  const auto& back = today_.hear(at(3s), 6s);  // late, and new
  EXPECT_EQ(back.judgements.at(0).what, verdict::late);
  EXPECT_EQ(told(back.events), (std::vector<std::string>{"truck.online TRK-1 @6"}));
  ASSERT_EQ(back.registry.size(), 1u);
  EXPECT_FALSE(today_.trk().removed);
  ASSERT_TRUE(said());
  EXPECT_TRUE(same(*said(), registration{}));
  EXPECT_GT(said()->version, before);
  EXPECT_EQ(put({.name = "One"}, if_match({before})), precondition_failed) << "what was read before it went is stale";
  EXPECT_EQ(put({.name = "One"}, if_match({said()->version})), updated);
}

TEST_F(Registry, ARemovedTruckThatIsRegisteredAgainIsCreated) {
  put({.name = "One"});
  today_.hear(at(1s), 1s);
  remove();
  EXPECT_EQ(put({.name = "Two"}, if_there), precondition_failed);
  EXPECT_EQ(put({.name = "Two"}, if_new), created);
  EXPECT_EQ(today_.hear(at(1s), 2s).judgements.at(0).what, verdict::duplicate);
}

TEST_F(Registry, RegistrationsAndRemovalsSurviveARestart) {
  put({.name = "Zürich", .plate = "ZH 1", .max_speed_kmh = 80, .length_m = 16.5, .attributes = R"({"axles":5})"});
  ask(register_truck{"TRK-2", {}});
  ask(register_truck{"TRK-3", {}});
  ask(remove_truck{"TRK-3"});
  today_.hear({{"TRK-4", at(1s)}}, 1s);
  const auto before = state();
  const auto present = said()->version;
  today_.restart();
  EXPECT_EQ(state(), before);
  EXPECT_EQ(said()->plate, "ZH 1");
  EXPECT_EQ(said()->version, present);
  EXPECT_TRUE(today_.trk("TRK-3").removed);
  EXPECT_EQ(ask(register_truck{"TRK-3", {}, if_new}).decided.what, created);
  EXPECT_EQ(ask(register_truck{"TRK-2", {}, if_new}).decided.what, precondition_failed);
}

TEST_F(Registry, ASnapshotFromBeforeThereWereRegistrationsIsRestored) {
  today_.hear(at(1s), 1s);
  std::string bytes;
  byte_writer out{bytes};
  today_.trk().save(out);  // as the first version wrote a whole entity
  world older{10};
  ASSERT_TRUE(older.restore_truck(bytes));
  EXPECT_FALSE(older.registration_of(0));
  EXPECT_FALSE(older.at(0).removed);
  bytes += "x";
  EXPECT_FALSE(world{10}.restore_truck(bytes)) << "what no save wrote is refused";
}

TEST_F(Registry, ATruckThatHoldsTheRecordAlreadyIsLeftAlone) {
  put({.name = "One"});
  const auto at_offset = today_.offset_;
  put({.name = "Two"});
  const auto before = state();
  for (const any_command& what : {any_command{register_truck{"TRK-1", {.name = "One"}}}, any_command{remove_truck{"TRK-1"}}}) {
    outcome out;
    today_.world_.apply(command{morning, what}, at_offset, out);
    EXPECT_TRUE(out.partly_skipped);
    EXPECT_EQ(state(), before);
  }
}

class RegistryAtRandom : public ::testing::TestWithParam<unsigned> {};

TEST_P(RegistryAtRandom, AWorldReplayedFromAnyMomentIsTheSame) {
  random_day some{GetParam()};
  some.play(60 + some.upto(60));
  world restored{100};
  std::string bytes;
  for (truck_index i = 0; i < some.live.size(); ++i) {  // each truck saved at a moment of its own
    some.play(some.upto(6));
    bytes.clear();
    byte_writer out{bytes};
    some.live.save_truck(i, out);
    ASSERT_TRUE(restored.restore_truck(bytes));
  }
  some.play(some.upto(80));
  outcome out;
  std::size_t commands = 0;
  for (const input& i : some.inputs) {
    i.apply_to(restored, out);
    if (i.asked && !out.partly_skipped) {
      ++commands;
      EXPECT_EQ(out.decided.what, i.first.decided.what) << i.offset;
      EXPECT_EQ(told(out.events), told(i.first.events)) << i.offset;
    }
  }
  EXPECT_GT(commands, 0u);
  EXPECT_EQ(state_of(restored), state_of(some.live));
}
INSTANTIATE_TEST_SUITE_P(Seeds, RegistryAtRandom, ::testing::Range(1u, 25u));

}  // namespace
}  // namespace haulcast::engine
