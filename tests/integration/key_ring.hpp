// API keys for a server that is still to be started, made by the command as an operator makes them.
#pragma once

#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/server.hpp"
#include "support/temp_directory.hpp"

namespace haulcast::support {

class key_ring {
 public:
  std::filesystem::path file() const { return directory_ / "keys.json"; }
  /// Of a server that believes these keys.
  server_options options() const {
    return {.environment = {{"HAULCAST_AUTH__API_KEYS", file().string()}, {"HAULCAST_LOG__LEVEL", "trace"}}};
  }

  child_outcome run(std::vector<std::string> words) const {
    child_options o;
    o.program = HAULCAST_BINARY;
    o.arguments = {"api-key"};
    o.arguments.insert(o.arguments.end(), words.begin(), words.end());
    o.environment = {{"HAULCAST_AUTH__API_KEYS", file().string()}};
    o.directory = directory_.path();
    return run_to_end(o, std::chrono::seconds{60});
  }

  /// The key of that name and role, with a scope of its own: truck TRK-1, customer C-1, merchant M-1.
  std::string make(const std::string& name, const std::string& role, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"create", "--name", name, "--role", role};
    if (role == "driver") words.insert(words.end(), {"--truck", "TRK-1"});
    if (role == "customer") words.insert(words.end(), {"--customer", "C-1"});
    if (role == "merchant") words.insert(words.end(), {"--merchant", "M-1"});
    words.insert(words.end(), more.begin(), more.end());
    const auto made = run(words);
    if (made.exit.code != 0 || made.out.empty()) throw std::runtime_error{"no API key: " + made.err};
    return made.out.substr(0, made.out.size() - 1);
  }

 private:
  temp_directory directory_;
};

}  // namespace haulcast::support
