// A PostgreSQL of the benchmark's own, with PostGIS: beside the server that is measured, as on a machine of its own as far as
// two cores go, that is on either and only when nobody else wants it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/postgres_server.hpp"

namespace haulcast::bench {

class database {
 public:
  static bool installed();

  /// What commits is synced, as by default. `more`: settings that postgres takes with -c.
  explicit database(std::vector<std::string> more = {});

  /// A new database of that name; one that was there is gone. Returns where it is, for libpq.
  std::string fresh(const std::string& name);
  /// The same with our tables in it. Throws std::runtime_error when they cannot be made.
  std::string fresh_with_tables(const std::string& name);
  /// What psql prints: unaligned, a row a line, without the last line's end.
  std::string ask(const std::string& name, const std::string& sql);
  double number(const std::string& name, const std::string& sql) { return std::stod(ask(name, sql)); }

  void stop() { server_.stop(); }
  void start();
  support::postgres_server& server() { return server_; }

  /// CPU seconds of all its processes, those that have ended too.
  double cpu_seconds() const;
  /// The same of those that live, by what they do: "sessions", "checkpointer", "walwriter" ...
  std::map<std::string, double> cpu_by_work() const;

 private:
  void put_aside_all();

  support::postgres_server server_;
};

}  // namespace haulcast::bench
