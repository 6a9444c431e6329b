#include "haulcast/store/sqlite.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <random>

#include "engine/story.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "journal/scratch.hpp"

namespace haulcast::store {
namespace {

using namespace engine::story;
using engine::verdict;

/// A store on a disk of its own, written by batches that follow one another.
class kept {
 public:
  kept() { EXPECT_TRUE(to->open()); }

  std::filesystem::path path() const { return directory / "store.sqlite"; }
  batch& next(offset_t records = 1) {
    rows = {};
    rows.begins = last + 1;
    rows.reaches = last + records;
    rows.heard = morning;
    return rows;
  }
  store_result<void> write() {
    auto done = to->write(rows, "j");
    if (done) last = rows.reaches;
    return done;
  }
  void hear(const std::string& truck, const std::vector<engine::position>& sent, verdict what = verdict::live) {
    next();
    rows.trucks.push_back(truck);
    for (const auto& p : sent) {
      rows.positions.push_back({.at = {rows.begins, static_cast<std::uint32_t>(rows.positions.size())},
                                .may_repeat = what != verdict::live,
                                .judged = {what},
                                .received_at = p.timestamp + 1s,
                                .what = p});
    }
    EXPECT_TRUE(write());
  }
  std::vector<std::int64_t> seconds_of(const std::string& truck, milliseconds from = 0ms, milliseconds to_time = 24h) {
    std::vector<std::int64_t> all;
    const auto got = from_store->history({.truck_id = truck, .from = morning + from, .to = morning + to_time});
    EXPECT_TRUE(got) << got.error().why;
    for (const auto& row : got->rows) all.push_back((row.what.timestamp() - morning) / 1s);
    return all;
  }
  /// What is said to an SQLite that is not ours.
  std::string ask(const std::string& sql) const {
    sqlite3* db = nullptr;
    sqlite3_open(path().c_str(), &db);
    std::string all;
    const auto add = [](void* out, int columns, char** values, char**) {
      for (int i = 0; i < columns; ++i) {
        *static_cast<std::string*>(out) += (i > 0 ? "|" : "") + std::string{values[i] == nullptr ? "null" : values[i]};
      }
      *static_cast<std::string*>(out) += ";";
      return 0;
    };
    char* why = nullptr;
    if (sqlite3_exec(db, sql.c_str(), add, &all, &why) != SQLITE_OK) all = why;
    sqlite3_free(why);
    sqlite3_close(db);
    return all;
  }

  journal::scratch::directory directory;
  std::unique_ptr<writer> to = make_sqlite_writer({.path = path()});
  std::unique_ptr<reader> from_store = make_sqlite_reader({.path = path()});
  batch rows;
  offset_t last = 0;
};

engine::position full(milliseconds when) {
  engine::position p = at(when, 10, 33.3);
  p.heading = 90.5;
  p.altitude_m = -3;
  p.accuracy_m = 4.25;
  p.odometer_km = 120'345.6;
  p.fuel_level_pct = 0;
  p.battery_pct = 80;
  p.engine_status = "running";
  p.trip_id = "T-1";
  p.driver_id = "D-1";
  p.attributes = R"({"reefer_c":-18.5})";
  return p;
}

TEST(SqliteStore, APositionComesBackToTheLastBit) {
  kept store;
  engine::position bare = at(2s);
  bare.point = {0.1 + 0.2, -1.0 / 3};
  store.hear("TRK-1", {full(1s), bare});
  const auto got = store.from_store->history({.truck_id = "TRK-1", .from = morning, .to = morning + 1h});
  ASSERT_TRUE(got) << got.error().why;
  ASSERT_EQ(got->rows.size(), 2u);
  EXPECT_TRUE(same(got->rows[0].what.get(), full(1s)));
  EXPECT_TRUE(same(got->rows[1].what.get(), bare));
  EXPECT_EQ(got->rows[1].at, (place{1, 1}));
  EXPECT_EQ(got->rows[1].received_at, morning + 3s);
  EXPECT_EQ(got->at, (journal::checkpoint{"j", 1}));
  EXPECT_FALSE(got->more);
}

TEST(SqliteStore, RowsAndCheckpointAreOneTransaction) {
  kept store;
  store.hear("TRK-1", {at(1s)});
  store.next(5).quarantine.push_back({.at = {2, 0}, .received_at = morning});
  store.rows.quarantine.push_back({.at = {2, 0}, .received_at = morning});  // no row has the place of another
  const auto refused = store.write();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, trouble::poison);
  EXPECT_EQ(store.to->checkpoint()->value(), (journal::checkpoint{"j", 1}));
  EXPECT_TRUE(store.from_store->quarantine({})->rows.empty());
  store.rows.quarantine.pop_back();
  ASSERT_TRUE(store.write());
  EXPECT_EQ(store.from_store->quarantine({})->rows.size(), 1u);
  EXPECT_EQ(store.from_store->checkpoint()->offset, 6u);
}

TEST(SqliteStore, ABatchThatDoesNotFollowIsRefusedForGood) {
  kept store;
  store.hear("TRK-1", {at(1s)});
  store.next().begins = 1;
  EXPECT_EQ(store.to->write(store.rows, "j").error().what, trouble::fatal);
  store.next();
  EXPECT_EQ(store.to->write(store.rows, "another").error().what, trouble::fatal);
  EXPECT_TRUE(store.write());
}

TEST(SqliteStore, ARehearsalLeavesNothingBehind) {
  kept store;
  store.next().trucks.push_back("TRK-9");
  store.rows.positions.push_back({.at = {1, 0}, .received_at = morning, .what = at(1s)});
  ASSERT_TRUE(store.to->rehearse(store.rows));
  EXPECT_EQ(store.ask("SELECT count(*) FROM position; SELECT count(*) FROM truck"), "0;0;");
  ASSERT_TRUE(store.write());
  EXPECT_EQ(store.seconds_of("TRK-9"), (std::vector<std::int64_t>{1}));
}

TEST(SqliteStore, OfTwoOfOneTimeTheFirstStands) {
  kept store;
  store.hear("TRK-1", {at(1s, 10)});
  store.hear("TRK-1", {at(1s, 99), at(2s)}, verdict::late);
  const auto got = store.from_store->history({.truck_id = "TRK-1", .from = morning, .to = morning + 1h});
  ASSERT_EQ(got->rows.size(), 2u);
  EXPECT_EQ(got->rows[0].what.point(), north(10));
  EXPECT_EQ(got->rows[1].judged.what, verdict::late);
}

TEST(SqliteStore, HistoryIsPagedWithoutGapOrRepeatOverDaysAndOtherTrucks) {
  kept store;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 200; ++i) {
    store.hear("TRK-1", {at(milliseconds{i * 1'733'000})});  // four days
    store.hear("TRK-2", {at(milliseconds{i * 1'733'000 + 500})});
    all.push_back(i * 1'733);
  }
  for (const std::size_t limit : {1u, 7u, 199u, 200u, 1'000u}) {
    std::vector<std::int64_t> got;
    history_query q{.truck_id = "TRK-1", .from = morning, .to = morning + 400h, .limit = limit};
    for (;;) {
      const auto page = store.from_store->history(q);
      ASSERT_TRUE(page);
      for (const auto& row : page->rows) got.push_back((row.what.timestamp() - morning) / 1s);
      EXPECT_LE(page->rows.size(), limit);
      if (!page->more) break;
      q.after = page->rows.back().what.timestamp();
    }
    EXPECT_EQ(got, all) << "by " << limit;
  }
  EXPECT_EQ(store.seconds_of("TRK-1", 1'733s, 3'466s), (std::vector<std::int64_t>{1'733, 3'466})) << "both ends belong to it";
  EXPECT_TRUE(store.seconds_of("TRK-3").empty());
}

event_row told(offset_t offset, std::uint32_t index, milliseconds when, engine::event_type type, std::string truck) {
  return {.id = {offset, index},
          .type = type,
          .time = morning + when,
          .truck_id = truck,
          .subject = "truck/" + truck,
          .text = "{\"n\":" + std::to_string(offset * 10 + index) + "}"};
}

TEST(SqliteStore, EventsAreFoundByWhatTheyAreAboutNewestFirst) {
  kept store;
  using enum engine::event_type;
  store.next(3).events = {told(1, 0, 5s, truck_online, "TRK-1"), told(1, 1, 5s, truck_online, "TRK-2"),
                          told(2, 0, 9s, geofence_entered, "TRK-1"), told(3, 0, 1s, truck_offline, "TRK-2"),
                          told(3, 1, 7s, geofence_exited, "TRK-1")};
  ASSERT_TRUE(store.write());
  const auto found = [&](event_query q) {
    std::string all;
    q.limit = 2;
    for (;;) {
      const auto page = store.from_store->events(q);
      EXPECT_TRUE(page) << page.error().why;
      for (const auto& e : page->rows) all += std::to_string(e.id.offset) + "." + std::to_string(e.id.index) + " ";
      if (!page->more) return all;
      q.before = {page->rows.back().time, page->rows.back().id};
    }
  };
  EXPECT_EQ(found({}), "2.0 3.1 1.1 1.0 3.0 ");
  EXPECT_EQ(found({.truck_id = "TRK-1"}), "2.0 3.1 1.0 ");
  EXPECT_EQ(found({.subject = "truck/TRK-2"}), "1.1 3.0 ");
  EXPECT_EQ(found({.types = {truck_online}}), "1.1 1.0 ");
  EXPECT_EQ(found({.types = {geofence_entered, geofence_exited}}), "2.0 3.1 ");
  EXPECT_EQ(found({.types = {geofence_entered, truck_offline}, .truck_id = "TRK-2"}), "3.0 ");
  EXPECT_EQ(found({.from = morning + 5s, .to = morning + 7s}), "3.1 1.1 1.0 ");
  EXPECT_EQ(store.from_store->events({.limit = 1})->rows.at(0).text, "{\"n\":20}");
}

TEST(SqliteStore, TheQuarantineIsPagedNewestFirst) {
  kept store;
  using enum engine::reject_code;
  store.next(2);
  for (std::uint32_t i = 0; i < 5; ++i) {
    store.rows.quarantine.push_back({.at = {1, i},
                                     .received_at = morning,
                                     .code = i % 2 == 0 ? latitude_missing : truck_id_invalid,
                                     .truck_id = i == 3 ? "" : "TRK-1",
                                     .raw = "{\"x\":1}"});
  }
  store.rows.quarantine.push_back(
      {.at = {2, 0}, .received_at = morning + 1s, .code = timestamp_too_old, .truck_id = "TRK-2", .raw = "7"});
  ASSERT_TRUE(store.write());
  const auto found = [&](quarantine_query q) {
    std::string all;
    q.limit = 2;
    for (;;) {
      const auto page = store.from_store->quarantine(q);
      for (const auto& r : page->rows) all += std::to_string(r.at.offset) + "." + std::to_string(r.at.index) + " ";
      if (!page->more) return all;
      q.before = {page->rows.back().received_at, page->rows.back().at};
    }
  };
  EXPECT_EQ(found({}), "2.0 1.4 1.3 1.2 1.1 1.0 ");
  EXPECT_EQ(found({.code = truck_id_invalid}), "1.3 1.1 ");
  EXPECT_EQ(found({.truck_id = "TRK-1"}), "1.4 1.2 1.1 1.0 ");
  EXPECT_EQ(found({.to = morning}), "1.4 1.3 1.2 1.1 1.0 ");
  const auto newest = store.from_store->quarantine({.limit = 1})->rows.at(0);
  EXPECT_EQ(newest.code, timestamp_too_old);
  EXPECT_EQ(newest.truck_id, "TRK-2");
  EXPECT_EQ(newest.raw, "7");
}

TEST(SqliteStore, TrucksAndGeofencesAreAsTheNewestWordLeftThem) {
  kept store;
  const auto said = [&](std::string name) {
    engine::registration r{.name = std::move(name)};
    r.version = store.last + 1;
    return std::make_shared<const engine::registration>(std::move(r));
  };
  store.next().registry = {{.truck_id = "TRK-1", .offset = 1, .said = said("Zürich")},
                           {.truck_id = "TRK-2", .offset = 1, .said = said("x")}};
  auto fence = std::make_shared<engine::geofence>();
  fence->id = "depot";
  fence->shape = geo::circle{depot, 100};
  store.rows.geofences = {{.geofence_id = "depot", .offset = 1, .now = fence},
                          {.geofence_id = "gone", .offset = 1, .now = fence}};
  ASSERT_TRUE(store.write());
  store.next().registry = {{.truck_id = "TRK-2", .offset = 2, .said = nullptr}};
  store.rows.geofences = {{.geofence_id = "gone", .offset = 2, .now = nullptr}};
  ASSERT_TRUE(store.write());
  EXPECT_EQ(store.ask("SELECT truck_id, removed, version, name FROM truck ORDER BY truck_id"),
            "TRK-1|0|1|Zürich;TRK-2|1|2|null;");
  EXPECT_EQ(store.ask("SELECT geofence_id, version, json_extract(geofence, '$.radius_meters') FROM geofence"), "depot|1|100;");
  store.hear("TRK-2", {at(1s)});
  EXPECT_EQ(store.ask("SELECT removed, version FROM truck WHERE truck_id = 'TRK-2'"), "0|3;") << "it came back by a position";
}

TEST(SqliteStore, ADeadLetterIsKeptWithItsReason) {
  kept store;
  store.next().dead.push_back({.at = {1, 4},
                               .what = dead_letter::kind::position,
                               .when = morning,
                               .truck_id = "TRK-1",
                               .reason = "too odd",
                               .text = "{}"});
  ASSERT_TRUE(store.write());
  EXPECT_EQ(store.ask("SELECT offset, place, kind, truck_id, reason, letter FROM dead_letter"), "1|4|1|TRK-1|too odd|{};");
}

std::vector<hour_figures> whole_fold(const std::map<utc_time, track_point>& points) {
  hour_fold fold;
  for (const auto& [when, p] : points) fold.add(p);
  return fold.take();
}

TEST(SqliteStore, HourlyFiguresAreThoseOfAllPositionsBeforeAndAfterTheyAreSettled) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    kept store;
    std::mt19937 dice{seed};
    const auto upto = [&](int n) { return std::uniform_int_distribution{0, n - 1}(dice); };
    std::map<utc_time, track_point> points;
    milliseconds clock{0};
    double metres = 0;
    for (int round = 0; round < 60; ++round) {
      std::vector<engine::position> sent;
      for (int i = 0; i < 20; ++i) {
        clock += seconds{upto(30) == 0 ? upto(20'000) : 1 + upto(500)};
        metres += upto(3) == 0 ? upto(4'000) : upto(40) - 20;
        sent.push_back(at(upto(12) == 0 ? milliseconds{upto(static_cast<int>(clock.count()))} : clock, metres,
                          upto(3) == 0 ? engine::unknown : upto(80)));
      }
      const auto what = upto(8) == 0 ? verdict::suspect : verdict::live;
      for (const auto& p : sent) points.emplace(p.timestamp, track_point_of(p, what == verdict::suspect));
      store.hear("TRK-1", sent, what);
      if (upto(4) == 0) {
        for (auto more = store.to->upkeep({.positions = std::chrono::days{3'650}}, morning + clock); more.value();) {
          more = store.to->upkeep({.positions = std::chrono::days{3'650}}, morning + clock);
        }
      }
      // Some of what the journal has and the store not yet, and some that it has.
      std::vector<unstored_point> behind;
      auto all = points;
      for (int i = 0; i < 5; ++i) {
        const auto p = track_point_of(at(clock + seconds{upto(9'000)}, metres + upto(9'000), 50), false);
        behind.push_back({{store.last + 1, static_cast<std::uint32_t>(i)}, p});
        all.emplace(p.when, p);
      }
      behind.push_back({{store.last, 0}, track_point_of(sent[0], false)});
      const auto got =
          store.from_store->hours({.truck_id = "TRK-1", .from = morning - 24h, .to = morning + clock + 24h}, behind);
      ASSERT_TRUE(got) << got.error().why;
      ASSERT_EQ(got->rows, whole_fold(all)) << "seed " << seed << " round " << round;
    }
    EXPECT_NE(store.ask("SELECT count(*) > 50 FROM hour"), "0;") << "nothing was settled";
  }
}

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

TEST(SqliteStore, FiguresOutliveTheirPositions) {
  kept store;
  store.hear("TRK-1", {at(0s, 0, 50), at(600s, 8'000, 50), at(1'200s, 16'000, 0)});
  const retention keep{.positions = std::chrono::days{30}};
  while (store.to->upkeep(keep, morning + 12h).value()) {
  }
  while (store.to->upkeep(keep, morning + 60 * 24h).value()) {
  }
  store.hear("TRK-1", {at(700s, 9'000, 50)}, verdict::late);  // of a day that is gone
  while (store.to->upkeep(keep, morning + 60 * 24h).value()) {
  }
  EXPECT_EQ(store.ask("SELECT count(*) FROM position"), "0;");
  const auto got = store.from_store->hours({.truck_id = "TRK-1", .from = morning - 1h, .to = morning + 2h}, {});
  double metres = 0;
  for (const auto& h : got->rows) metres += h.distance_m;
  EXPECT_NEAR(metres, 16'000, 1);
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

TEST(SqliteStore, AfterAnInterruptNothingIsDoneAnyMore) {
  kept store;
  store.to->interrupt();
  store.next();
  EXPECT_EQ(store.write().error().what, trouble::unavailable);
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
  EXPECT_NE(store
                .ask("EXPLAIN QUERY PLAN SELECT * FROM position WHERE truck = 1 AND day = 20000 AND time BETWEEN 1 AND 2 "
                     "ORDER BY time LIMIT 10")
                .find("USING PRIMARY KEY (day=? AND truck=? AND time>? AND time<?)"),
            std::string::npos);
}

}  // namespace
}  // namespace haulcast::store
