// Commands that are sent again under their retry keys.
#include <gtest/gtest.h>

#include "engine/story.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using enum command_status;

constexpr std::uint64_t alice = 1;
constexpr std::uint64_t bob = 2;

class Retries : public ::testing::Test {
 protected:
  /// Whose key it is stands in its digest, as does what is asked.
  static retry_key key(std::uint64_t whose, std::uint64_t request) { return {{whose, 0}, {request, 0}}; }

  command_outcome ask(any_command what, std::optional<retry_key> retry, milliseconds now = 0ms) {
    today_.out.clear();
    today_.world_.apply(command{morning + now, std::move(what), retry}, today_.offset_ + 1, today_.out);
    if (today_.out.decided.changed()) ++today_.offset_;
    return today_.out.decided;
  }
  command_outcome put(std::string name, std::optional<retry_key> retry, milliseconds now = 0ms, precondition only_if = {}) {
    return ask(register_truck{"TRK-1", {.name = std::move(name)}, std::move(only_if)}, retry, now);
  }
  command_outcome remove(std::optional<retry_key> retry, milliseconds now = 0ms, precondition only_if = {}) {
    return ask(remove_truck{"TRK-1", std::move(only_if)}, retry, now);
  }
  static command_outcome again(command_outcome first) {
    first.again = true;
    return first;
  }
  std::string state() const { return state_of(today_.world_); }

  day today_;
};

TEST_F(Retries, TheSameKeyAndRequestComeToTheSameAndChangeNothing) {
  const auto first = put("One", key(alice, 1));
  ASSERT_EQ(first, (command_outcome{created, today_.offset_}));
  put("Two", std::nullopt);
  const auto before = state();
  EXPECT_EQ(put("One", key(alice, 1)), again(first)) << "though another has changed it";
  EXPECT_FALSE(today_.out.decided.changed());
  EXPECT_TRUE(today_.out.registry.empty());
  EXPECT_EQ(state(), before);
}

TEST_F(Retries, ARemovalIsARemovalAgain) {
  put("One", std::nullopt);
  ASSERT_EQ(remove(key(alice, 1)).what, removed);
  EXPECT_EQ(remove(std::nullopt).what, not_found);
  EXPECT_EQ(remove(key(alice, 1)), again({removed}));
  EXPECT_EQ(put("Two", std::nullopt).what, created);
  EXPECT_EQ(remove(key(alice, 1)), again({removed})) << "what came back since stays";
  EXPECT_FALSE(today_.trk().removed);
}

TEST_F(Retries, PreconditionsAreNotAskedAgain) {
  const auto first = put("One", key(alice, 1), 0ms, {.none_match = version_set{.any = true}});
  EXPECT_EQ(put("One", key(alice, 1), 0ms, {.none_match = version_set{.any = true}}), again(first));
  const auto second = put("Two", key(bob, 2), 0ms, {.match = version_set{.versions = {first.version}}});
  ASSERT_EQ(second.what, updated);
  EXPECT_EQ(put("Two", key(bob, 2), 0ms, {.match = version_set{.versions = {first.version}}}), again(second));
}

TEST_F(Retries, TheSameKeyForAnotherRequestIsRefused) {
  put("One", key(alice, 1));
  const auto before = state();
  EXPECT_EQ(put("Two", key(alice, 2)).what, key_reused);
  EXPECT_EQ(remove(key(alice, 3)).what, key_reused);
  EXPECT_FALSE(today_.out.decided.changed());
  EXPECT_EQ(state(), before);
}

TEST_F(Retries, AnothersKeyIsAnotherKey) {
  put("One", key(alice, 1));
  EXPECT_EQ(put("Two", key(bob, 1)).what, updated);
  EXPECT_EQ(put("One", key(alice, 1)).what, created);
}

TEST_F(Retries, AKeyHoldsForADay) {
  const auto first = put("One", key(alice, 1), 5s);
  EXPECT_EQ(put("One", key(alice, 1), 24h + 5s), again(first));
  EXPECT_EQ(put("Two", key(alice, 2), 24h + 5s).what, key_reused);
  EXPECT_EQ(put("Two", key(alice, 2), 24h + 5s + 1ms).what, updated);
  EXPECT_EQ(put("One", key(alice, 1), 24h + 5s + 1ms).what, key_reused) << "it stands for the newer one";
}

TEST_F(Retries, WhatChangesNothingIsDecidedAnewEachTime) {
  put("One", std::nullopt);
  const auto before = state();
  EXPECT_EQ(put("One", key(alice, 1)).what, unchanged);
  EXPECT_EQ(ask(remove_truck{"TRK-2"}, key(bob, 1)).what, not_found);
  EXPECT_EQ(put("Two", key(bob, 2), 0ms, {.none_match = version_set{.any = true}}).what, precondition_failed);
  EXPECT_EQ(state(), before);
  put("Two", std::nullopt);
  EXPECT_EQ(put("One", key(alice, 1)).what, updated);
}

TEST_F(Retries, KeysSurviveARestart) {
  const auto first = put("One", key(alice, 1));
  const auto gone = remove(key(bob, 2), 1s);
  const auto before = state();
  today_.restart();
  EXPECT_EQ(state(), before);
  EXPECT_EQ(today_.world_.now(), morning + 1s) << "time does not run back behind the newest key";
  EXPECT_EQ(put("One", key(alice, 1), 2s), again(first));
  EXPECT_EQ(remove(key(bob, 2), 2s), again(gone));
  EXPECT_EQ(remove(key(bob, 3), 2s).what, key_reused);
}

// Snapshots are taken in slices: trucks and keys of one world may hold for different offsets.
TEST_F(Retries, ARecordThatOnlyTheTruckHoldsIsRememberedAndOneThatOnlyTheKeysHoldIsCarriedOut) {
  const command input{morning, register_truck{"TRK-1", {.name = "One"}}, key(alice, 1)};
  outcome out;
  world whole{10};
  whole.apply(input, 1, out);
  ASSERT_EQ(out.decided, (command_outcome{created, 1}));

  std::string truck;
  byte_writer truck_out{truck};
  whole.save_truck(0, truck_out);
  world of_trucks{10};
  ASSERT_TRUE(of_trucks.restore_truck(truck));
  out.clear();
  of_trucks.apply(input, 1, out);
  ASSERT_TRUE(out.partly_skipped);
  of_trucks.recall(input, created, 1);
  EXPECT_EQ(state_of(of_trucks), state_of(whole));

  std::string row;
  byte_writer row_out{row};
  whole.retries().save_block(0, row_out);
  world of_keys{10};
  ASSERT_TRUE(of_keys.restore_retries({row}));
  out.clear();
  of_keys.apply(input, 1, out);
  EXPECT_EQ(out.decided, (command_outcome{created, 1})) << "its own record is no repetition";
  EXPECT_EQ(state_of(of_keys), state_of(whole));
}

}  // namespace
}  // namespace haulcast::engine
