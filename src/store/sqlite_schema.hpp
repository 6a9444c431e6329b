// The embedded store's tables, as they grew: numbered migrations that only go forward.
#pragma once

#include "sqlite_db.hpp"

namespace haulcast::store {

/// Takes the file to this program's version in one transaction. Fatal: it is of a newer one, or a database of somebody else.
store_result<void> migrate(sqlite_db& db);
/// The version that a file has; 0: none of ours yet.
store_result<int> schema_version(sqlite_db& db);

}  // namespace haulcast::store
