// The embedded store's tables, as they grew: numbered migrations that only go forward.
#pragma once

#include "haulcast/store/migration.hpp"
#include "sqlite_db.hpp"

namespace haulcast::store {

/// Takes the file to this program's version in one transaction, and with `dry_run` back. Fatal: it is of a newer one, or a
/// database of somebody else.
store_result<migration> migrate(sqlite_db& db, bool dry_run);
/// The version that a file has; 0: none of ours yet.
store_result<int> schema_version(sqlite_db& db);

}  // namespace haulcast::store
