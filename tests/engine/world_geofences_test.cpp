// What commands do to geofences.
#include <gtest/gtest.h>

#include "engine/fences.hpp"
#include "engine/story.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using enum command_status;

class Fences : public ::testing::Test {
 protected:
  const outcome& ask(any_command what, std::optional<retry_key> retry = {}) {
    today_.out.clear();
    today_.world_.apply(command{morning, std::move(what), retry}, today_.offset_ + 1, today_.out);
    if (today_.out.decided.changed()) ++today_.offset_;
    return today_.out;
  }
  command_status put(geofence what, precondition only_if = {}) {
    return ask(put_geofence{.what = std::move(what), .only_if = std::move(only_if)}).decided.what;
  }
  command_status create(geofence what) { return ask(put_geofence{.what = std::move(what), .only_new = true}).decided.what; }
  command_status put_as(std::string merchant, geofence what, precondition only_if = {}) {
    what.merchant_id = merchant;
    return ask(put_geofence{.what = std::move(what), .merchant_id = std::move(merchant), .only_if = std::move(only_if)})
        .decided.what;
  }
  command_status remove(std::string id, std::string merchant = {}, precondition only_if = {}) {
    return ask(remove_geofence{std::move(id), std::move(merchant), std::move(only_if)}).decided.what;
  }
  std::shared_ptr<const geofence> there(std::string_view id = "depot") const { return today_.world_.geofences().find(id); }
  std::string state() const { return state_of(today_.world_); }

  day today_;
};

precondition if_match(std::uint64_t version) { return {.match = version_set{.versions = {version}}}; }
const precondition if_there{.match = version_set{.any = true}};
const precondition if_new{.none_match = version_set{.any = true}};

TEST_F(Fences, OneIsCreatedThenUpdatedAndItsVersionIsTheRecordThatDidIt) {
  EXPECT_EQ(put(around_depot(500)), created);
  ASSERT_TRUE(there());
  EXPECT_EQ(there()->version, today_.offset_);
  EXPECT_EQ(today_.out.decided.version, today_.offset_);
  ASSERT_TRUE(today_.out.fence);
  EXPECT_EQ(today_.out.fence->geofence_id, "depot");
  EXPECT_EQ(today_.out.fence->now, there()) << "everybody shares one";
  EXPECT_TRUE(there()->region) << "it is ready to be asked";
  EXPECT_TRUE(today_.out.events.empty());

  const auto before = there();
  EXPECT_EQ(put(around_depot(600)), updated);
  EXPECT_GT(there()->version, before->version);
  EXPECT_EQ(std::get<geo::circle>(before->shape).radius_m, 500) << "whoever still has the old one is not surprised";
  EXPECT_EQ(remove("depot"), removed);
  EXPECT_FALSE(there());
  EXPECT_EQ(today_.out.fence->now, nullptr);
  EXPECT_EQ(put(around_depot(600)), created);
}

TEST_F(Fences, WhatIsToBeNewIsNotPutInTheWayOfAnother) {
  EXPECT_EQ(create(around_depot(500)), created);
  const auto before = state();
  EXPECT_EQ(create(around_depot(500)), exists);
  EXPECT_EQ(create(around_depot(600)), exists);
  EXPECT_EQ(state(), before);
}

TEST_F(Fences, WhatChangesNothingLeavesNoTrace) {
  put(around_depot(500));
  const auto before = state();
  EXPECT_EQ(put(around_depot(500)), unchanged);
  EXPECT_EQ(today_.out.decided.version, there()->version);
  EXPECT_EQ(put(around_depot(600), if_new), precondition_failed);
  EXPECT_EQ(put(around_depot(600), if_match(there()->version + 1)), precondition_failed);
  EXPECT_EQ(put(around_depot(600, "other"), if_there), precondition_failed);
  EXPECT_EQ(remove("depot", {}, if_match(there()->version + 1)), precondition_failed);
  EXPECT_EQ(remove("other"), not_found);
  EXPECT_EQ(state(), before);
  EXPECT_FALSE(today_.out.fence);
}

TEST_F(Fences, APreconditionHoldsForTheVersionThatIsThere) {
  put(around_depot(500), if_new);
  const auto first = there()->version;
  EXPECT_EQ(put(around_depot(600), if_match(first)), updated);
  EXPECT_EQ(put(around_depot(700), if_match(first)), precondition_failed);
  EXPECT_EQ(remove("depot", {}, if_match(first)), precondition_failed);
  EXPECT_EQ(remove("depot", {}, if_match(there()->version)), removed);
}

TEST_F(Fences, ToAMerchantWhatBelongsToOthersIsNotThereAndItsIdIsTaken) {
  put(around_depot(500, "operators"));
  put_as("M-1", around_depot(500, "ours"));
  const auto before = state();
  for (const std::string id : {"operators", "ours"}) {
    EXPECT_EQ(put_as("M-2", around_depot(600, id)), exists) << id;
    EXPECT_EQ(put_as("M-2", around_depot(600, id), if_there), precondition_failed) << id;
    EXPECT_EQ(put_as("M-2", around_depot(600, id), if_match(there(id)->version)), precondition_failed) << id;
    EXPECT_EQ(put_as("M-2", around_depot(600, id), if_new), exists) << id;
    EXPECT_EQ(remove(id, "M-2"), not_found) << id;
    EXPECT_EQ(remove(id, "M-2", if_match(1)), not_found) << id;
  }
  EXPECT_EQ(state(), before);
  EXPECT_EQ(put_as("M-1", around_depot(600, "ours")), updated);
  EXPECT_EQ(remove("ours", "M-1"), removed);
}

TEST_F(Fences, TheOperatorMayChangeEverybodys) {
  put_as("M-1", around_depot(500));
  geofence same_owner = around_depot(600);
  same_owner.merchant_id = "M-1";
  EXPECT_EQ(put(same_owner), updated);
  EXPECT_EQ(there()->merchant_id, "M-1");
  EXPECT_EQ(remove("depot"), removed);
}

TEST_F(Fences, WhatIsSentAgainUnderItsKeyIsNotDoneTwice) {
  const retry_key key{{1, 1}, {2, 2}};
  const put_geofence asked{.what = around_depot(500), .only_new = true};
  EXPECT_EQ(ask(asked, key).decided.what, created);
  const auto version = there()->version;
  EXPECT_EQ(ask(asked, key).decided, (command_outcome{created, version, true}));
  EXPECT_EQ(ask(asked, retry_key{{1, 1}, {3, 3}}).decided.what, key_reused);
  EXPECT_EQ(ask(asked).decided.what, exists);
}

TEST_F(Fences, SurviveARestart) {
  put(strip(100, 300, "strip"));
  put_as("M-1", around_depot(500));
  put(around_depot(200, "gone"));
  remove("gone");
  const auto before = state();
  const auto version = there()->version;
  today_.restart();
  EXPECT_EQ(state(), before);
  ASSERT_TRUE(there());
  EXPECT_EQ(there()->version, version);
  EXPECT_TRUE(there()->region);
  EXPECT_FALSE(there("gone"));
  EXPECT_EQ(today_.world_.geofences().size(), 2u);
}

TEST_F(Fences, APassSavesThemAsTheyAllWereWhenItBegan) {
  put(around_depot(500, "changed"));
  put(around_depot(500, "deleted"));
  put(around_depot(500, "kept"));
  const auto taken = today_.world_.take_changed_geofences();
  put(around_depot(600, "changed"));
  put(around_depot(600, "new"));
  remove("deleted");
  ASSERT_EQ(taken.size(), 1u);
  ASSERT_EQ(taken[0].size(), 3u);
  for (const auto& [id, fence] : taken[0]) EXPECT_EQ(std::get<geo::circle>(fence->shape).radius_m, 500) << id;

  const auto next = today_.world_.take_changed_geofences();
  ASSERT_EQ(next.size(), 1u);
  ASSERT_EQ(next[0].size(), 3u) << "what did not change is not taken again";
  EXPECT_EQ(std::get<geo::circle>(next[0].at("changed")->shape).radius_m, 600);
  EXPECT_TRUE(next[0].at("new"));
  EXPECT_EQ(next[0].at("deleted"), nullptr);
  EXPECT_TRUE(today_.world_.take_changed_geofences().empty());
}

TEST_F(Fences, WhatAPassCouldNotSaveTheNextOneTakesBeforeWhatCameLater) {
  put(around_depot(500, "one"));
  put(around_depot(500, "two"));
  auto lost = today_.world_.take_changed_geofences();
  put(around_depot(600, "one"));
  today_.world_.give_back_geofences(std::move(lost));
  const auto taken = today_.world_.take_changed_geofences();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(std::get<geo::circle>(taken[0].at("one")->shape).radius_m, 500);
  EXPECT_TRUE(taken[0].at("two"));
  EXPECT_EQ(std::get<geo::circle>(taken[1].at("one")->shape).radius_m, 600) << "the newest is written last";
}

TEST_F(Fences, BytesThatAreNoneAreNotRestored) {
  std::string bytes;
  byte_writer out{bytes};
  around_depot(500).save(out);
  world w{10};
  EXPECT_TRUE(w.restore_geofence(read_geofence(bytes)));
  EXPECT_FALSE(w.restore_geofence(read_geofence(bytes))) << "two under one id";
  EXPECT_FALSE(w.restore_geofence(read_geofence(bytes + "x")));
  EXPECT_FALSE(w.restore_geofence(read_geofence("")));
}

}  // namespace
}  // namespace haulcast::engine
