// The embedded store behind a real server: whatever befalls it, it comes to hold what the journal has, and nobody waits for it.
#include <sqlite3.h>

#include <filesystem>

#include "integration/failing_server.hpp"
#include "integration/store_audit.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

const auto store_files = {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"};

void remove_store(const fs::path& data_dir) {
  for (const auto* const name : store_files) fs::remove(data_dir / name);
}
void copy_store(const fs::path& from, const fs::path& to) {
  remove_store(to);
  fs::create_directories(to);
  for (const auto* const name : store_files) {
    if (fs::exists(from / name)) fs::copy_file(from / name, to / name);
  }
}

void drive(server& s, const std::string& truck, int first_step, int count) {
  api admin = s.as();
  static const auto begin = now_ms() - 7'200'000;
  std::vector<json> positions;
  for (int i = first_step; i < first_step + count; ++i) positions.push_back(driving(truck, begin, i));
  must_post(admin, positions);
}

void expect_whole_store(server& s) {
  EXPECT_TRUE(await_store(s)) << s.log();
  EXPECT_EQ(s.stop().code, 0);
  const store_report report = audit_store({}, s.data_dir());
  EXPECT_TRUE(report.clean()) << report.to_string();
  EXPECT_GT(report.positions, 0U);
}

/// Starts, and must not: what it said.
std::string refused(server& s) {
  const std::size_t said = s.log().size();
  s.spawn();
  const auto ended = s.process().wait(30s);
  EXPECT_TRUE(ended && ended->code == 3) << "it started";
  return s.log().substr(said);
}

TEST(Store, HoldsEachKindOfRowAsTheJournalHasIt) {
  server s;
  api admin = s.as();
  admin.send({.method = "PUT", .target = "/v1/trucks/TRK-1", .body = R"({"name":"Zürich 1","plate":"ZH 1"})"});
  admin.send({.method = "PUT", .target = "/v1/trucks/TRK-9", .body = R"({"name":"goes"})"});
  admin.send({.method = "DELETE", .target = "/v1/trucks/TRK-9"});
  const auto fence = driving("", 0, 30);
  EXPECT_EQ(admin
                .post("/v1/geofences", {{"geofence_id", "north"},
                                        {"type", "circle"},
                                        {"center", {{"latitude", fence["latitude"]}, {"longitude", fence["longitude"]}}},
                                        {"radius_meters", 100}})
                .status,
            201U);
  drive(s, "TRK-1", 0, 120);
  auto wrong = driving("TRK-1", now_ms(), 0);
  wrong["latitude"] = 91;
  auto full = driving("TRK-2", now_ms() - 60'000, 0);
  full.update({{"heading", 180},
               {"altitude_m", 408.5},
               {"accuracy_m", 5},
               {"odometer_km", 120345.6},
               {"fuel_level_pct", 0},
               {"battery_pct", 80},
               {"engine_status", "running"},
               {"trip_id", "T-1"},
               {"driver_id", "D-7"},
               {"attributes", {{"reefer_c", -18.5}}}});
  admin.post("/v1/positions", batch({wrong, full}));
  EXPECT_TRUE(await_store(s));
  EXPECT_EQ(s.stop().code, 0);
  const store_report report = audit_store({}, s.data_dir());
  EXPECT_TRUE(report.clean()) << report.to_string();
  EXPECT_EQ(report.positions, 121U);
  EXPECT_EQ(report.rejected, 1U);
  EXPECT_GE(report.events, 4U);  // two online, entered, exited
  EXPECT_GE(report.hours, 2U);
}

TEST(Store, OneThatWasDeletedIsWrittenAgainAndItIsSaid) {
  server s;
  drive(s, "TRK-1", 0, 50);
  s.restart();
  drive(s, "TRK-2", 0, 50);
  s.stop();
  remove_store(s.data_dir());
  s.start();
  drive(s, "TRK-1", 50, 50);
  EXPECT_TRUE(eventually([&] { return s.log().find("the store is empty and had come to record") != std::string::npos; }));
  expect_whole_store(s);
}

TEST(Store, AnOlderCopyIsWrittenAgainAndItIsSaid) {
  server s;
  const temp_directory backup;
  drive(s, "TRK-1", 0, 50);
  s.stop();
  copy_store(s.data_dir(), backup.path());
  s.start();
  drive(s, "TRK-1", 50, 50);
  EXPECT_TRUE(await_store(s));
  s.stop();
  copy_store(backup.path(), s.data_dir());
  s.start();
  EXPECT_TRUE(eventually([&] { return s.log().find("the store is older than it was") != std::string::npos; }));
  expect_whole_store(s);
}

TEST(Store, OneThatIsTakenAwayWhileItRunsIsWrittenAgain) {
  server s;
  drive(s, "TRK-1", 0, 50);
  EXPECT_TRUE(await_store(s));
  remove_store(s.data_dir());
  drive(s, "TRK-1", 50, 50);
  EXPECT_TRUE(eventually([&] { return s.log().find("was removed or replaced") != std::string::npos; }, 60s)) << s.log();
  EXPECT_TRUE(eventually([&] { return fs::exists(s.data_dir() / "store.sqlite"); }, 60s));
  drive(s, "TRK-1", 100, 50);
  expect_whole_store(s);
}

TEST(Store, AnotherJournalsStopsTheStartUntilItIsAdopted) {
  server s;
  drive(s, "TRK-1", 0, 50);
  s.stop();
  server other;
  drive(other, "TRK-2", 0, 10);
  other.stop();
  copy_store(other.data_dir(), s.data_dir());
  const std::string why = refused(s);
  EXPECT_NE(why.find("the store belongs to another journal"), std::string::npos) << why;
  EXPECT_NE(why.find("--adopt"), std::string::npos) << why;
  s.options().arguments = {"--adopt"};
  s.start();
  EXPECT_TRUE(await_store(s));
  drive(s, "TRK-1", 50, 10);
  EXPECT_TRUE(await_store(s));
  s.stop();
  s.options().arguments.clear();
  s.start();
}

TEST(Store, OneThatIsAheadOfARestoredJournalStopsTheStartUntilItIsAdopted) {
  server s;
  const temp_directory backup;
  drive(s, "TRK-1", 0, 20);
  s.stop();
  fs::copy(s.data_dir(), backup.path() / "data", fs::copy_options::recursive);
  s.start();
  for (int i = 0; i < 10; ++i) drive(s, "TRK-1", 20 + i, 1);
  EXPECT_TRUE(await_store(s));
  s.stop();
  copy_store(s.data_dir(), backup.path() / "ahead");
  fs::remove_all(s.data_dir());
  fs::copy(backup.path() / "data", s.data_dir(), fs::copy_options::recursive);
  copy_store(backup.path() / "ahead", s.data_dir());
  const std::string why = refused(s);
  EXPECT_NE(why.find("the store is ahead of the journal"), std::string::npos) << why;
  s.options().arguments = {"--adopt"};
  s.start();
  drive(s, "TRK-1", 100, 10);
  EXPECT_TRUE(await_store(s));
}

TEST(Store, WhatTheJournalHasForgottenAndTheStoreLacksStopsTheStart) {
  server s{{.environment = {{"HAULCAST_JOURNAL__MAX_BYTES", "4 MiB"},
                            {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1 MiB"},
                            {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}}}};
  api admin = s.as();
  const auto begin = now_ms() - 7'200'000;
  int step = 0;
  const auto first = [&] { return metric(admin.get("/metrics").raw.body, "haulcast_journal_first_offset").value_or(0); };
  ASSERT_TRUE(eventually(
      [&] {
        admin.post("/v1/positions", bulky_batch("BULK-" + std::to_string(step % 7), begin, step, 300));
        step += 300;
        return first() > 1;
      },
      120s))
      << "the store lets nothing go";
  EXPECT_TRUE(await_store(s));
  s.stop();
  const fs::path aside = s.data_dir().parent_path() / "aside";
  copy_store(s.data_dir(), aside);
  remove_store(s.data_dir());
  const std::string why = refused(s);
  EXPECT_NE(why.find("the store is empty and had come to record"), std::string::npos) << why;
  copy_store(aside, s.data_dir());
  s.start();
}

TEST(Store, TheJournalKeepsWhatAStoreThatCannotBeWrittenLacks) {
  if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  faults::switchboard disk;
  auto environment = disk.environment(false);
  environment.insert({{"HAULCAST_JOURNAL__MAX_BYTES", "4 MiB"},
                      {"HAULCAST_JOURNAL__SEGMENT_BYTES", "1 MiB"},
                      {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}});
  server s{{.environment = environment}};
  disk.on(0, {.operations = faults::writing, .error = ENOSPC, .part = "store.sqlite"});
  api admin = s.as();
  const auto begin = now_ms() - 7'200'000;
  int step = 0;
  const auto post = [&] {
    step += 300;
    return admin.post("/v1/positions", bulky_batch("BULK-" + std::to_string(step % 7), begin, step, 300)).status;
  };
  ASSERT_TRUE(eventually([&] { return post() == 503; }, 120s)) << "what the store lacks is let go";
  EXPECT_EQ(metric(admin.get("/metrics").raw.body, "haulcast_journal_first_offset"), 1);
  EXPECT_EQ(metric(admin.get("/metrics").raw.body, "haulcast_store_up"), 0);
  disk.off(0);
  EXPECT_TRUE(eventually([&] { return post() == 200; }, 120s)) << "it takes no more though the store has it";
  EXPECT_TRUE(await_store(s));
}

TEST(Store, OneThatCannotBeWrittenHoldsUpNobodyAndCatchesUp) {
  if (!faults::switchboard::available()) GTEST_SKIP() << "a sanitized server takes no preloaded library";
  for (const int error : {ENOSPC, EIO, EROFS}) {
    failing_server s;
    s.disk().on(0, {.operations = faults::writing | faults::syncing, .error = error, .part = "store.sqlite"});
    const observed seen = s.watch(fault_time());
    EXPECT_GT(s.disk().hits(0), 0U);
    EXPECT_EQ(seen.ingest.size(), 1U) << "something else than 200 was told";
    EXPECT_EQ(seen.ready.size(), 1U);
    s.disk().off(0);
    s.expect_healed();
    s.expect_clean_books();
    s.tell(std::string{"the store cannot be written: "} + std::strerror(error), seen);
  }
}

/// Somebody who locks the store's file, as a backup that is made the wrong way, or a prompt left open.
class lock {
 public:
  explicit lock(const fs::path& data_dir) {
    sqlite3_open((data_dir / "store.sqlite").c_str(), &db_);
    sqlite3_busy_timeout(db_, 10'000);
    EXPECT_EQ(sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~lock() { sqlite3_close(db_); }

 private:
  sqlite3* db_ = nullptr;
};

TEST(Store, OneThatSomebodyLocksHoldsUpNeitherIngestNorLeaving) {
  server s;
  drive(s, "TRK-1", 0, 10);
  EXPECT_TRUE(await_store(s));
  {
    const lock held{s.data_dir()};
    for (int i = 1; i <= 20; ++i) drive(s, "TRK-1", 10 * i, 10);
    EXPECT_EQ(s.stop(30s).code, 0) << s.log();
  }
  s.start();
  expect_whole_store(s);
}

std::int64_t count(const fs::path& data_dir, const std::string& what) {
  sqlite3* db = nullptr;
  sqlite3_stmt* ask = nullptr;
  sqlite3_open_v2((data_dir / "store.sqlite").c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
  sqlite3_busy_timeout(db, 10'000);
  sqlite3_prepare_v2(db, ("SELECT count(*) FROM " + what).c_str(), -1, &ask, nullptr);
  const std::int64_t found = sqlite3_step(ask) == SQLITE_ROW ? sqlite3_column_int64(ask, 0) : -1;
  sqlite3_finalize(ask);
  sqlite3_close(db);
  return found;
}

TEST(Store, RetentionTakesWhatIsOldWhileIngestGoesOn) {
  server s{{.environment = {{"HAULCAST_STORE__RETENTION_DAYS", "1"}}}};
  api admin = s.as();
  const auto long_ago = now_ms() - 3 * 86'400'000LL;
  std::vector<json> old;
  for (int truck = 0; truck < 5; ++truck) {
    for (int step = 0; step < 200; ++step) old.push_back(driving("OLD-" + std::to_string(truck), long_ago, step));
  }
  must_post(admin, old);
  EXPECT_TRUE(await_store(s));
  int step = 0;
  ASSERT_TRUE(eventually(
      [&] {
        drive(s, "TRK-1", step++, 1);
        return count(s.data_dir(), "position WHERE time < " + std::to_string(now_ms() - 2 * 86'400'000LL)) == 0;
      },
      60s));
  EXPECT_TRUE(await_store(s));
  EXPECT_EQ(count(s.data_dir(), "position"), step) << "and nothing else";
  EXPECT_EQ(count(s.data_dir(), "truck"), 6);
}

TEST(Store, OneOfANewerVersionStopsTheStart) {
  server s;
  drive(s, "TRK-1", 0, 10);
  s.stop();
  sqlite3* db = nullptr;
  sqlite3_open((s.data_dir() / "store.sqlite").c_str(), &db);
  sqlite3_exec(db, "PRAGMA user_version = 1000", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_NE(refused(s).find("was written by a newer version"), std::string::npos);
}

}  // namespace
}  // namespace haulcast::support
