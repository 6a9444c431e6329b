// What is PostgreSQL's alone: its schema, its partitions and roles, its plans.
#include "haulcast/store/postgres.hpp"

#include <deque>
#include <thread>

#include "store/kept.hpp"
#include "store/postgres_place.hpp"

namespace haulcast::store {
namespace {

using namespace story;

class PostgresStore : public testing::Test {
 protected:
  void SetUp() override {
    NEEDS_POSTGRES();
    place = std::make_unique<postgres_place>();
  }
  std::unique_ptr<ground> here() { return std::make_unique<reached_ground>(*place, place->options()); }
  postgres_options as(const std::string& role) const {
    postgres_options options = place->options();
    options.url += " user=" + role;  // the later one counts
    return options;
  }

  std::unique_ptr<postgres_place> place;
  std::deque<std::string> all_names;  // batches view them
};

const std::string to_newest = std::to_string(postgres_schema_version());

TEST_F(PostgresStore, TheSchemaIsMadeOnceAndADryRunLeavesNothing) {
  const auto tried = migrate_postgres(place->options(), true);
  ASSERT_TRUE(tried) << tried.error().why;
  EXPECT_EQ(tried->from, 0);
  EXPECT_EQ(tried->to, postgres_schema_version());
  EXPECT_EQ(place->ask("SELECT to_regnamespace('haulcast') IS NULL"), "t;");
  const auto made = migrate_postgres(place->options(), false);
  ASSERT_TRUE(made) << made.error().why;
  EXPECT_EQ(place->ask("SELECT max(version) FROM schema_version"), to_newest + ";");
  const auto again = migrate_postgres(place->options(), false);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->from, again->to);
}

TEST_F(PostgresStore, ProgramsThatMigrateAtOnceWaitForOneAnother) {
  std::vector<std::thread> all;
  std::atomic<int> did{0};
  for (int i = 0; i < 4; ++i) {
    all.emplace_back([&] {
      const auto made = migrate_postgres(place->options(), false);
      EXPECT_TRUE(made) << made.error().why;
      if (made && made->from != made->to) ++did;
    });
  }
  for (auto& each : all) each.join();
  EXPECT_EQ(did, 1);
}

TEST_F(PostgresStore, ANewerSchemaIsRefusedByWriterReaderAndMigration) {
  ASSERT_TRUE(migrate_postgres(place->options(), false));
  place->ask("INSERT INTO schema_version VALUES (" + to_newest + " + 1)");
  for (const auto& refused :
       {make_postgres_writer(place->options())->open().error(), make_postgres_reader(place->options())->checkpoint().error(),
        migrate_postgres(place->options(), true).error()}) {
    EXPECT_EQ(refused.what, trouble::fatal);
    EXPECT_NE(refused.why.find("newer version"), std::string::npos) << refused.why;
  }
}

TEST_F(PostgresStore, SomebodyElsesSchemaIsLeftAlone) {
  place->ask("CREATE SCHEMA haulcast; CREATE TABLE haulcast.theirs (x int)");
  EXPECT_EQ(make_postgres_writer(place->options())->open().error().what, trouble::fatal);
}

TEST_F(PostgresStore, AReaderThatComesBeforeTheSchemaIsToldToWait) {
  EXPECT_EQ(make_postgres_reader(place->options())->checkpoint().error().what, trouble::unavailable);
}

TEST_F(PostgresStore, ARoleThatMayOnlyWriteWritesAndKeepsHouse) {
  const std::string role = "writes_" + std::to_string(::getpid());
  postgres_options options = as(role);
  options.migrates = false;
  place->ask("CREATE ROLE " + role + " LOGIN");
  auto waiting = make_postgres_writer(options);
  const auto early = waiting->open();
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().what, trouble::unavailable);
  EXPECT_NE(early.error().why.find("haulcast migrate"), std::string::npos) << early.error().why;
  ASSERT_TRUE(migrate_postgres(place->options(), false));
  const std::string granted = place->ask("GRANT USAGE ON SCHEMA haulcast TO " + role +
                                         "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA haulcast TO " + role +
                                         "; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA haulcast TO " + role);
  EXPECT_EQ(granted, "");
  {
    kept store{std::make_unique<reached_ground>(*place, options)};
    store.hear("TRK-1", {at(1s), at(2s)});
    store.hear("TRK-1", {at(24h), at(24h)}, verdict::late);
    store.next().events = {told(store.rows.begins, 0, 1s, engine::event_type::truck_online, "TRK-1")};
    EXPECT_TRUE(store.write());
    EXPECT_TRUE(store.to->make_durable());
    EXPECT_EQ(store.seconds_of("TRK-1", 0ms, 48h), (std::vector<std::int64_t>{1, 2, 86'400}));
    for (;;) {
      const auto more = store.to->upkeep({}, morning + 31 * 24h);
      ASSERT_TRUE(more) << more.error().why;
      if (!*more) break;
    }
    EXPECT_EQ(store.seconds_of("TRK-1", 0ms, 48h), (std::vector<std::int64_t>{86'400}));
    EXPECT_NE(make_postgres_writer([&] {
                auto migrating = options;
                migrating.migrates = true;
                return migrating;
              }())
                  ->open()
                  .has_error(),
              true)
        << "nothing is to be migrated";
  }
  place->ask("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(PostgresStore, WhatCannotBeStoredIsPoisonAndLeavesTheConnectionAsItWas) {
  kept store{here()};
  const double infinite = std::numeric_limits<double>::infinity();
  const auto refused = [&](engine::position p) {
    store.next().trucks.push_back("TRK-1");
    store.add(0, at(1s));
    store.add(0, p);
    const auto written = store.write();
    return !written && written.error().what == trouble::poison && !written.error().why.empty();
  };
  EXPECT_TRUE(refused(at_point(2s, {500, 100})));
  EXPECT_TRUE(refused(at_point(2s, {47, -180.5})));
  EXPECT_TRUE(refused(at_point(2s, {engine::unknown, 8})));
  EXPECT_TRUE(refused(at_point(2s, {47, infinite})));
  EXPECT_TRUE(refused(at(-from_epoch_ms(1'795'000'000'001).time_since_epoch())));
  engine::position odd = at(2s);
  odd.driver_id = std::string_view{"a\0b", 3};
  EXPECT_TRUE(refused(odd));
  odd.driver_id = "\xFF\xFE";
  EXPECT_TRUE(refused(odd));
  EXPECT_TRUE(store.seconds_of("TRK-1").empty());
  EXPECT_EQ(place->ask("SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE application_name = 'haulcast' AND datname = "
                       "current_database() AND query NOT LIKE '%READ ONLY%'"),
            "2;")
      << "the writer's and the reader's";
  store.hear("TRK-1", {at_point(3s, {90, 180}), at_point(4s, {-90, -180})});
  EXPECT_EQ(store.seconds_of("TRK-1"), (std::vector<std::int64_t>{3, 4}));
}

TEST_F(PostgresStore, PeopleFindPointsShapesAndTracksByPostgisOwnMeans) {
  kept store{here()};
  store.hear("TRK-1", {full(1s), at(70s, 500), at(26h, 900)});
  auto disc = std::make_shared<engine::geofence>();
  disc->id = "disc";
  disc->shape = geo::circle{depot, 100};
  auto way = std::make_shared<engine::geofence>();
  way->id = "way";
  way->shape = geo::corridor{{north(400), north(600)}, 40};
  auto area = std::make_shared<engine::geofence>();
  area->id = "area";
  area->shape = geo::polygon{{{{47, 8}, {47, 9}, {48, 9}, {48, 8}, {47, 8}}}};
  auto fiji = std::make_shared<engine::geofence>();
  fiji->id = "fiji";
  fiji->shape = geo::polygon{{{{-20, 170}, {-20, -170}, {-10, -170}, {-10, 170}, {-20, 170}}}};
  store.next();
  for (const auto& g : {disc, way, area, fiji}) store.rows.geofences.push_back({g->id, store.rows.begins, g});
  const auto written = store.write();
  ASSERT_TRUE(written) << written.error().why;
  EXPECT_EQ(
      place->ask("SELECT g.geofence_id, count(p.time) FROM geofence g LEFT JOIN position p ON ST_DWithin(g.shape, p.point, "
                 "g.reach_m) GROUP BY 1 ORDER BY 1"),
      "area|3;disc|1;fiji|0;way|1;");
  EXPECT_EQ(place->ask("SELECT ST_DWithin(shape, 'POINT(179 -15)'::geography, 0) FROM geofence WHERE geofence_id = 'fiji'"),
            "t;");
  EXPECT_EQ(place->ask("SELECT count(*) FROM track('TRK-1', '2026-01-01', '2027-01-01')"), "3;");
  EXPECT_EQ(place->ask("SELECT geofence ->> 'type' FROM geofence WHERE geofence_id = 'way'"), "corridor;");
}

TEST_F(PostgresStore, HistoryReadsNoRowThatItDoesNotAnswer) {
  kept store{here()};
  for (int round = 0; round < 30; ++round) {
    store.next();
    for (std::uint32_t truck = 0; truck < 200; ++truck) {
      store.rows.trucks.push_back(all_names.emplace_back("TRK-" + std::to_string(truck)));
      for (int i = 0; i < 10; ++i) store.add(truck, at(round * 50min + i * 7s, truck));
    }
    const auto written = store.write();
    ASSERT_TRUE(written) << written.error().why;
  }
  const auto read = [&] {
    return place->ask("SELECT sum(idx_tup_fetch), sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname LIKE 'position_2%'");
  };
  ASSERT_EQ(read(), "0|0;");
  const auto got = store.from_store->history({.truck_id = "TRK-7", .from = morning + 100min, .to = morning + 24h});
  ASSERT_TRUE(got) << got.error().why;
  EXPECT_EQ(got->rows.size(), 270u);
  store.from_store.reset();  // what it read is reported when it leaves
  for (int look = 0; look < 600 && read() == "0|0;"; ++look) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(read(), "270|0;") << "by the index, and nothing but what was answered";
}

// Version 3 writes positions anew.
TEST_F(PostgresStore, WhatAnOlderVersionWroteIsThereAfterTheMigration) {
  {
    kept store{here()};
    store.hear("TRK-1", {full(1s), at(70s, 500), at(26h, 900)});
    store.hear("TRK-2", {at(1s)});
  }
  place->ask(
      "DROP INDEX position_slot_time_idx; ALTER TABLE position ALTER COLUMN slot TYPE integer USING (slot >> 32) / 4; "
      "ALTER TABLE position RENAME COLUMN slot TO minute; CREATE UNIQUE INDEX ON position (minute, truck, time); "
      "DELETE FROM schema_version WHERE version > 2");
  const auto made = migrate_postgres(place->options(), false);
  ASSERT_TRUE(made) << made.error().why;
  EXPECT_EQ(made->from, 2);
  kept store{here()};
  store.last = 2;
  EXPECT_EQ(store.seconds_of("TRK-1", 0ms, 48h), (std::vector<std::int64_t>{1, 70, 26 * 3'600}));
  EXPECT_EQ(store.seconds_of("TRK-2"), std::vector<std::int64_t>{1});
  store.hear("TRK-1", {at(70s, 500), at(80s, 600)}, verdict::late);
  EXPECT_EQ(store.seconds_of("TRK-1"), (std::vector<std::int64_t>{1, 70, 80})) << "one was there";
  EXPECT_EQ(place->ask("SELECT count(*) FROM track('TRK-1', '2026-01-01', '2027-01-01')"), "4;");
}

TEST_F(PostgresStore, RetentionDropsPartitions) {
  kept store{here()};
  for (int day = 0; day < 5; ++day) store.hear("TRK-1", {at(day * 24h)});
  const auto days = [&] {
    return place->ask(
        "SELECT count(*), min(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'position'::regclass");
  };
  EXPECT_EQ(days(), "5|position_20261118;");
  while (store.to->upkeep({.positions = std::chrono::days{2}}, morning + 5 * 24h).value()) {
  }
  EXPECT_EQ(days(), "4|position_20261121;") << "two are kept, and two made ahead";
  store.hear("TRK-1", {at(0s)}, verdict::late);
  EXPECT_EQ(days(), "5|position_20261118;") << "one that is late has a day made for it";
}

TEST_F(PostgresStore, RetentionWorksWhateverThePlan) {
  // Of the catalogue's other names some end with letters where ours have a day; with these settings all of them are read.
  std::string database = place->ask("SELECT current_database()");
  database.pop_back();
  for (const char* way : {"enable_nestloop", "enable_indexscan", "enable_bitmapscan"})
    place->ask("ALTER DATABASE " + database + " SET " + way + " = off");
  kept store{here()};
  for (int day = 0; day < 3; ++day) store.hear("TRK-1", {at(day * 24h)});
  const auto due = [&] { return store.to->upkeep({.positions = std::chrono::days{2}}, morning + 5 * 24h); };
  auto more = due();
  for (; more && *more; more = due()) continue;
  ASSERT_TRUE(more) << more.error().why;
  EXPECT_EQ(place->ask("SELECT count(*) FROM position"), "0;");
  EXPECT_TRUE(store.from_store->history({.truck_id = "TRK-1", .from = morning, .to = morning + 24h}));
}

TEST_F(PostgresStore, APartitionThatSomebodyReadsIsDroppedAnotherTime) {
  kept store{here()};
  store.hear("TRK-1", {at(0s)});
  std::thread reads{[&] { place->ask("BEGIN; SELECT count(*) FROM position; SELECT pg_sleep(2); COMMIT"); }};
  while (
      place->ask("SELECT count(*) FROM pg_locks WHERE relation = 'position'::regclass AND mode = 'AccessShareLock' AND pid <> "
                 "pg_backend_pid()") != "1;") {
  }
  const auto begun = std::chrono::steady_clock::now();
  while (store.to->upkeep({}, morning + 60 * 24h).value()) {
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1'900ms);
  reads.join();
  while (store.to->upkeep({}, morning + 60 * 24h).value()) {
  }
  EXPECT_EQ(place->ask("SELECT count(*) FROM position"), "0;");
}

TEST_F(PostgresStore, NoMessageShowsThePassword) {
  const std::string secret = "s3cret-Word";
  for (const std::string& url :
       {"postgresql://haulcast:" + secret + "@127.0.0.1:1/x", "postgresql://haulcast:" + secret + "@127.0.0.1:" + secret + "/x",
        "host=" + place->server().socket().parent_path().string() + " user=nobody_here dbname=postgres password=" + secret,
        "postgresql://u:" + secret + "/" + secret + "@h:" + secret + "/x?" + secret}) {
    const auto opened = make_postgres_writer({.url = url, .connect_timeout = 1s})->open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().what, trouble::unavailable);
    EXPECT_EQ(opened.error().why.find(secret), std::string::npos) << opened.error().why;
    EXPECT_EQ(problem_of_postgres_url(url).find(secret), std::string::npos);
  }
}

}  // namespace
}  // namespace haulcast::store
