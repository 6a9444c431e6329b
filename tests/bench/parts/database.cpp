#include "parts/database.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "haulcast/store/postgres.hpp"
#include "load/process.hpp"

namespace haulcast::bench {
namespace {

std::vector<std::string> settings(std::vector<std::string> more) {
  std::vector<std::string> all{"fsync=on", "full_page_writes=on", "shared_buffers=512MB", "max_wal_size=4GB"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// "postgres: checkpointer " is what a process calls itself; a session says whose it is, between which ends, and what it does.
std::string work_of(int process) {
  std::ifstream in{fmt::format("/proc/{}/cmdline", process)};
  std::string title{std::istreambuf_iterator<char>{in}, {}};
  constexpr std::string_view mark = "postgres: ";
  if (!title.starts_with(mark)) return "postmaster";
  title.erase(0, mark.size());
  if (title.find("[local]") != title.npos) return "sessions";
  return title.substr(0, title.find_first_of(std::string_view{" \0", 2}));
}

}  // namespace

bool database::installed() { return !support::postgres_server::programs().empty(); }

database::database(std::vector<std::string> more) : server_{settings(std::move(more))} {
  put_aside_all();
  server_.run("CREATE DATABASE with_postgis");
  server_.run("CREATE EXTENSION postgis", std::chrono::minutes{2}, "with_postgis");
}

void database::put_aside_all() {
  for (const int process : server_.processes()) put_aside(process);
}

void database::start() {
  server_.start();
  put_aside_all();
}

std::string database::fresh(const std::string& name) {
  server_.run(fmt::format("DROP DATABASE IF EXISTS {0}; CREATE DATABASE {0} TEMPLATE with_postgis; CHECKPOINT", name));
  return server_.connection(name);
}

std::string database::fresh_with_tables(const std::string& name) {
  const std::string url = fresh(name);
  if (const auto made = store::migrate_postgres({.url = url}, false); !made) throw std::runtime_error{made.error().why};
  return url;
}

std::string database::ask(const std::string& name, const std::string& sql) {
  std::string said = server_.run("SET search_path = haulcast, public;\n" + sql, std::chrono::minutes{10}, name);
  while (said.ends_with('\n')) said.pop_back();
  return said;
}

double database::cpu_seconds() const {
  double used = 0;
  for (const int process : server_.processes()) used += cpu_with_ended_children(process);
  return used;
}

std::map<std::string, double> database::cpu_by_work() const {
  std::map<std::string, double> used;
  for (const int process : server_.processes()) used[work_of(process)] += cpu_with_ended_children(process);
  return used;
}

}  // namespace haulcast::bench
