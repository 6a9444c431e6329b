// What commands go through: the same path as batches, and answers that rest on what is committed.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "haulcast/pipeline/pipeline.hpp"
#include "pipeline/spine.hpp"

namespace haulcast::pipeline {
namespace {

using namespace words;
using engine::command_status;
using engine::reject_code;
using journal::scratch::full_disk;

const engine::precondition if_new{.none_match = engine::version_set{.any = true}};

class Commands : public ::testing::Test {
 protected:
  journal::scratch::directory dir;
};

TEST_F(Commands, NobodySeesATruckThatIsRegisteredAndNotCommitted) {
  spine s{dir.path()};
  const auto a = s.ask(spine::registering("TRK-1", "One"));
  s.loop.poll_one();
  EXPECT_GT(s.p->pending_bytes(), 0U);
  EXPECT_FALSE(a->got);
  EXPECT_EQ(s.told_name("TRK-1"), "-");
  EXPECT_EQ(s.decided(a), command_status::created);
  EXPECT_EQ(a->durable_then, 2U);
  EXPECT_EQ(a->got->value().decided.version, 2U);
  EXPECT_EQ(s.told_name("TRK-1"), "One");
  EXPECT_EQ(s.p->pending_bytes(), 0U);
  EXPECT_EQ(s.p->metrics().commands[static_cast<std::size_t>(command_status::created)], 1U);
}

TEST_F(Commands, OneThatChangesNothingIsNoRecordAndWaitsForWhatItRestsOn) {
  spine s{dir.path()};
  const auto first = s.ask(spine::registering("TRK-1", "One"));
  const auto again = s.ask(spine::registering("TRK-1", "One"));
  const auto refused = s.ask(spine::registering("TRK-1", "Two", if_new));
  const auto missing = s.ask(engine::remove_truck{.truck_id = "TRK-2"});
  for (int i = 0; i < 4; ++i) s.loop.poll_one();
  for (const auto& a : {again, refused, missing}) EXPECT_FALSE(a->got) << "the first may be lost yet";
  EXPECT_EQ(s.decided(missing), command_status::not_found);
  EXPECT_EQ(s.decided(again), command_status::unchanged);
  EXPECT_EQ(s.decided(refused), command_status::precondition_failed);
  EXPECT_TRUE(first->got) << "answers come in their order";
  EXPECT_EQ(s.log->last_offset(), 2U);
  EXPECT_EQ(s.p->pending_bytes(), 0U);

  EXPECT_EQ(s.remove("TRK-2"), command_status::not_found) << "also when nothing waits for a commit";
  EXPECT_EQ(s.put("TRK-1", "One"), command_status::unchanged);
  EXPECT_EQ(s.log->last_offset(), 2U);
  EXPECT_EQ(s.p->told(), 2U);
}

TEST_F(Commands, AFailedCommitFailsThemAndWhatRestsOnThem) {
  spine s{dir.path()};
  s.put("TRK-1", "One");
  {
    const full_disk full{32};
    const auto lost = s.ask(spine::registering("TRK-1", "Two"));
    const auto again = s.ask(spine::registering("TRK-1", "Two"));
    const auto other = s.ask(spine::registering("TRK-2"));
    const auto refused = s.ask(spine::registering("TRK-2", "x", if_new));
    for (const auto& a : {lost, again, other, refused}) {
      ASSERT_TRUE(s.until([&] { return a->got.has_value(); }));
      EXPECT_TRUE(a->refused_with(refusal::not_committed));
    }
    EXPECT_EQ(s.told_name("TRK-1"), "One");
    EXPECT_EQ(s.told_name("TRK-2"), "-");
    EXPECT_EQ(s.p->pending_bytes(), 0U);
    const auto early = s.ask(spine::registering("TRK-1", "Two"));
    ASSERT_TRUE(s.until([&] { return early->got.has_value(); }));
    EXPECT_TRUE(early->refused_with(refusal::not_ready));
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  EXPECT_EQ(s.told_name("TRK-1"), "One");
  EXPECT_EQ(s.put("TRK-1", "Two"), command_status::updated);
  EXPECT_EQ(s.put("TRK-2", "x", if_new), command_status::created);
  EXPECT_EQ(s.p->metrics().replay_differences, 0U);
  s.p.reset();
  EXPECT_NE(recovered_digest(dir.path()), "");
}

TEST_F(Commands, ARemovedTruckIsGoneForReadsAndItsFollowersGetItWhenItComesBack) {
  spine s{dir.path()};
  viewer v;
  s.fan_out.join(v);
  s.put("TRK-1", "One");
  s.take({{"TRK-1", 0, 30}});
  s.take({{"TRK-1", 1, 30}});  // nobody follows it, and the hub knows that
  EXPECT_EQ(s.remove("TRK-1"), command_status::removed);
  EXPECT_EQ(s.told_name("TRK-1"), "-");
  EXPECT_EQ(s.told_speed("TRK-1"), -1);
  s.fan_out.follow(v, "TRK-1", s.p->live().find("TRK-1"));
  EXPECT_EQ(s.take({{"TRK-1", 1, 30}}).duplicates, 1U);
  EXPECT_EQ(s.told_name("TRK-1"), "-");
  EXPECT_EQ(v.positions(), "");

  s.take({{"TRK-1", 2, 33}});
  EXPECT_EQ(s.told_name("TRK-1"), "");
  EXPECT_EQ(s.told_speed("TRK-1"), 33);
  EXPECT_EQ(v.positions(), "TRK-1 33");
  EXPECT_EQ(v.event_types(), "online");
  s.fan_out.leave(v);
}

TEST_F(Commands, AfterARestartReadsShowWhatTheyShowedBefore) {
  std::string before;
  const auto shown = [](const spine& s) {
    std::string all;
    for (const auto* id : {"TRK-1", "TRK-2", "TRK-3", "TRK-4"}) {
      all += std::string{id} + ":" + s.told_name(id) + ":" + std::to_string(s.told_speed(id)) + " ";
    }
    return all;
  };
  {
    spine s{dir.path()};
    s.put("TRK-1", "One");
    s.take({{"TRK-1", 5, 30}, {"TRK-2", 0, 20}, {"TRK-3", 0, 20}});
    s.remove("TRK-1");
    s.take({{"TRK-1", 3, 30}});  // late: it is back, and what it last drove is shown again
    s.remove("TRK-3");
    s.put("TRK-4", "Four");
    before = shown(s);
  }
  const spine again{dir.path()};
  EXPECT_EQ(shown(again), before);
  EXPECT_EQ(before, "TRK-1::30.000000 TRK-2::20.000000 TRK-3:-:-1.000000 TRK-4:Four:-1.000000 ");
  EXPECT_NE(recovered_digest(dir.path()), "");
}

TEST_F(Commands, NoTruckIsRegisteredBeyondTheMostAndKnownOnesGoOn) {
  auto options = small();
  options.max_trucks = 2;
  spine s{dir.path(), options};
  s.put("TRK-1");
  s.take({{"TRK-2", 0}});
  EXPECT_EQ(s.put("TRK-3"), command_status::no_room);
  EXPECT_EQ(s.put("TRK-2", "Two"), command_status::updated);
  EXPECT_EQ(s.remove("TRK-1"), command_status::removed);
  EXPECT_EQ(s.put("TRK-3"), command_status::no_room) << "a removed truck is still known";
  EXPECT_EQ(s.put("TRK-1"), command_status::created);
  EXPECT_EQ(s.p->sizes().trucks, 2U);
}

TEST_F(Commands, WhereTrucksMustBeRegisteredThePositionsOfOthersAreRejectedInTheirPlaces) {
  auto options = small();
  options.register_unknown_trucks = false;
  spine s{dir.path(), options};
  s.put("TRK-1");
  s.put("TRK-2");
  s.remove("TRK-2");
  auto b = batch_of({{"TRK-1", 0}, {"NEW", 0}, {"TRK-2", 0}, {"TRK-1", 1}});
  for (auto& p : b->positions) p.index *= 2;
  b->rejected.push_back({1, reject_code::latitude_missing, b->keep("NEW"), {}});
  b->rejected.push_back({3, reject_code::field_type_invalid, b->keep("TRK-1"), {}});
  b->rejected.push_back({5, reject_code::duplicate_key, b->keep("NEW"), {}});
  b->rejected.push_back({7, reject_code::field_type_invalid, {}, {}});
  const auto answered = s.submit(std::move(b));
  const receipt& r = s.wait(answered).value();
  EXPECT_EQ(r.accepted, 2U);
  std::vector<std::pair<std::uint32_t, reject_code>> refused;
  for (const auto& each : r.input->rejected) refused.emplace_back(each.index, each.code);
  using enum reject_code;
  EXPECT_EQ(refused, (std::vector<std::pair<std::uint32_t, reject_code>>{{1, truck_unknown},
                                                                         {2, truck_unknown},
                                                                         {3, field_type_invalid},
                                                                         {4, truck_unknown},
                                                                         {5, duplicate_key},
                                                                         {7, field_type_invalid}}));
  EXPECT_EQ(s.p->metrics().rejected[static_cast<std::size_t>(truck_unknown)], 3U);
  EXPECT_EQ(s.told_name("NEW"), "-");
  EXPECT_EQ(s.told_name("TRK-2"), "-");
  s.p.reset();
  EXPECT_NE(recovered_digest(dir.path()), "");
}

TEST_F(Commands, ATruckIsKnownFromTheMomentItsRegistrationIsTakenAndNobodyIsToldBeforeItIsCommitted) {
  auto options = small();
  options.register_unknown_trucks = false;
  spine s{dir.path(), options};
  const auto before = s.submit({{"TRK-1", 0}});
  const auto registered = s.ask(spine::registering("TRK-1"));
  const auto after = s.submit({{"TRK-1", 0}});
  const auto gone = s.ask(engine::remove_truck{.truck_id = "TRK-1"});
  const auto last = s.submit({{"TRK-1", 1}});
  for (int i = 0; i < 5; ++i) s.loop.poll_one();
  EXPECT_FALSE(after->got);
  EXPECT_EQ(s.wait(before).value().accepted, 0U);
  EXPECT_EQ(s.wait(after).value().accepted, 1U);
  EXPECT_EQ(s.wait(last).value().accepted, 0U);
  EXPECT_EQ(s.decided(gone), command_status::removed);
}

TEST_F(Commands, StopAfterTheyAreAnswered) {
  spine s{dir.path()};
  const auto a = s.ask(spine::registering("TRK-1"));
  const auto missing = s.ask(engine::remove_truck{.truck_id = "TRK-2"});
  s.loop.poll_one();
  s.loop.poll_one();
  bool drained = false;
  net::co_spawn(s.loop, s.p->drain(), [&](const std::exception_ptr&) { drained = true; });
  ASSERT_TRUE(s.until([&] { return drained; }));
  EXPECT_TRUE(a->got && missing->got);
  const auto late = s.ask(spine::registering("TRK-3"));
  ASSERT_TRUE(s.until([&] { return late->got.has_value(); }));
  EXPECT_TRUE(late->refused_with(refusal::shutting_down));
}

}  // namespace
}  // namespace haulcast::pipeline
