// `haulcast serve` as a child process, with a data directory of its own.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "haulcast/client/base_url.hpp"
#include "haulcast/client/http_client.hpp"
#include "haulcast/client/ws_client.hpp"
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"
#include "support/token.hpp"

namespace haulcast::support {

struct json_answer {
  unsigned status = 0;
  client::http_response raw;  // headers and body as they came
  nlohmann::json body;        // discarded() when it is no JSON
};

/// Asks one server as one caller. Throws std::runtime_error when no answer comes: in a test that is a failure.
class api {
 public:
  api(client::base_url server, std::string token);
  json_answer get(std::string_view target, client::http_headers headers = {});
  json_answer post(std::string_view target, const nlohmann::json& body, client::http_headers headers = {});
  json_answer post_text(std::string_view target, std::string body, client::http_headers headers = {});
  json_answer put(std::string_view target, const nlohmann::json& body, client::http_headers headers = {});
  json_answer put_text(std::string_view target, std::string body, client::http_headers headers = {});
  json_answer remove(std::string_view target, client::http_headers headers = {});
  json_answer send(const client::http_request& request);

 private:
  json_answer ask(std::string method, std::string_view target, std::string body, client::http_headers headers);

  client::http_client client_;
};

struct server_options {
  std::filesystem::path binary;                    // empty: the one that was built with these tests
  std::map<std::string, std::string> environment;  // HAULCAST_SECTION__KEY and others
  std::vector<std::string> arguments;              // after "serve"
  client::trust_files believed;                    // for one that speaks TLS
  std::chrono::milliseconds ready_within{30'000};
};

/// Starts at construction and is ready then; throws std::runtime_error with what it wrote to stderr when it does not become so.
/// The address is a free port of 127.0.0.1, the same after a restart. With HAULCAST_TEST_TLS in the test's environment it
/// speaks TLS, with a certificate that base() believes, unless it was given one.
class server {
 public:
  explicit server(server_options options = {});

  std::string url() const;
  const client::base_url& base() const noexcept { return base_; }
  const std::filesystem::path& data_dir() const noexcept { return data_dir_; }
  static std::string_view secret() noexcept { return "integration-tests-sign-with-this-secret"; }
  std::string token(std::string role = "admin", std::vector<std::string> trucks = {}) const;
  api as(std::string role = "admin", std::vector<std::string> trucks = {}) const;
  client::ws_client ws(std::string role = "admin", std::vector<std::string> trucks = {}, client::ws_options options = {}) const;

  child_process& process() { return *process_; }
  bool running() { return process_ && process_->running(); }
  /// SIGTERM, and how it ended; SIGKILL when it does not end in time (then signal is 9).
  child_exit stop(std::chrono::milliseconds within = std::chrono::seconds{15});
  /// SIGKILL, as `kill -9`.
  void kill();
  /// Starts again after stop() or kill(), with the same data and port. Changed options hold from now on.
  void start();
  /// The two halves of start(): the process is there; it has said that it listens, or std::runtime_error is thrown.
  void spawn();
  void await_listening();
  void restart(std::chrono::milliseconds within = std::chrono::seconds{15});
  server_options& options() noexcept { return options_; }

  /// Everything that it has written to stderr since the first start.
  std::string log() const;

 private:
  void speak_tls();

  server_options options_;
  temp_directory scratch_;
  std::filesystem::path data_dir_;
  client::base_url base_;  // port empty before the first start
  std::unique_ptr<child_process> process_;
};

}  // namespace haulcast::support
