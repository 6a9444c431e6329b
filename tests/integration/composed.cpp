#include "integration/composed.hpp"

#include <pwd.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "support/postgres_server.hpp"

namespace haulcast::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string read(const fs::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
}

/// "1m30s", "10s"
std::chrono::seconds duration(const YAML::Node& text) {
  std::chrono::seconds all{0};
  long number = 0;
  for (const char c : text.as<std::string>("0s")) {
    if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
    if (c == 'm') all += std::chrono::minutes{std::exchange(number, 0)};
    if (c == 's') all += std::chrono::seconds{std::exchange(number, 0)};
  }
  return all;
}

bool is_ours(const YAML::Node& service) { return service["image"].as<std::string>() == "haulcast"; }
bool is_postgres(const YAML::Node& service) { return service["image"].as<std::string>().starts_with("postgis/"); }

/// The last instruction of that name in our Dockerfile.
std::string instruction(const std::string& name) {
  std::istringstream lines{read(fs::path{HAULCAST_SOURCE_DIR} / "Dockerfile")};
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ' ')) found = line.substr(name.size() + 1);
  }
  return found;
}

std::vector<std::string> words(const YAML::Node& list) {
  std::vector<std::string> all;
  for (const auto& each : list) all.push_back(each.as<std::string>());
  return all;
}

void give_to_postgres(const fs::path& path) {
  if (::geteuid() != 0) return;
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr || ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error{"there is no user postgres"};
}

void must(const child_outcome& done, const std::string& what) {
  if (done.exit.code != 0) throw std::runtime_error{what + ": " + done.out + done.err};
}

}  // namespace

struct composed::hidden {
  YAML::Node all;
};

composed::composed(std::map<std::string, std::string> secrets) : file_{std::make_unique<hidden>()} {
  const auto read_by_it = run_to_end({.program = "/usr/bin/docker-compose",
                                      .arguments = {"--file", "docker-compose.yml", "config"},
                                      .environment = std::move(secrets),
                                      .directory = HAULCAST_SOURCE_DIR},
                                     1min);
  must(read_by_it, "docker-compose config");
  file_->all = YAML::Load(read_by_it.out);
  int last = 1;
  for (const auto& each : file_->all["services"]) {
    const int pid = ::getpid();
    const auto service = each.first.as<std::string>();
    addresses_[service] =
        "127." + std::to_string(64 + pid / 250 % 128) + "." + std::to_string(pid % 250) + "." + std::to_string(++last);
    for (const auto& volume : each.second["volumes"]) {
      const auto name = volume.as<std::string>().substr(0, volume.as<std::string>().find(':'));
      if (name.starts_with('/')) continue;
      fs::create_directories(scratch_ / name);
      if (is_postgres(each.second)) give_to_postgres(scratch_ / name);
    }
    for (const auto& memory : each.second["tmpfs"]) {
      const auto made = scratch_.path() / service / memory.as<std::string>().substr(1);
      fs::create_directories(made);
      if (is_postgres(each.second)) give_to_postgres(made);
    }
  }
  fs::permissions(scratch_.path(), fs::perms::others_exec, fs::perm_options::add);
  put_programs();
}

composed::~composed() = default;

// What the images have in their PATH.
void composed::put_programs() {
  const auto programs = scratch_ / "programs";
  fs::create_directories(programs);
  fs::create_symlink(HAULCAST_BINARY, programs / "haulcast");
  for (const char* name : {"postgres", "initdb", "psql", "pg_isready"})
    fs::create_symlink(postgres_server::programs() / name, programs / name);
  for (const char* name : {"redis-server", "redis-cli"}) fs::create_symlink(fs::path{"/usr/bin"} / name, programs / name);
}

YAML::Node composed::of(const std::string& service) const { return file_->all["services"][service]; }

std::vector<std::string> composed::services() const {
  std::vector<std::string> ordered;
  while (ordered.size() < addresses_.size()) {
    const auto before = ordered.size();
    for (const auto& each : file_->all["services"]) {
      const auto has = [&](const std::string& name) { return std::ranges::find(ordered, name) != ordered.end(); };
      bool ready = !has(each.first.as<std::string>());
      for (const auto& needed : each.second["depends_on"]) ready = ready && has(needed.first.as<std::string>());
      if (ready) ordered.push_back(each.first.as<std::string>());
    }
    if (ordered.size() == before) throw std::runtime_error{"services depend on one another in a circle"};
  }
  return ordered;
}

std::string composed::mapped(const std::string& service, std::string text) const {
  for (const auto& [name, address] : addresses_) {
    for (const char* before : {"@", "//"}) {
      for (const char* after : {"/", ":"}) replace_all(text, before + name + after, before + address + after);
    }
  }
  for (const char* own : {"0.0.0.0", "127.0.0.1"}) replace_all(text, own, address(service));
  for (const auto& volume : of(service)["volumes"]) {
    const auto whole = volume.as<std::string>();
    const auto from = whole.substr(0, whole.find(':'));
    const auto to = whole.substr(from.size() + 1, whole.rfind(':') - from.size() - 1);
    if (!from.starts_with('/')) replace_all(text, to, scratch_ / from);
  }
  return text;
}

std::map<std::string, std::string> composed::environment(const std::string& service) const {
  std::map<std::string, std::string> all{{"PATH", (scratch_ / "programs").string() + ":/usr/bin:/bin"}};
  if (is_ours(of(service))) {
    std::istringstream given{instruction("ENV")};
    for (std::string pair; given >> pair;) all[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
  }
  for (const auto& each : of(service)["environment"]) all[each.first.as<std::string>()] = each.second.as<std::string>();
  for (auto& [name, value] : all) value = mapped(service, value);
  return all;
}

std::vector<std::string> composed::command(const std::string& service) const {
  std::vector<std::string> all;
  if (is_ours(of(service))) all = words(YAML::Load(instruction("ENTRYPOINT")));
  const auto given = of(service)["command"];
  for (const auto& word : words(given ? given : YAML::Load(instruction("CMD")))) all.push_back(mapped(service, word));
  const auto data = scratch_.path();
  if (all[0] == "postgres")  // where the image has it by itself
    all.insert(all.end(), {"-D", data / "postgres-data", "-c", "listen_addresses=" + address(service), "-c",
                           "unix_socket_directories=" + (data / service / "var/run/postgresql").string()});
  if (all[0] == "redis-server")
    all.insert(all.end(), {"--bind", address(service), "--protected-mode", "no", "--dir", data / "redis-data"});
  return all;
}

child_options composed::process(const std::string& service, const std::vector<std::string>& command) const {
  child_options how{.program = scratch_ / "programs" / command[0],
                    .arguments = {command.begin() + 1, command.end()},
                    .environment = environment(service),
                    .directory = scratch_.path(),
                    .stderr_file = scratch_ / (service + ".log")};
  return is_postgres(of(service)) ? postgres_server::as_its_user(std::move(how)) : how;
}

// As its image does at the first start.
void composed::make_database(const std::string& service) {
  const auto data = scratch_ / "postgres-data";
  if (fs::exists(data / "PG_VERSION")) return;
  const auto in = environment(service);
  const auto secret = scratch_ / "superuser";
  std::ofstream{secret} << in.at("POSTGRES_PASSWORD");
  give_to_postgres(secret);
  std::vector<std::string> initdb{"initdb", "--no-sync", "--username=postgres", "--pwfile=" + secret.string(), "-D", data};
  std::istringstream more{in.at("POSTGRES_INITDB_ARGS")};
  for (std::string word; more >> word;) initdb.push_back(word);
  must(run_to_end(process(service, initdb), 2min), "initdb");
  std::ofstream{data / "pg_hba.conf", std::ios::app} << "host all all all scram-sha-256\n";

  auto once = process(service, command(service));
  once.arguments.insert(once.arguments.end(), {"-c", "listen_addresses="});
  child_process server{once};
  auto by_socket = in;
  by_socket["PGHOST"] = scratch_ / service / "var/run/postgresql";
  const auto run = [&](child_options what) {
    what.environment = by_socket;
    return run_to_end(postgres_server::as_its_user(std::move(what)), 2min);
  };
  while (run({.program = scratch_ / "programs/pg_isready"}).exit.code != 0) {
    if (!server.running()) throw std::runtime_error{log(service)};
    std::this_thread::sleep_for(50ms);
  }
  must(run({.program = scratch_ / "programs/psql",
            .arguments = {"-U", "postgres", "-c", "CREATE DATABASE " + in.at("POSTGRES_DB")}}),
       "the database");
  for (const auto& volume : of(service)["volumes"]) {
    const auto whole = volume.as<std::string>();
    if (whole.find(":/docker-entrypoint-initdb.d/") == whole.npos) continue;
    const auto script = scratch_ / "init.sh";  // where `postgres` may read it
    fs::copy_file(whole.substr(0, whole.find(':')), script);
    must(run({.program = "/bin/bash", .arguments = {script}}), whole);
  }
  server.signal(SIGINT);
  server.wait(1min);
}

void composed::start(const std::string& service) {
  if (is_postgres(of(service))) make_database(service);
  for (const auto& needed : of(service)["depends_on"]) {
    if (needed.second["condition"].as<std::string>() == "service_healthy" && !healthy(needed.first.as<std::string>()))
      throw std::runtime_error{service + " is started before " + needed.first.as<std::string>() + " is healthy"};
  }
  running_[service] = std::make_unique<child_process>(process(service, command(service)));
}

child_outcome composed::run_in(const std::string& service, const std::string& command,
                               std::map<std::string, std::string> more) {
  auto in = environment(service);
  for (auto& [name, value] : more) in[name] = std::move(value);
  child_options how{.program = "/bin/sh", .arguments = {"-c", mapped(service, command)}, .environment = std::move(in)};
  return run_to_end(std::move(how), 1min);
}

bool composed::healthy(const std::string& service) {
  const auto check = of(service)["healthcheck"];
  auto test = words(check["test"]);
  if (test.empty() || test[0] == "NONE") return true;
  std::string line = test[1];
  if (test[0] == "CMD") {
    line.clear();
    for (auto word = test.begin() + 1; word != test.end(); ++word) line += "'" + *word + "' ";
  }
  return run_in(service, line).exit.code == 0;
}

bool composed::becomes_healthy(const std::string& service) {
  const auto check = of(service)["healthcheck"];
  const auto within = duration(check["start_period"]) + duration(check["interval"]) * check["retries"].as<int>(0);
  const auto limit = std::chrono::steady_clock::now() + within;
  while (!healthy(service)) {
    if (std::chrono::steady_clock::now() >= limit) return false;
    std::this_thread::sleep_for(100ms);
  }
  return true;
}

std::optional<child_exit> composed::stop(const std::string& service) {
  auto& process = *running_.at(service);
  process.signal(is_postgres(of(service)) ? SIGINT : SIGTERM);  // as their images say
  const auto ended = process.wait(duration(of(service)["stop_grace_period"]));
  running_.erase(service);
  return ended;
}

std::string composed::log(const std::string& service) const { return read(scratch_ / (service + ".log")); }

}  // namespace haulcast::support
