// The tables in PostgreSQL, as they grew: numbered migrations that only go forward.
#pragma once

#include <string>

#include "haulcast/store/migration.hpp"
#include "postgres_session.hpp"

namespace haulcast::store {

/// The version that a database has; 0: none of ours yet. Throws `hopeless` when its schema `haulcast` is somebody else's.
int schema_version(pqxx::transaction_base& in);

/// Takes it to this program's version in one transaction, one program at a time; `dry_run`: and back. Throws `hopeless` for a
/// newer schema.
migration migrate(postgres_session& session, bool dry_run);

/// Whether there is nothing to migrate. Throws `hopeless` for a newer schema.
bool is_current(postgres_session& session);

/// For who may not migrate: throws while it is not at this program's version.
void await_schema(postgres_session& session);

/// How the tables are cut. Whole days, counted from a Monday, so that weeks begin as people's do.
struct partitions_of {
  const char* table;
  int days;
};
inline constexpr partitions_of partitioned[] = {{"position", 1}, {"event", 7}, {"quarantine", 1}, {"hour", 28}};
/// "position_20261130": the partition that has that moment.
std::string partition_name(const partitions_of& table, utc_time t);

}  // namespace haulcast::store
