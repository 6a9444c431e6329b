#include "haulcast/store/sqlite.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "journal/scratch.hpp"
#include "store/kept.hpp"

namespace haulcast::store {
namespace {

using namespace story;

struct own_directory {
  std::filesystem::path path() const { return directory / "store.sqlite"; }
  journal::scratch::directory directory;
};
class kept : public own_directory, public story::kept {
 public:
  kept() : story::kept{sqlite_ground(path())} {}
};

TEST(SqliteStore, RetentionTakesWholeDaysAndWhatIsOldInSmallSteps) {
  kept store;
  for (int day = 0; day < 40; ++day) {
    std::vector<engine::position> sent;
    for (int i = 0; i < 100; ++i) sent.push_back(at(day * 24h + seconds{i}, i, 50));
    store.hear("TRK-1", sent);
    store.next().quarantine.push_back({.at = {store.rows.begins, 0}, .received_at = morning + day * 24h});
    store.rows.events.push_back(told(store.rows.begins, 0, day * 24h, engine::event_type::truck_online, "TRK-1"));
    ASSERT_TRUE(store.write());
  }
  const utc_time now = morning + 40 * 24h;
  const retention keep{.positions = std::chrono::days{30}, .events = std::chrono::days{20}, .quarantine = std::chrono::days{7}};
  int steps = 0;
  while (store.to->upkeep(keep, now).value()) ++steps;
  EXPECT_GT(steps, 1);
  EXPECT_EQ(
      store.ask("SELECT count(*), min(day) FROM position"),
      "3000|" + std::to_string(std::chrono::floor<std::chrono::days>(morning + 10 * 24h).time_since_epoch().count()) + ";");
  EXPECT_EQ(store.ask("SELECT count(*) FROM event"), "20;");
  EXPECT_EQ(store.ask("SELECT count(*) FROM quarantine"), "7;");
  EXPECT_EQ(store.seconds_of("TRK-1", 0ms, 9 * 24h).size(), 0u);
}

TEST(SqliteStore, AFileOfANewerVersionIsRefused) {
  kept store;
  store.ask("PRAGMA user_version = " + std::to_string(sqlite_schema_version() + 1));
  const auto again = make_sqlite_writer({.path = store.path()})->open();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().what, trouble::fatal);
  EXPECT_NE(again.error().why.find("newer version"), std::string::npos);
  EXPECT_EQ(make_sqlite_reader({.path = store.path()})->checkpoint().error().what, trouble::fatal);
}

TEST(SqliteStore, SomebodyElsesDatabaseIsLeftAlone) {
  journal::scratch::directory directory;
  sqlite3* db = nullptr;
  sqlite3_open((directory / "store.sqlite").c_str(), &db);
  sqlite3_exec(db, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const auto opened = make_sqlite_writer({.path = directory / "store.sqlite"})->open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().what, trouble::fatal);
}

TEST(SqliteStore, AFileThatIsNoDatabaseIsUnavailableAndSaid) {
  journal::scratch::directory directory;
  journal::scratch::write(directory / "store.sqlite", std::string(8'192, 'x'));
  const auto opened = make_sqlite_writer({.path = directory / "store.sqlite"})->open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().what, trouble::unavailable);
  EXPECT_NE(opened.error().why.find("store.sqlite"), std::string::npos);
}

TEST(SqliteStore, OnAFullDiskItIsUnavailableAndGoesOnWhenThereIsRoom) {
  kept store;
  store.hear("TRK-1", {at(1s)});
  {
    const journal::scratch::full_disk full{64 << 10};
    std::vector<engine::position> sent;
    store.next().trucks.push_back("TRK-1");
    for (int i = 0; i < 5'000; ++i) {
      store.rows.positions.push_back(
          {.at = {2, static_cast<std::uint32_t>(i)}, .received_at = morning, .what = at(seconds{2 + i})});
    }
    const auto refused = store.write();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, trouble::unavailable);
  }
  EXPECT_EQ(store.to->checkpoint()->value().offset, 1u);
  ASSERT_TRUE(store.write());
  EXPECT_EQ(store.ask("SELECT count(*) FROM position"), "5001;");
}

TEST(SqliteStore, AFileThatIsTakenAwayIsNoticedBeforeTheJournalIsToldToForget) {
  kept store;
  store.hear("TRK-1", {at(1s)});
  ASSERT_TRUE(store.to->make_durable());
  for (const char* behind : {"", "-wal", "-shm"}) std::filesystem::remove(store.path().string() + behind);
  store.hear("TRK-1", {at(2s)});
  const auto durable = store.to->make_durable();
  ASSERT_FALSE(durable);
  EXPECT_EQ(durable.error().what, trouble::unavailable);
  EXPECT_NE(durable.error().why.find("removed or replaced"), std::string::npos);
  const auto at = store.to->checkpoint();
  ASSERT_TRUE(at);
  EXPECT_FALSE(*at) << "a new one, with nothing in it";
}

TEST(SqliteStore, AQuestionThatTakesTooLongIsGivenUp) {
  kept store;
  for (int i = 0; i < 20; ++i) {
    std::vector<engine::position> sent;
    for (int n = 0; n < 5'000; ++n) sent.push_back(at(seconds{i * 5'000 + n}));
    store.hear("TRK-1", sent);
  }
  const auto hasty = make_sqlite_reader({.path = store.path(), .query_timeout = std::chrono::milliseconds{0}});
  const auto got = hasty->hours({.truck_id = "TRK-1", .from = morning - 1h, .to = morning + 100h}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what, trouble::unavailable);
}

TEST(SqliteStore, OneTruckOverATimeIsReadWithoutItsNeighbours) {
  kept store;
  store.hear("TRK-1", {at(1s)});
  const std::string plan =
      store.ask("EXPLAIN QUERY PLAN SELECT * FROM position WHERE truck = 1 AND day = 20000 AND time BETWEEN 1 AND 2");
  EXPECT_NE(plan.find("sorted_position USING PRIMARY KEY (day=? AND truck=? AND time>? AND time<?)"), std::string::npos)
      << plan;
  EXPECT_NE(plan.find("f USING PRIMARY KEY (run=? AND truck=? AND time>? AND time<?)"), std::string::npos) << plan;
}

}  // namespace
}  // namespace haulcast::store
