// What every store does, told of each kind.
#include <map>
#include <random>

#include "store/kept.hpp"
#include "support/needs.hpp"

namespace haulcast::store {
namespace {

using namespace story;

enum class kind { sqlite, postgres };

class AStore : public testing::TestWithParam<kind> {
 protected:
  void SetUp() override {
    if (GetParam() == kind::postgres) NEEDS_POSTGRES();
  }
  static std::unique_ptr<ground> fresh() { return GetParam() == kind::sqlite ? sqlite_ground() : postgres_ground(); }
};

INSTANTIATE_TEST_SUITE_P(Kept, AStore, testing::Values(kind::sqlite, kind::postgres),
                         [](const auto& of) { return of.param == kind::sqlite ? "InSqlite" : "InPostgres"; });

TEST_P(AStore, APositionComesBackToTheLastBit) {
  kept store{fresh()};
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

TEST_P(AStore, RowsAndCheckpointAreOneTransaction) {
  kept store{fresh()};
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

TEST_P(AStore, ABatchThatDoesNotFollowIsRefusedForGood) {
  kept store{fresh()};
  store.hear("TRK-1", {at(1s)});
  store.next().begins = 1;
  EXPECT_EQ(store.to->write(store.rows, "j").error().what, trouble::fatal);
  store.next();
  EXPECT_EQ(store.to->write(store.rows, "another").error().what, trouble::fatal);
  EXPECT_TRUE(store.write());
}

TEST_P(AStore, ARehearsalLeavesNothingBehind) {
  kept store{fresh()};
  store.next().trucks.push_back("TRK-9");
  store.rows.positions.push_back({.at = {1, 0}, .received_at = morning, .what = at(1s)});
  ASSERT_TRUE(store.to->rehearse(store.rows));
  EXPECT_EQ(store.ask("SELECT count(*) FROM position; SELECT count(*) FROM truck"), "0;0;");
  ASSERT_TRUE(store.write());
  EXPECT_EQ(store.seconds_of("TRK-9"), (std::vector<std::int64_t>{1}));
}

TEST_P(AStore, OfTwoOfOneTimeTheFirstStands) {
  kept store{fresh()};
  store.hear("TRK-1", {at(1s, 10)});
  store.hear("TRK-1", {at(1s, 99), at(2s)}, verdict::late);
  const auto got = store.from_store->history({.truck_id = "TRK-1", .from = morning, .to = morning + 1h});
  ASSERT_EQ(got->rows.size(), 2u);
  EXPECT_EQ(got->rows[0].what.point(), north(10));
  EXPECT_EQ(got->rows[1].judged.what, verdict::late);
}

TEST_P(AStore, OfTwoOfOneTimeInOneBatchTheFirstStands) {
  kept store{fresh()};
  store.hear("TRK-1", {at(1s, 10), at(2s, 20)}, verdict::late);
  store.hear("TRK-1", {at(3s, 1), at(2s, 2), at(3s, 3), at(4s, 4)}, verdict::late);
  const auto got = store.from_store->history({.truck_id = "TRK-1", .from = morning, .to = morning + 1h});
  std::vector<geo::point> where;
  for (const auto& row : got->rows) where.push_back(row.what.point());
  EXPECT_EQ(where, (std::vector<geo::point>{north(10), north(20), north(1), north(4)}));
}

TEST_P(AStore, WhatIsThereAgainstTheJournalsWordIsLeftAsItIs) {
  kept store{fresh()};
  store.hear("TRK-1", {at(1s, 10)});
  store.hear("TRK-1", {at(1s, 99), at(2s, 2)});  // a journal from an older backup does not know that it was sent before
  const auto got = store.from_store->history({.truck_id = "TRK-1", .from = morning, .to = morning + 1h});
  ASSERT_EQ(got->rows.size(), 2u);
  EXPECT_EQ(got->rows[0].what.point(), north(10));
}

TEST_P(AStore, AnAdoptedCheckpointStands) {
  kept store{fresh()};
  store.hear("TRK-1", {at(1s)});
  ASSERT_TRUE(store.to->adopt({"another", 41}));
  EXPECT_EQ(store.to->checkpoint()->value(), (journal::checkpoint{"another", 41}));
  store.next();
  store.rows.begins = store.rows.reaches = 42;
  EXPECT_TRUE(store.to->write(store.rows, "another"));
  EXPECT_TRUE(store.to->make_durable());
}

TEST_P(AStore, HistoryIsPagedWithoutGapOrRepeatOverDaysAndOtherTrucks) {
  kept store{fresh()};
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

TEST_P(AStore, OneThatHoldsNoPositionYetAnswersAndCountsThoseThatAreNotStored) {
  kept store{fresh()};
  const history_query all{.truck_id = "TRK-1", .from = from_epoch_ms(0), .to = from_epoch_ms(253'402'300'799'999)};
  const std::vector<unstored_point> unstored{{.at = {9, 0}, .what = track_point_of(at(1s), false)},
                                             {.at = {9, 1}, .what = track_point_of(at(2s), false)}};
  for (const bool registered : {false, true}) {
    if (registered) {
      store.next().registry.push_back({.truck_id = "TRK-1", .offset = 1, .said = std::make_shared<engine::registration>()});
      ASSERT_TRUE(store.write());
    }
    const auto track = store.from_store->history(all);
    ASSERT_TRUE(track) << track.error().why;
    EXPECT_TRUE(track->rows.empty());
    const auto figures = store.from_store->hours({.truck_id = "TRK-1", .from = all.from, .to = all.to}, unstored);
    ASSERT_TRUE(figures) << figures.error().why;
    ASSERT_EQ(figures->rows.size(), 1u);
    EXPECT_EQ(figures->rows[0].count, 2u);
  }
}

TEST_P(AStore, EventsAreFoundByWhatTheyAreAboutNewestFirst) {
  kept store{fresh()};
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

TEST_P(AStore, TheQuarantineIsPagedNewestFirst) {
  kept store{fresh()};
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

TEST_P(AStore, TrucksAndGeofencesAreAsTheNewestWordLeftThem) {
  kept store{fresh()};
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
  EXPECT_EQ(store.ask("SELECT truck_id, CAST(removed AS integer), version, coalesce(name, '-') FROM truck ORDER BY truck_id"),
            "TRK-1|0|1|Zürich;TRK-2|1|2|-;");
  EXPECT_EQ(store.ask("SELECT geofence_id, version FROM geofence"), "depot|1;");
  store.hear("TRK-2", {at(1s)});
  EXPECT_EQ(store.ask("SELECT CAST(removed AS integer), version FROM truck WHERE truck_id = 'TRK-2'"), "0|3;")
      << "it came back by a position";
}

TEST_P(AStore, ADeadLetterIsKeptWithItsReason) {
  kept store{fresh()};
  store.next().dead.push_back({.at = {1, 4},
                               .what = dead_letter::kind::position,
                               .when = morning,
                               .truck_id = "TRK-1",
                               .reason = "too odd",
                               .text = "{}"});
  ASSERT_TRUE(store.write());
  EXPECT_EQ(store.ask("SELECT place, kind, truck_id, reason, letter FROM dead_letter"), "4|1|TRK-1|too odd|{};");
}

std::vector<hour_figures> whole_fold(const std::map<utc_time, track_point>& points) {
  hour_fold fold;
  for (const auto& [when, p] : points) fold.add(p);
  return fold.take();
}

TEST_P(AStore, HourlyFiguresAreThoseOfAllPositionsBeforeAndAfterTheyAreSettled) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    kept store{fresh()};
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
    EXPECT_GT(std::stoi(store.ask("SELECT count(*) FROM hour")), 50) << "nothing was settled";
  }
}

TEST_P(AStore, RetentionTakesPositionsByWholeDaysInSmallSteps) {
  kept store{fresh()};
  for (int day = 0; day < 40; ++day) {
    store.next().trucks.push_back("TRK-1");
    for (int i = 0; i < 250; ++i) store.add(0, at(day * 24h + seconds{i}, i, 50));
    store.rows.quarantine.push_back({.at = {store.rows.begins, 0}, .received_at = morning + day * 24h});
    store.rows.events.push_back(told(store.rows.begins, 0, day * 24h, engine::event_type::truck_online, "TRK-1"));
    ASSERT_TRUE(store.write());
  }
  const retention keep{.positions = std::chrono::days{30}, .events = std::chrono::days{20}, .quarantine = std::chrono::days{7}};
  int steps = 0;
  while (store.to->upkeep(keep, morning + 40 * 24h).value()) ++steps;
  EXPECT_GT(steps, 1) << "2,500 rows went at once";
  EXPECT_EQ(store.ask("SELECT count(*) FROM position"), "7500;");
  EXPECT_TRUE(store.seconds_of("TRK-1", 0ms, 9 * 24h).empty());
  EXPECT_EQ(store.seconds_of("TRK-1", 10 * 24h, 11 * 24h - 1s).size(), 250u);
  const int events = std::stoi(store.ask("SELECT count(*) FROM event"));  // by whole weeks in PostgreSQL
  EXPECT_GE(events, 20);
  EXPECT_LT(events, 28);
  EXPECT_GE(std::stoi(store.ask("SELECT count(*) FROM quarantine")), 7);
  EXPECT_LE(std::stoi(store.ask("SELECT count(*) FROM quarantine")), 8);
}

TEST_P(AStore, FiguresOutliveTheirPositions) {
  kept store{fresh()};
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

TEST_P(AStore, AfterAnInterruptNothingIsDoneAnyMore) {
  kept store{fresh()};
  store.to->interrupt();
  store.next();
  EXPECT_EQ(store.write().error().what, trouble::unavailable);
}

}  // namespace
}  // namespace haulcast::store
