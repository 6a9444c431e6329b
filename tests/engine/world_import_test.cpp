// What an import does to the world: nothing until it is complete, then all of it, also in another life.
#include <gtest/gtest.h>

#include "engine/fences.hpp"
#include "engine/story.hpp"
#include "haulcast/base/bytes.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::engine {
namespace {

using namespace story;
using enum command_status;

std::shared_ptr<geofence> made(geofence g) {
  g.prepare();
  return std::make_shared<geofence>(std::move(g));
}

class Imports : public ::testing::Test {
 protected:
  command_outcome ask(any_command what, std::optional<retry_key> retry = {}) {
    today_.out.clear();
    today_.world_.apply(command{morning, std::move(what), retry}, today_.offset_ + 1, today_.out);
    if (today_.out.decided.changed()) ++today_.offset_;
    return today_.out.decided;
  }
  command_status put(geofence what) { return ask(put_geofence{.what = std::move(what)}).what; }
  command_status stage(std::vector<std::string> ids, double radius, bool first = true) {
    stage_geofences part{.first = first};
    for (std::string& id : ids) part.what.push_back(made(around_depot(radius, std::move(id))));
    return ask(std::move(part)).what;
  }
  void restart() {
    today_.out.clear();
    today_.world_.apply(started{.now = morning, .rules = today_.world_.rules()}, ++today_.offset_, today_.out);
  }
  /// "a:500 b:200"
  std::string there() const {
    std::string all;
    for (const auto& [id, fence] : today_.world_.geofences().all())
      all += id + ":" + std::to_string(static_cast<int>(std::get<geo::circle>(fence->shape).radius_m)) + " ";
    return all;
  }
  const world& world_() const { return today_.world_; }

  day today_;
};

TEST_F(Imports, WhatIsStagedIsNotThereBeforeAllOfItIsAndThenComesInPartsInItsOrder) {
  put(around_depot(500, "b"));
  EXPECT_EQ(stage({"c", "b"}, 600), staged);
  EXPECT_EQ(stage({"a"}, 700, false), staged);
  EXPECT_EQ(there(), "b:500 ");
  EXPECT_EQ(world_().imports_left(), 0U);
  const auto whole = ask(import_geofences{.staged = 3, .unchanged = 4});
  EXPECT_EQ(whole.what, imported);
  EXPECT_EQ(whole.counts, (import_counts{.created = 2, .updated = 1, .unchanged = 4}));
  EXPECT_EQ(there(), "b:500 ");
  EXPECT_EQ(world_().imports_left(), 3U);

  EXPECT_EQ(ask(enforce_geofences{2}).what, enforced);
  EXPECT_EQ(there(), "b:600 c:600 ");
  ASSERT_EQ(today_.out.enforced.size(), 2U);
  EXPECT_EQ(today_.out.enforced[0]->id, "c");
  EXPECT_EQ(today_.out.enforced[0]->version, today_.offset_) << "the record that brought it";
  EXPECT_EQ(ask(enforce_geofences{2}).what, enforced);
  EXPECT_EQ(there(), "a:700 b:600 c:600 ");
  EXPECT_EQ(world_().imports_left(), 0U);
  EXPECT_EQ(ask(enforce_geofences{2}).what, not_found);
}

TEST_F(Imports, AStartForgetsWhatWasNotCompleteAndKeepsWhatWas) {
  stage({"a"}, 500);
  restart();
  EXPECT_EQ(ask(import_geofences{.staged = 1}).what, not_found);
  stage({"b"}, 500);
  EXPECT_EQ(ask(import_geofences{.staged = 1}).what, imported);
  restart();
  EXPECT_EQ(world_().imports_left(), 1U);
  EXPECT_EQ(stage({"c"}, 500), importing) << "one at a time";
  EXPECT_EQ(ask(enforce_geofences{16}).what, enforced);
  EXPECT_EQ(there(), "b:500 ");
}

TEST_F(Imports, ANewOneForgetsWhatWasStagedBeforeAndNeverCompleted) {
  stage({"a", "b"}, 500);
  stage({"c"}, 500);
  EXPECT_EQ(ask(import_geofences{.staged = 3}).what, not_found) << "not all that it counts is there";
  EXPECT_EQ(ask(import_geofences{.staged = 1}).what, imported);
  ask(enforce_geofences{16});
  EXPECT_EQ(there(), "c:500 ");
  stage({"d"}, 500);
  EXPECT_EQ(today_.world_.forget_staged().size(), 1U);
  EXPECT_EQ(ask(import_geofences{.staged = 1}).what, not_found);
}

TEST_F(Imports, UnderItsKeyItIsToldOnceMoreWithWhatItCameTo) {
  const retry_key key{.key = {1, 2}, .request = {3, 4}};
  stage({"a", "b"}, 500);
  const auto first = ask(import_geofences{.staged = 2, .unchanged = 1}, key);
  ask(enforce_geofences{16});
  outcome told;
  ASSERT_TRUE(world_().answer_again({morning, import_geofences{}, key}, today_.offset_ + 1, told));
  EXPECT_EQ(told.decided.what, imported);
  EXPECT_TRUE(told.decided.again);
  EXPECT_EQ(told.decided.counts, first.counts);

  std::string saved;
  byte_writer out{saved};
  world_().retries().save_block(0, out);
  retry_keys again;
  ASSERT_TRUE(again.restore({saved}));
  EXPECT_EQ(again.newest()->came_to, (command_outcome{imported, first.version, false, first.counts}));
}

TEST_F(Imports, TrucksThatAreInsideAreHeldAgainstWhatHasChanged) {
  put(plain(around_depot(500)));
  today_.hear(at(0s));
  EXPECT_EQ(today_.world_.visits_of(0).all().size(), 1U);
  auto smaller = plain(around_depot(500));
  smaller.restricted = true;
  stage_geofences part{.first = true};
  part.what.push_back(made(smaller));
  ask(std::move(part));
  ask(import_geofences{.staged = 1});
  EXPECT_TRUE(today_.world_.due(morning + 1s, 10).empty());
  ask(enforce_geofences{16});
  EXPECT_EQ(today_.world_.due(morning + 1s, 10).size(), 1U);
}

TEST_F(Imports, ItsCommandsComeBackFromBytes) {
  stage_geofences part{.first = true};
  part.what.push_back(made(around_depot(500, "a")));
  part.what.push_back(made(around_depot(600, "b")));
  for (const any_command& said :
       {any_command{part}, any_command{import_geofences{7, 300}}, any_command{enforce_geofences{16}}}) {
    std::string bytes;
    byte_writer out{bytes};
    save(said, out);
    byte_reader in{bytes};
    any_command got;
    ASSERT_TRUE(load(got, in) && in.done());
    std::string again;
    byte_writer out_again{again};
    save(got, out_again);
    EXPECT_EQ(again, bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      byte_reader cut{std::string_view{bytes}.substr(0, size)};
      any_command none;
      EXPECT_FALSE(load(none, cut) && cut.ok() && cut.done()) << size;
    }
  }
}

}  // namespace
}  // namespace haulcast::engine
