// docker-compose.yml without Docker: its services, as docker-compose reads them, as processes of this machine.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/temp_directory.hpp"

namespace YAML {
class Node;
}

namespace haulcast::support {

/// What a service is there: commands, environment, settings and health checks are the file's to the letter, but for these:
/// - a service's name as a host, and its own 0.0.0.0 and 127.0.0.1, become an address of its own in 127.0.0.0/8, where its
///   ports are its own too;
/// - volumes and mounted files become directories of the test's;
/// - what the images bring along is done here as they do it: haulcast's Dockerfile is read; PostgreSQL's makes a cluster and a
///   database, and runs the scripts that are mounted for that.
/// Not seen here: whether the images exist and start, read-only roots, dropped capabilities, networks.
class composed {
 public:
  /// `secrets`: what the file wants of the environment. Throws std::runtime_error where docker-compose refuses it.
  explicit composed(std::map<std::string, std::string> secrets);
  ~composed();
  composed(const composed&) = delete;
  composed& operator=(const composed&) = delete;

  /// The names of all services, each behind those that it depends on.
  std::vector<std::string> services() const;
  /// Starts one, and does what its image does before. Throws where it needs a healthy one that is not.
  void start(const std::string& service);
  /// Runs its health check once. True also for a service that has none.
  bool healthy(const std::string& service);
  /// For as long as it allows itself to come up.
  bool becomes_healthy(const std::string& service);
  /// As `docker-compose stop`: its signal, and in its grace period how it ended.
  std::optional<child_exit> stop(const std::string& service);

  /// Where it listens.
  const std::string& address(const std::string& service) const { return addresses_.at(service); }
  /// A program that the images bring along, run against a service, as its health check is.
  child_outcome run_in(const std::string& service, const std::string& command,
                       std::map<std::string, std::string> environment = {});
  std::string log(const std::string& service) const;

 private:
  struct hidden;
  YAML::Node of(const std::string& service) const;
  std::string mapped(const std::string& service, std::string text) const;
  std::map<std::string, std::string> environment(const std::string& service) const;
  std::vector<std::string> command(const std::string& service) const;
  child_options process(const std::string& service, const std::vector<std::string>& command) const;
  void make_database(const std::string& service);
  void put_programs();

  temp_directory scratch_;
  std::unique_ptr<hidden> file_;
  std::map<std::string, std::string> addresses_;
  std::map<std::string, std::unique_ptr<child_process>> running_;
};

}  // namespace haulcast::support
