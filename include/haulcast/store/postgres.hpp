// The store in PostgreSQL with PostGIS.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "haulcast/store/migration.hpp"
#include "haulcast/store/reader.hpp"
#include "haulcast/store/writer.hpp"

namespace haulcast::store {

/// Of which version of the schema this program is. Migrations are numbered from 1 and only go forward.
int postgres_schema_version() noexcept;

struct postgres_options {
  /// `postgresql://user@host:5432/database?…` or `host=… dbname=…`: what libpq takes. What it leaves out (a password, say)
  /// comes from libpq's variables (PGPASSWORD …) and files (~/.pgpass …). It is in no message.
  std::string url;
  bool migrates = true;                              // false: somebody else does; until then the store is `unavailable`
  std::chrono::milliseconds connect_timeout{5'000};  // for each host of the URL; names are looked up by the system before
  std::chrono::milliseconds answer_timeout{30'000};  // a write that takes longer is `unavailable`
  std::chrono::milliseconds query_timeout{10'000};   // likewise a read
};

/// Empty: libpq can read it. Else how a sentence about it goes on, which shows nothing of it.
std::string problem_of_postgres_url(const std::string& url);

/// One writer for each database. Everything lies in its schema `haulcast`. Nothing is connected before open().
///
/// Every time-out is kept twice: the server is told, and this side shuts the connection a little later by itself, for a server
/// that is frozen keeps none. A commit reaches the disk when make_durable() asks: the checkpoint goes with its rows, so what a
/// crash takes is written again from the journal.
std::unique_ptr<writer> make_postgres_writer(postgres_options options);
/// Any number, each a connection of its own that only reads, and is made with its first question.
std::unique_ptr<reader> make_postgres_reader(postgres_options options);

/// Takes the schema to this program's version, or with `dry_run` tries it and takes it back.
store_result<migration> migrate_postgres(const postgres_options& options, bool dry_run);

}  // namespace haulcast::store
