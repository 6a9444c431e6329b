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

postgres_server::postgres_server() {
  if (programs().empty()) throw std::runtime_error{"PostgreSQL 15 is not installed; run scripts/install-dependencies --test"};
  make_cluster();
  process_ = std::make_unique<child_process>(as_its_user({
      .program = programs() / "postgres",
      .arguments = {"-D", directory_ / "cluster", "-c", "listen_addresses=", "-c",
                    "unix_socket_directories=" + directory_.path().string(), "-c", "fsync=off", "-c", "full_page_writes=off",
                    "-c", "synchronous_commit=off", "-c", "jit=off", "-c", "shared_buffers=64MB"},
      .directory = directory_.path(),
      .stderr_file = directory_ / "log",
  }));
  await_connections(std::chrono::minutes{2});
}

postgres_server::~postgres_server() {
  process_->signal(SIGINT);  // ends sessions too; a kill would leave a piece of shared memory
  process_->wait(std::chrono::seconds{20});
}

/// setpriv because PostgreSQL refuses root, with a new death signal because a change of user clears the one that the child was
/// given.
child_options postgres_server::as_its_user(child_options options) const {
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

std::string postgres_server::connection() const {
  return "host=" + directory_.path().string() + " user=haulcast dbname=postgres";
}

std::string postgres_server::run(const std::string& sql, std::chrono::milliseconds within) {
  const temp_directory scratch;
  const auto script = scratch / "script.sql";
  std::ofstream{script, std::ios::binary} << sql;
  auto outcome = run_to_end({.program = programs() / "psql",
                             .arguments = {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connection(), "-f", script}},
                            within);
  must_succeed(outcome, "psql");
  return std::move(outcome.out);
}

}  // namespace haulcast::support
