#include "haulcast/journal/snapshot_store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>

#include "journal/scratch.hpp"

namespace haulcast::journal {
namespace {

using namespace scratch;

const std::string ours(32, 'a');

std::unique_ptr<snapshot_store> store_in(const directory& d) {
  return std::move(snapshot_store::open(d / "snapshots.sqlite", ours)).value();
}

std::map<std::string, std::string> all_of(snapshot_store& store) {
  std::map<std::string, std::string> all;
  EXPECT_TRUE(store.load([&](const entity& e) { return all.emplace(e.key, e.bytes).second; }));
  return all;
}

void run_sql(const fs::path& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(SnapshotStore, ANewOneSaysReplayEverything) {
  const directory d;
  const auto store = store_in(d);
  EXPECT_EQ(store->replay_from().value(), 1u);
  EXPECT_TRUE(all_of(*store).empty());
}

TEST(SnapshotStore, KeepsTheNewestOfEachEntityAcrossAReopen) {
  const directory d;
  const std::string binary{"\0\xFF binary", 9};
  {
    const auto store = store_in(d);
    const entity first[] = {{"truck/A", "old"}, {"truck/B", binary}, {"truck/C", ""}};
    ASSERT_TRUE(store->write(first));
    const entity second[] = {{"truck/A", "new"}};
    ASSERT_TRUE(store->write(second));
    const entity rules[] = {{"rules", "r"}};
    ASSERT_TRUE(store->finish(77, rules));
  }
  const auto store = store_in(d);
  EXPECT_EQ(store->replay_from().value(), 77u);
  EXPECT_EQ(all_of(*store),
            (std::map<std::string, std::string>{{"truck/A", "new"}, {"truck/B", binary}, {"truck/C", ""}, {"rules", "r"}}));
}

TEST(SnapshotStore, AnotherJournalsAreRefused) {
  const directory d;
  store_in(d);
  const auto other = snapshot_store::open(d / "snapshots.sqlite", std::string(32, 'b'));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().what, (d / "snapshots.sqlite").string() + " belongs to another journal");
}

TEST(SnapshotStore, ANewerFormatIsRefused) {
  const directory d;
  store_in(d);
  run_sql(d / "snapshots.sqlite", "PRAGMA user_version = 99");
  const auto newer = snapshot_store::open(d / "snapshots.sqlite", ours);
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().what.find("was written by a newer version (format 99"), std::string::npos);
}

TEST(SnapshotStore, AnOlderFormatIsReadAndFromThenOnOurs) {
  const directory d;
  const entity one[] = {{"truck/A", "x"}};
  ASSERT_TRUE(store_in(d)->write(one));
  run_sql(d / "snapshots.sqlite", "PRAGMA user_version = 2");
  EXPECT_EQ(all_of(*store_in(d)), (std::map<std::string, std::string>{{"truck/A", "x"}}));
  run_sql(d / "snapshots.sqlite",
          "CREATE TABLE ours (v CHECK (v = 6)); INSERT INTO ours SELECT user_version FROM pragma_user_version");
}

TEST(SnapshotStore, WhatIsGoneLosesItsRow) {
  const directory d;
  const auto store = store_in(d);
  const entity two[] = {{"geofence/a", "x"}, {"geofence/b", "y"}};
  ASSERT_TRUE(store->finish(5, two));
  const entity changes[] = {{"geofence/a", {}, true}, {"geofence/never", {}, true}, {"geofence/b", "z"}};
  ASSERT_TRUE(store->finish(9, changes));
  EXPECT_EQ(all_of(*store), (std::map<std::string, std::string>{{"geofence/b", "z"}}));
  EXPECT_EQ(store->replay_from().value(), 9u);
}

TEST(SnapshotStore, AFileThatIsNoDatabaseIsASentence) {
  const directory d;
  write(d / "snapshots.sqlite", std::string(5000, 'x'));
  const auto store = snapshot_store::open(d / "snapshots.sqlite", ours);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().what.find("not a database"), std::string::npos) << store.error().what;
}

TEST(SnapshotStore, ADirectoryThatIsNotThereIsASentence) {
  const directory d;
  const auto store = snapshot_store::open(d / "no" / "snapshots.sqlite", ours);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().what.find("cannot open"), std::string::npos) << store.error().what;
}

TEST(SnapshotStore, AFlippedByteInARowIsFound) {
  const directory d;
  {
    const auto store = store_in(d);
    const entity one[] = {{"truck/A", "twenty bytes of state"}};
    ASSERT_TRUE(store->write(one));
  }
  run_sql(d / "snapshots.sqlite", "UPDATE entity SET bytes = CAST(replace(CAST(bytes AS TEXT), 'state', 'stale') AS BLOB)");
  const auto store = store_in(d);
  const auto loaded = store->load([](const entity&) { return true; });
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().what.find("the snapshot of truck/A"), std::string::npos) << loaded.error().what;
}

// Replaying from a later record would leave out some, and nothing else would show it.
TEST(SnapshotStore, AFlippedBitInThePlaceToReplayFromIsFound) {
  for (int bit = 0; bit < 8; ++bit) {
    SCOPED_TRACE(bit);
    const directory d;
    const auto path = d / "snapshots.sqlite";
    ASSERT_TRUE(store_in(d)->finish(69));
    std::string bytes = content(path);
    const std::string_view name = "replay_from";
    const auto at = bytes.find(std::string{name} + 'E');  // the letter is 69
    ASSERT_NE(at, std::string::npos);
    bytes[at + name.size()] = static_cast<char>(bytes[at + name.size()] ^ (1 << bit));
    write(path, bytes);
    const auto from = store_in(d)->replay_from();
    ASSERT_FALSE(from) << *from;
    EXPECT_NE(from.error().what.find("is damaged"), std::string::npos) << from.error().what;
  }
}

TEST(SnapshotStore, AnEntityThatIsNotTakenStopsTheLoading) {
  const directory d;
  const auto store = store_in(d);
  const entity one[] = {{"truck/A", "x"}};
  ASSERT_TRUE(store->write(one));
  const auto loaded = store->load([](const entity&) { return false; });
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().what.find("truck/A"), std::string::npos);
}

TEST(SnapshotStore, AFullDiskIsASentenceAndTheOldSnapshotsStay) {
  const directory d;
  const auto store = store_in(d);
  const entity one[] = {{"truck/A", "x"}};
  ASSERT_TRUE(store->write(one));
  const entity large[] = {{"truck/A", std::string(4 << 20, 'y')}};
  {
    const full_disk full{1 << 20};
    EXPECT_FALSE(store->write(large));
  }
  EXPECT_EQ(all_of(*store)["truck/A"], "x");
  EXPECT_TRUE(store->write(large));
}

// With journal.sync: normal a snapshot would else be durable before the records that it holds.
TEST(SnapshotStore, NothingIsWrittenBeforeTheJournalIsDurable) {
  const directory d;
  int asked = 0;
  std::error_code journal;
  const auto store = std::move(snapshot_store::open(d / "snapshots.sqlite", ours, [&] {
                       ++asked;
                       return journal;
                     })).value();
  const entity one[] = {{"truck/A", "x"}};
  ASSERT_TRUE(store->write(one));
  ASSERT_TRUE(store->finish(5, one));
  EXPECT_EQ(asked, 2);
  journal = std::make_error_code(std::errc::io_error);
  const entity newer[] = {{"truck/A", "y"}};
  const auto failed = store->write(newer);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().what.find("cannot sync the journal: "), std::string::npos) << failed.error().what;
  EXPECT_FALSE(store->finish(9, newer));
  EXPECT_EQ(all_of(*store)["truck/A"], "x");
  EXPECT_EQ(store->replay_from().value(), 5u);
}

}  // namespace
}  // namespace haulcast::journal
