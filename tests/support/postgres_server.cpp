#include "support/postgres_server.hpp"

#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace haulcast::support {
namespace {

using std::chrono::steady_clock;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void must_succeed(const child_outcome& outcome, const std::string& what) {
  if (outcome.exit.code != 0) throw std::runtime_error{what + " failed: " + outcome.err + outcome.out};
}

}  // namespace

std::filesystem::path postgres_server::programs() {
  const std::filesystem::path debian{"/usr/lib/postgresql/15/bin"};  // by version: another one may come first in PATH
  return std::filesystem::exists(debian / "postgres") ? debian : std::filesystem::path{};
}

postgres_server::postgres_server(std::vector<std::string> settings) : settings_{std::move(settings)} {
  if (programs().empty()) throw std::runtime_error{"PostgreSQL 15 is not installed; run scripts/install-dependencies --test"};
  make_cluster();
  start();
}

void postgres_server::start() {
  std::vector<std::string> arguments{"-D", directory_ / "cluster"};
  std::vector<std::string> all{"listen_addresses=",
                               "unix_socket_directories=" + directory_.path().string(),
                               "fsync=off",
                               "full_page_writes=off",
                               "synchronous_commit=off",
                               "jit=off",
                               "shared_buffers=64MB"};
  all.insert(all.end(), settings_.begin(), settings_.end());  // of two the later one holds
  for (const auto& each : all) arguments.insert(arguments.end(), {"-c", each});
  process_ = std::make_unique<child_process>(as_its_user({
      .program = programs() / "postgres",
      .arguments = std::move(arguments),
      .directory = directory_.path(),
      .stderr_file = directory_ / "log",
  }));
  await_connections(std::chrono::minutes{2});
}

postgres_server::~postgres_server() {
  if (!process_->running()) return;
  thaw();
  process_->signal(SIGINT);  // ends sessions too; a kill would leave a piece of shared memory
  process_->wait(std::chrono::seconds{20});
}

void postgres_server::stop() {
  process_->signal(SIGINT);
  if (!process_->wait(std::chrono::minutes{2})) throw std::runtime_error{"PostgreSQL does not stop: " + log()};
}

std::string postgres_server::log() const { return text_of(directory_ / "log"); }

/// setpriv because PostgreSQL refuses root, with a new death signal because a change of user clears the one that the child was
/// given.
child_options postgres_server::as_its_user(child_options options) {
  if (::geteuid() != 0) return options;
  std::vector<std::string> arguments{"--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL",
                                     options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  options.arguments = std::move(arguments);
  options.program = "/usr/bin/setpriv";
  return options;
}

void postgres_server::make_cluster() {
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr || ::chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) != 0)
      throw std::runtime_error{"there is no user postgres to run the server as"};
  }
  must_succeed(run_to_end(as_its_user({.program = programs() / "initdb",
                                       .arguments = {"-D", directory_ / "cluster", "--no-sync", "--auth=trust",
                                                     "--username=haulcast", "--encoding=UTF8", "--locale=C"},
                                       .directory = directory_.path()}),
                          std::chrono::minutes{2}),
               "initdb");
}

void postgres_server::await_connections(std::chrono::milliseconds within) {
  const auto limit = steady_clock::now() + within;
  for (;;) {
    const auto asked =
        run_to_end({.program = programs() / "pg_isready", .arguments = {"-q", "-h", directory_.path(), "-U", "haulcast"}});
    if (asked.exit.code == 0) return;
    if (!process_->running() || steady_clock::now() > limit)
      throw std::runtime_error{"PostgreSQL did not start: " + text_of(directory_ / "log")};
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

std::string postgres_server::connection(const std::string& database) const {
  return "host=" + directory_.path().string() + " user=haulcast dbname=" + database;
}

// The postmaster first, so that it makes no more of them. Each backend leads a session of its own: there is no group to signal.
std::vector<int> postgres_server::processes() const {
  std::vector<int> all{process_->pid()};
  const std::string parent = "PPid:\t" + std::to_string(process_->pid()) + "\n";
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (text_of(entry.path() / "status").find(parent) != std::string::npos) all.push_back(std::stoi(name));
  }
  return all;
}

void postgres_server::freeze() {
  process_->signal(SIGSTOP);
  for (const int pid : processes()) ::kill(pid, SIGSTOP);
}

void postgres_server::thaw() {
  for (const int pid : processes()) ::kill(pid, SIGCONT);
}

void postgres_server::kill() {
  const auto all = processes();
  for (const int pid : all) ::kill(pid, SIGKILL);
  process_->wait(std::chrono::minutes{1});
  for (const int pid : all) {  // the last to go gives its memory back
    while (::kill(pid, 0) == 0) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

void postgres_server::kill_and_restart() {
  kill();
  start();
}

void postgres_server::dump(const std::string& database, const std::filesystem::path& into) {
  must_succeed(
      run_to_end({.program = programs() / "pg_dump", .arguments = {"-Fc", "-Z1", "-f", into, "-d", connection(database)}},
                 std::chrono::minutes{10}),
      "pg_dump");
}

void postgres_server::restore(const std::filesystem::path& from, const std::string& database) {
  must_succeed(run_to_end({.program = programs() / "pg_restore", .arguments = {"-d", connection(database), from}},
                          std::chrono::minutes{10}),
               "pg_restore");
}

std::string postgres_server::run(const std::string& sql, std::chrono::milliseconds within, const std::string& database) {
  const temp_directory scratch;
  const auto script = scratch / "script.sql";
  std::ofstream{script, std::ios::binary} << sql;
  auto outcome =
      run_to_end({.program = programs() / "psql",
                  .arguments = {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connection(database), "-f", script}},
                 within);
  must_succeed(outcome, "psql");
  return std::move(outcome.out);
}

}  // namespace haulcast::support
