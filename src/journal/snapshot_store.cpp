#include "haulcast/journal/snapshot_store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <xxhash.h>

#include "haulcast/base/failpoint.hpp"

namespace haulcast::journal {

namespace {

// 2: trucks with registrations, removed trucks; 3: retry keys; 4: geofences; 5: doubts, retry keys of imports; 6: when
// geofences were created
constexpr int format_version = 6;

struct finalize {
  void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};
using statement = std::unique_ptr<sqlite3_stmt, finalize>;

statement prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* s = nullptr;
  sqlite3_prepare_v2(db, sql, -1, &s, nullptr);
  return statement{s};
}

void bind_bytes(const statement& s, int at, std::string_view text) {
  sqlite3_bind_blob64(s.get(), at, text.data(), text.size(), SQLITE_STATIC);
}

std::string_view column(const statement& s, int at) {
  const void* const bytes = sqlite3_column_blob(s.get(), at);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(s.get(), at))};
}

sqlite3_int64 checksum(const entity& e) {
  return static_cast<sqlite3_int64>(
      XXH3_64bits_withSeed(e.bytes.data(), e.bytes.size(), XXH3_64bits(e.key.data(), e.key.size())));
}

sqlite3_int64 checksum(offset_t replay_from) {
  return static_cast<sqlite3_int64>(XXH3_64bits(&replay_from, sizeof replay_from));
}

constexpr const char* schema = R"(
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS entity (key BLOB PRIMARY KEY, bytes BLOB NOT NULL, checksum INTEGER NOT NULL);
)";

}  // namespace

failure snapshot_store::error(std::string_view doing) const {
  return {fmt::format("cannot {} the snapshots in {}: {}", doing, sqlite3_db_filename(db_, "main"), sqlite3_errmsg(db_))};
}

result<void> snapshot_store::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error("write");
  return {};
}

result<std::unique_ptr<snapshot_store>> snapshot_store::open(const std::filesystem::path& path, std::string_view journal_id,
                                                             std::function<std::error_code()> before_commit) {
  sqlite3* db = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<snapshot_store> store{new snapshot_store{db}};
  store->before_commit_ = std::move(before_commit);
  if (opened != SQLITE_OK) return failure{fmt::format("cannot open {}: {}", path.string(), sqlite3_errstr(opened))};
  sqlite3_busy_timeout(db, 5'000);
  if (auto set = store->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"); !set) return std::move(set).error();

  const auto ask_version = prepare(db, "PRAGMA user_version");
  if (!ask_version || sqlite3_step(ask_version.get()) != SQLITE_ROW) return store->error("read");
  if (const int version = sqlite3_column_int(ask_version.get(), 0); version > format_version) {
    return failure{fmt::format("{} was written by a newer version (format {}, this one reads up to {})", path.string(), version,
                               format_version)};
  }
  if (auto made = store->execute(schema); !made) return std::move(made).error();
  if (auto set = store->execute(fmt::format("PRAGMA user_version = {}", format_version).c_str()); !set)
    return std::move(set).error();

  const auto own = prepare(db, "INSERT OR IGNORE INTO meta VALUES ('journal', ?1)");
  bind_bytes(own, 1, journal_id);
  if (sqlite3_step(own.get()) != SQLITE_DONE) return store->error("write");
  const auto owner = prepare(db, "SELECT value FROM meta WHERE name = 'journal'");
  if (sqlite3_step(owner.get()) != SQLITE_ROW) return store->error("read");
  if (column(owner, 0) != journal_id) return failure{fmt::format("{} belongs to another journal", path.string())};
  return store;
}

snapshot_store::~snapshot_store() { sqlite3_close(db_); }

result<void> snapshot_store::in_transaction(const std::function<result<void>()>& work) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = work();
  if (done && before_commit_) {
    if (const auto failed = before_commit_()) done = failure{fmt::format("cannot sync the journal: {}", failed.message())};
  }
  if (done) done = execute("COMMIT");
  if (!done) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  HAULCAST_FAILPOINT(snapshot_committed);
  return done;
}

result<void> snapshot_store::put(std::span<const entity> entities) {
  const auto upsert = prepare(db_, "INSERT OR REPLACE INTO entity VALUES (?1, ?2, ?3)");
  const auto erase = prepare(db_, "DELETE FROM entity WHERE key = ?1");
  for (const entity& e : entities) {
    if (e.gone) {
      bind_bytes(erase, 1, e.key);
      if (sqlite3_step(erase.get()) != SQLITE_DONE) return error("write");
      sqlite3_reset(erase.get());
      continue;
    }
    bind_bytes(upsert, 1, e.key);
    bind_bytes(upsert, 2, e.bytes);
    sqlite3_bind_int64(upsert.get(), 3, checksum(e));
    if (sqlite3_step(upsert.get()) != SQLITE_DONE) return error("write");
    sqlite3_reset(upsert.get());
  }
  HAULCAST_FAILPOINT(snapshot_written);
  return {};
}

result<void> snapshot_store::write(std::span<const entity> entities) {
  return in_transaction([&] { return put(entities); });
}

result<void> snapshot_store::finish(offset_t replay_from, std::span<const entity> last) {
  return in_transaction([&]() -> result<void> {
    if (auto written = put(last); !written) return written;
    const auto note = prepare(db_, "INSERT OR REPLACE INTO meta VALUES ('replay_from', ?1), ('replay_from_checksum', ?2)");
    sqlite3_bind_int64(note.get(), 1, static_cast<sqlite3_int64>(replay_from));
    sqlite3_bind_int64(note.get(), 2, checksum(replay_from));
    if (sqlite3_step(note.get()) != SQLITE_DONE) return error("write");
    HAULCAST_FAILPOINT(snapshot_placed);
    return {};
  });
}

result<offset_t> snapshot_store::replay_from() {
  const auto get = prepare(db_, "SELECT value FROM meta WHERE name = 'replay_from'");
  const int got = sqlite3_step(get.get());
  if (got == SQLITE_DONE) return offset_t{1};
  if (got != SQLITE_ROW) return error("read");
  const auto from = static_cast<offset_t>(sqlite3_column_int64(get.get(), 0));
  const auto check = prepare(db_, "SELECT value FROM meta WHERE name = 'replay_from_checksum'");
  const int checked = sqlite3_step(check.get());
  if (checked == SQLITE_ROW && sqlite3_column_int64(check.get(), 0) != checksum(from)) {
    return failure{fmt::format("the place to replay from in {} is damaged", sqlite3_db_filename(db_, "main"))};
  }
  if (checked != SQLITE_ROW && checked != SQLITE_DONE) return error("read");  // an older version wrote none
  return from;
}

result<void> snapshot_store::load(const std::function<bool(const entity&)>& take) {
  const auto get = prepare(db_, "SELECT key, bytes, checksum FROM entity");
  entity e;
  int got = 0;
  while ((got = sqlite3_step(get.get())) == SQLITE_ROW) {
    e.key = column(get, 0);
    e.bytes = column(get, 1);
    if (sqlite3_column_int64(get.get(), 2) != checksum(e) || !take(e))
      return failure{fmt::format("the snapshot of {} in {} is damaged", e.key, sqlite3_db_filename(db_, "main"))};
  }
  if (got != SQLITE_DONE) return error("read");
  return {};
}

}  // namespace haulcast::journal
