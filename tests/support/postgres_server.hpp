// A PostgreSQL server of a test's own, as Debian packages it.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/temp_directory.hpp"

namespace haulcast::support {

/// Starts at construction, with an empty cluster in a temporary directory, and takes connections then; throws
/// std::runtime_error with what it wrote when it does not come to that. Listens on a Unix socket in that directory and nowhere
/// else; nothing it writes is synced. Started by root it runs as `postgres`, which refuses to run as root. It dies with the
/// test process.
class postgres_server {
 public:
  /// Where the programs are; empty when they are not installed.
  static std::filesystem::path programs();

  /// The same, run as `postgres` where this process is root's: its programs refuse root.
  static child_options as_its_user(child_options options);

  /// `settings` as `postgres -c` takes them; they go before those of its own.
  explicit postgres_server(std::vector<std::string> settings = {});
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  /// For libpq and what is built on it: the superuser.
  std::string connection(const std::string& database = "postgres") const;
  /// Its Unix socket.
  std::filesystem::path socket() const { return directory_ / ".s.PGSQL.5432"; }

  /// Runs a script by `psql` and gives what it printed, unaligned and without headings. Throws std::runtime_error with the
  /// first error.
  std::string run(const std::string& sql, std::chrono::milliseconds within = std::chrono::minutes{10},
                  const std::string& database = "postgres");

  /// Stops all its processes where they are, as a machine that hangs does; and lets them go on.
  void freeze();
  void thaw();
  /// As a crash does: nothing is finished. start() takes connections again.
  void kill();
  void kill_and_restart();
  /// As an operator does, who lets nobody finish: sessions end, and what was committed is on the disk. Nothing listens until
  /// start().
  void stop();
  void start();

  /// Of it and all its children, the postmaster first.
  std::vector<int> processes() const;
  /// Everything that it has written since the first start.
  std::string log() const;

  /// By `pg_dump`, while it goes on; and by `pg_restore` into a database that is empty. Throw std::runtime_error.
  void dump(const std::string& database, const std::filesystem::path& into);
  void restore(const std::filesystem::path& from, const std::string& database);

 private:
  void make_cluster();
  void await_connections(std::chrono::milliseconds within);

  std::vector<std::string> settings_;
  temp_directory directory_;
  std::unique_ptr<child_process> process_;
};

}  // namespace haulcast::support
