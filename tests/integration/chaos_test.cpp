// Whatever kills, freezes, cuts off or takes back the server and its PostgreSQL, the database comes to hold what was
// acknowledged, once, and nothing else; and the audit that says so would notice if it were otherwise. HAULCAST_CHAOS_KILLS,
// HAULCAST_CHAOS_FAULTS and HAULCAST_CHAOS_SEED make it longer or otherwise (scripts/chaos-test).
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "chaos_story.hpp"
#include "database_audit.hpp"
#include "story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

chaos_plan plan_from_environment() {
  chaos_plan plan;
  const bool at_length = std::getenv("HAULCAST_CHAOS_KILLS") != nullptr;
  plan.kills = static_cast<int>(from_environment("HAULCAST_CHAOS_KILLS", 4));
  plan.faults = static_cast<int>(from_environment("HAULCAST_CHAOS_FAULTS", 10));
  plan.seed = from_environment("HAULCAST_CHAOS_SEED", 1);
  if (!at_length) return plan;
  plan.frozen_most = 35s;  // a write is given up after 30
  plan.trucks_each = 8;
  plan.pause = 40ms;
  return plan;
}

class Chaos : public testing::Test {
 protected:
  void SetUp() override {
    if (postgres_server::programs().empty())
      GTEST_SKIP() << "PostgreSQL 15 is not installed (scripts/install-dependencies --test installs it)";
  }
};

TEST_F(Chaos, TheDatabaseHoldsWhatWasAcknowledgedOnceAndNothingElse) {
  const chaos_plan plan = plan_from_environment();
  std::cout << "seed " << plan.seed << std::endl;
  const chaos_outcome outcome = chaos(plan);
  std::cout << "seed " << plan.seed << ": " << outcome.to_string() << '\n';
  ASSERT_EQ(outcome.why, "") << "a start was refused";
  EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
  EXPECT_TRUE(outcome.store.clean()) << outcome.store.to_string();
  EXPECT_TRUE(outcome.books.contradictions.empty()) << outcome.books.contradictions.front();
  EXPECT_EQ(outcome.fences.wrong, "");
  EXPECT_EQ(outcome.asked.wrong, "");
  EXPECT_GT(outcome.asked.whole, 0U);
  EXPECT_GE(outcome.kills, plan.kills);
  EXPECT_EQ(outcome.all_faults(), plan.faults);
  EXPECT_EQ(outcome.store.positions, outcome.books.acknowledged_positions());
  EXPECT_GT(outcome.store.rejected, 0U);
  EXPECT_GT(outcome.report.fence_events, 0U);
  EXPECT_GT(outcome.store.hours, outcome.books.trucks.size());
}

// What happened between the backup and the journal's oldest record is in neither; nobody is to believe that it is all there.
TEST_F(Chaos, ABackupThatTheJournalDoesNotReachStopsTheStoreUntilItIsAdopted) {
  beset_database database;
  server s{{.environment = {{"HAULCAST_STORE__URL", database.url()},
                            {"HAULCAST_JOURNAL__MAX_BYTES", "4 MiB"},
                            {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1 MiB"},
                            {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}}};
  api admin = s.as();
  const auto begin = now_ms() - 7'200'000;
  const auto sample = [&](const char* name) { return metric(admin.get("/metrics").raw.body, name).value_or(0); };
  must_post(admin, {driving("TRK-1", begin, 0)});
  ASSERT_TRUE(await_store(s)) << s.log();
  database.back_up();
  int step = 0;
  const auto post_some = [&] {
    admin.post("/v1/positions", bulky_batch("BULK-" + std::to_string(step % 7), begin, step, 300));
    step += 300;
  };
  ASSERT_TRUE(eventually(
      [&] {
        post_some();
        return sample("haulcast_journal_first_offset") > static_cast<double>(database.backed_up() + 1);
      },
      120s));
  EXPECT_TRUE(await_store(s));
  database.restore();
  const std::string sentence = "the store ends at record " + std::to_string(database.backed_up()) + ", but the journal begins";
  EXPECT_TRUE(eventually([&] { return s.log().find(sentence) != std::string::npos; }, 60s)) << s.log();
  EXPECT_TRUE(eventually([&] { return sample("haulcast_store_stopped") == 1; }));
  must_post(admin, {driving("TRK-1", begin, 60)});  // nobody else minds
  s.stop();
  const std::size_t said = s.log().size();
  s.spawn();
  const auto ended = s.process().wait(30s);
  EXPECT_TRUE(ended && ended->code == 3) << "it started";
  EXPECT_NE(s.log().find(sentence, said), std::string::npos) << s.log().substr(said);
  EXPECT_NE(s.log().find("--adopt", said), std::string::npos);
  s.options().arguments = {"--adopt"};
  s.start();
  must_post(admin, {driving("TRK-1", begin, 120)});
  EXPECT_TRUE(await_store(s)) << s.log();
  EXPECT_EQ(s.stop(60s).code, 0);
  const store_report left = audit_what_is_left(database.connection(), s.data_dir());
  EXPECT_TRUE(left.clean()) << left.to_string();
  EXPECT_GT(left.positions, 300U);
  s.options().arguments.clear();
  s.start();
}

TEST_F(Chaos, TheAuditNoticesEachRowThatIsMissingRepeatedOrOtherwise) {
  using count = std::uint64_t store_report::*;
  struct damage {
    const char* what;
    const char* sql;
    count noticed_as;
  };
  static constexpr damage damages[] = {
      {"a position is gone", "DELETE FROM position WHERE (record, place) = (SELECT record, place FROM position LIMIT 1)",
       &store_report::lost},
      {"a position lies elsewhere",
       "UPDATE position SET point = ST_SetSRID(ST_MakePoint(ST_X(point::geometry) + 1e-7, ST_Y(point::geometry)), "
       "4326)::geography "
       "WHERE (record, place) = (SELECT record, place FROM position LIMIT 1)",
       &store_report::lost},
      {"a position is another truck's",
       "UPDATE position SET truck = (SELECT max(number) FROM truck) WHERE (record, place) = "
       "(SELECT record, place FROM position WHERE truck <> (SELECT max(number) FROM truck) AND time NOT IN "
       "(SELECT time FROM position WHERE truck = (SELECT max(number) FROM truck)) LIMIT 1)",
       &store_report::strange},
      {"a position is where nobody looks for it",
       "UPDATE position SET slot = slot + (1::bigint << 32) WHERE (record, place) = (SELECT record, place FROM position LIMIT "
       "1)",
       &store_report::strange},
      {"a position was never sent",
       "INSERT INTO position (time, received_at, record, truck, slot, place, verdict, suspicion, point) SELECT time + interval "
       "'1 ms', received_at, record, truck, slot, place, verdict, suspicion, point FROM position LIMIT 1",
       &store_report::strange},
      {"a position is there twice",
       "DROP INDEX position_slot_time_idx; "
       "INSERT INTO position SELECT * FROM position LIMIT 1",
       &store_report::twice},
      {"a position is another verdict's",
       "UPDATE position SET verdict = 1 - verdict WHERE (record, place) = (SELECT record, place FROM position LIMIT 1)",
       &store_report::strange},
      {"an event is gone", "DELETE FROM event WHERE (record, place) = (SELECT record, place FROM event LIMIT 1)",
       &store_report::lost},
      {"an event is there twice", "DROP INDEX event_time_record_place_idx; INSERT INTO event SELECT * FROM event LIMIT 1",
       &store_report::strange},
      {"an event says something else",
       "UPDATE event SET event = replace(event::text, 'specversion', 'specVersion')::json WHERE (record, place) = "
       "(SELECT record, place FROM event LIMIT 1)",
       &store_report::strange},
      {"a refused position is gone", "DELETE FROM quarantine", &store_report::lost},
      {"an hour is some metres longer", "UPDATE hour SET distance_m = distance_m + 0.02", &store_report::differing},
      {"an hour was idle a moment longer", "UPDATE hour SET idle_ms = idle_ms + 1", &store_report::differing},
      {"an hour counts too few", "UPDATE hour SET coordinates_count = coordinates_count - 1", &store_report::differing},
      {"an hour is gone", "DELETE FROM hour WHERE (hour, truck) = (SELECT hour, truck FROM hour LIMIT 1)",
       &store_report::differing},
      {"an hour waits to be settled", "INSERT INTO unsettled_hour SELECT 1, number FROM truck LIMIT 1",
       &store_report::differing},
      {"a geofence is gone", "DELETE FROM geofence", &store_report::lost},
      {"a truck is gone from the registry", "UPDATE truck SET removed = true", &store_report::lost},
      {"the checkpoint is another", "UPDATE checkpoint SET record = record - 1", &store_report::differing},
      {"there is a dead letter", "INSERT INTO dead_letter VALUES (now(), 1, 1, 1, NULL, 'because', NULL)", &store_report::lost},
  };
  chaos_plan plan{.kills = 0, .faults = 0, .workers = 2, .trucks_each = 2, .pause = 0ms, .acknowledged_in_all = 4'000};
  plan.after_audit = [](const ledger& books, beset_database& there, const std::filesystem::path& data_dir) {
    for (const damage& each : damages) {
      there.server().run("CREATE DATABASE damaged TEMPLATE haulcast");
      there.server().run(std::string{"SET search_path = haulcast, public;\n"} + each.sql, 1min, "damaged");
      const store_report seen = audit_database(there.server().connection("damaged"), books, data_dir);
      EXPECT_GT(seen.*each.noticed_as, 0U) << each.what << ": " << seen.to_string();
      there.server().run("DROP DATABASE damaged");
    }
  };
  const chaos_outcome outcome = chaos(plan);
  EXPECT_TRUE(outcome.report.clean()) << outcome.report.to_string();
  EXPECT_TRUE(outcome.store.clean()) << outcome.store.to_string();
}

}  // namespace
}  // namespace haulcast::support
