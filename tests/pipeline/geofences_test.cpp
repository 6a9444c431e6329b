// Geofences on the path of commands: seen when they are committed, saved by snapshots, there again after a restart.
#include <gtest/gtest.h>

#include "engine/fences.hpp"
#include "pipeline/spine.hpp"

namespace haulcast::pipeline {
namespace {

using namespace words;
using engine::command_status;
using engine::geofence;
using engine::story::around_depot;
using journal::scratch::full_disk;

class Geofences : public ::testing::Test {
 protected:
  static command_status put(spine& s, geofence what) { return s.decided(s.ask(engine::put_geofence{.what = std::move(what)})); }
  static command_status remove(spine& s, std::string id) { return s.decided(s.ask(engine::remove_geofence{std::move(id)})); }
  /// "a:500 b:200", as reads show them.
  static std::string told(const spine& s) {
    std::string all;
    for (const auto& [id, fence] : s.p->live().geofences()) {
      if (!all.empty()) all += ' ';
      all += id + ":" + std::to_string(static_cast<int>(std::get<geo::circle>(fence->shape).radius_m));
    }
    return all;
  }
  /// Waits until the pass that is due after an interval of a second is through.
  static bool snapshot(spine& s) {
    const auto before = s.p->snapshots().passes;
    return s.until([&] { return s.p->snapshots().passes > before; });
  }

  journal::scratch::directory dir;
};

TEST_F(Geofences, NobodySeesOneThatIsNotCommitted) {
  spine s{dir.path()};
  const auto a = s.ask(engine::put_geofence{.what = around_depot(500)});
  s.loop.poll_one();
  EXPECT_FALSE(a->got);
  EXPECT_EQ(told(s), "");
  EXPECT_EQ(s.decided(a), command_status::created);
  EXPECT_EQ(told(s), "depot:500");
  EXPECT_EQ(s.p->live().geofences().at("depot")->version, a->got->value().decided.version);
  EXPECT_EQ(s.p->sizes().geofences, 1U);
  EXPECT_EQ(remove(s, "depot"), command_status::removed);
  EXPECT_EQ(told(s), "");
}

TEST_F(Geofences, AFailedCommitTakesThemBack) {
  spine s{dir.path()};
  put(s, around_depot(500));
  {
    const full_disk full{32};
    const auto changed = s.ask(engine::put_geofence{.what = around_depot(600)});
    const auto added = s.ask(engine::put_geofence{.what = around_depot(600, "other")});
    for (const auto& a : {changed, added}) {
      ASSERT_TRUE(s.until([&] { return a->got.has_value(); }));
      EXPECT_TRUE(a->refused_with(refusal::not_committed));
    }
    EXPECT_EQ(told(s), "depot:500");
  }
  ASSERT_TRUE(s.until([&] { return !s.p->closed(); }));
  EXPECT_EQ(told(s), "depot:500");
  EXPECT_EQ(put(s, around_depot(600)), command_status::updated);
  EXPECT_EQ(s.p->metrics().replay_differences, 0U);
  s.p.reset();
  EXPECT_NE(recovered_digest(dir.path()), "");
}

TEST_F(Geofences, NoneIsAddedBeyondTheMostAndThoseThatAreThereGoOn) {
  auto options = small();
  options.max_geofences = 2;
  spine s{dir.path(), options};
  put(s, around_depot(500, "a"));
  put(s, around_depot(500, "b"));
  EXPECT_EQ(put(s, around_depot(500, "c")), command_status::no_room);
  EXPECT_EQ(put(s, around_depot(600, "b")), command_status::updated);
  EXPECT_EQ(s.decided(s.ask(engine::put_geofence{.what = around_depot(600, "b"), .only_new = true})), command_status::exists);
  EXPECT_EQ(remove(s, "a"), command_status::removed);
  EXPECT_EQ(put(s, around_depot(500, "c")), command_status::created);
}

TEST_F(Geofences, AfterARestartTheyAreAsTheyWereWithSnapshotsAndWithout) {
  std::string before;
  {
    auto options = small();
    options.snapshot_interval = std::chrono::seconds{0};
    spine s{dir.path(), options};
    s.p->start();
    put(s, around_depot(500, "kept"));
    put(s, around_depot(500, "changed"));
    put(s, around_depot(500, "deleted"));
    ASSERT_TRUE(snapshot(s));
    put(s, around_depot(600, "changed"));
    remove(s, "deleted");
    put(s, around_depot(700, "new"));
    s.take({{"TRK-1", 0, 30}});
    ASSERT_TRUE(snapshot(s) && snapshot(s)) << "the second began after the first was seen to end";
    put(s, around_depot(800, "newest"));
    before = told(s);
  }
  EXPECT_EQ(before, "changed:600 kept:500 new:700 newest:800");
  EXPECT_NE(recovered_digest(dir.path()), "");
  {
    const auto log = journal::scratch::open(dir.path() / "journal");
    const auto snapshots = std::move(journal::snapshot_store::open(dir.path() / "snapshots.db", log->id())).value();
    std::string saved;
    EXPECT_TRUE(snapshots->load([&](const journal::entity& e) {
      if (e.key.starts_with(journal::geofence_prefix)) saved += e.key + " ";
      return true;
    }));
    EXPECT_EQ(saved.find("deleted"), std::string::npos) << "its row went with it";
    EXPECT_NE(saved.find("geofence/new"), std::string::npos);
    EXPECT_GT(snapshots->replay_from().value(), 1U);
  }
  const spine again{dir.path()};
  EXPECT_EQ(told(again), before);
}

TEST_F(Geofences, WhoIsInOneIsSeenWhenItIsCommittedAndAfterARestart) {
  const auto inside = [](const spine& s) {
    std::string all;
    if (const auto* const trucks = s.p->live().inside("here")) {
      for (const auto& [truck, since] : *trucks) all += truck + "@" + std::to_string((since - morning).count() / 1000) + " ";
    }
    return all;
  };
  {
    spine s{dir.path()};
    viewer v;
    s.fan_out.join(v);
    s.fan_out.follow(v, "TRK-2", std::nullopt);
    put(s, {.id = "here", .shape = geo::circle{driving(30).point, 500}});
    const auto sent = s.submit({{"TRK-2", 3, 30}, {"TRK-1", 5, 30}});
    s.loop.poll_one();
    EXPECT_EQ(inside(s), "");
    s.wait(sent);
    EXPECT_EQ(inside(s), "TRK-1@5 TRK-2@3 ");
    EXPECT_EQ(v.event_types(), "online, entered");
    remove(s, "here");
    EXPECT_EQ(inside(s), "TRK-1@5 TRK-2@3 ") << "each is told to have left when it is looked at";
    s.take({{"TRK-2", 6, 30}});
    EXPECT_EQ(inside(s), "TRK-1@5 ");
    EXPECT_EQ(v.event_types(), "exited");
    s.fan_out.leave(v);
  }
  const spine again{dir.path()};
  EXPECT_EQ(inside(again), "TRK-1@5 ");
  EXPECT_NE(recovered_digest(dir.path()), "");
}

}  // namespace
}  // namespace haulcast::pipeline
