// The world's entities as of some offset each, in a SQLite file of their own: what recovery begins with.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "haulcast/base/result.hpp"
#include "haulcast/engine/world.hpp"

struct sqlite3;

namespace haulcast::journal {

using engine::offset_t;

/// One thing that is saved anew when it changed. The bytes hold the offset of the last record that concerned it.
struct entity {
  std::string key;  // "rules", "truck/TRK-1", "retries/17", "geofence/warehouse-001"
  std::string bytes;
  bool gone = false;  // it is there no more: its row goes
};
inline constexpr std::string_view rules_key = "rules";
inline constexpr std::string_view truck_prefix = "truck/";
inline constexpr std::string_view retries_prefix = "retries/";
inline constexpr std::string_view geofence_prefix = "geofence/";

/// Each row carries a checksum of its key and bytes: SQLite would not notice a flipped bit. A snapshot pass writes what changed
/// since the pass before, in any number of transactions, and last the offset from which recovery has to replay. Rows of a pass
/// that did not end are as good as any other: each truck says what it holds, and
/// of retry keys none is missing before one that is there (docs/decisions/0014-idempotency-keys.md). Blocking; one thread at a
/// time.
class snapshot_store {
 public:
  /// `before_commit` makes the journal durable as far as the entities go; when it fails nothing is written.
  /// Error: a sentence; also when the file belongs to another journal or was written by a newer version.
  static result<std::unique_ptr<snapshot_store>> open(const std::filesystem::path& path, std::string_view journal_id,
                                                      std::function<std::error_code()> before_commit = {});
  ~snapshot_store();
  snapshot_store(const snapshot_store&) = delete;
  snapshot_store& operator=(const snapshot_store&) = delete;

  /// Inserts or replaces; durable when it returns.
  result<void> write(std::span<const entity> entities);
  /// Ends a pass: recovery replays from this record on. `last` is written in the same transaction, which is how rules and
  /// geofences must be saved: replayed records are judged by those in force where the replay begins, so none may be newer or
  /// older than that.
  result<void> finish(offset_t replay_from, std::span<const entity> last = {});

  result<offset_t> replay_from();  // 1 before the first pass ended
  /// Every entity, in no order. `take` returns false to stop with an error.
  result<void> load(const std::function<bool(const entity&)>& take);

 private:
  explicit snapshot_store(sqlite3* db) : db_{db} {}
  failure error(std::string_view doing) const;
  result<void> execute(const char* sql);
  result<void> in_transaction(const std::function<result<void>()>& work);
  result<void> put(std::span<const entity> entities);

  sqlite3* db_;
  std::function<std::error_code()> before_commit_;
};

}  // namespace haulcast::journal
