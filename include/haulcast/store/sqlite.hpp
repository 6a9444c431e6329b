// The embedded store: one SQLite file.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "haulcast/store/migration.hpp"
#include "haulcast/store/reader.hpp"
#include "haulcast/store/writer.hpp"

namespace haulcast::store {

/// Of which version of the schema this program is. Migrations are numbered from 1 and only go forward.
int sqlite_schema_version() noexcept;

struct sqlite_options {
  std::filesystem::path path;
  std::chrono::milliseconds query_timeout{10'000};  // a read that takes longer is `unavailable`
};

/// One writer for each file; its directory must be there. Nothing is opened before open().
std::unique_ptr<writer> make_sqlite_writer(sqlite_options options);
/// Any number, each a connection of its own that only reads, and opens with its first question.
std::unique_ptr<reader> make_sqlite_reader(sqlite_options options);

/// Takes the file to this program's version, which makes it where there is none; or with `dry_run` tries it and takes it back.
store_result<migration> migrate_sqlite(const sqlite_options& options, bool dry_run);

}  // namespace haulcast::store
