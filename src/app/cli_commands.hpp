// What the files of the command line share. The only header that knows CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>
#include <string>

#include "haulcast/app/cli.hpp"

namespace haulcast::app {

/// One run of the command line. Parsing chooses what to do; it is done afterwards.
struct cli_run {
  const surroundings& here;
  const command_runners& run;
  std::function<int()> chosen = {};

  /// Prints the one line and hands the code through.
  int refuse(const std::string& why, int code = exit_wrong_usage) const {
    here.err << "haulcast: " << why << '\n';
    return code;
  }
};

/// --config FILE, also as HAULCAST_CONFIG.
void add_config_option(CLI::App& command, std::string& file);
result<config> load_config_of(const std::string& file, const surroundings& here);

/// A span of time with its unit, such as 24h.
CLI::Option* add_duration_option(CLI::App& command, const std::string& name, std::function<void(milliseconds)> set,
                                 const std::string& help);
std::function<void(milliseconds)> into(milliseconds& target);

/// api-key create, list, revoke.
void add_api_key_commands(CLI::App& app, cli_run& cli);

/// simulate, replay, watch, health.
void add_client_commands(CLI::App& app, cli_run& cli);

}  // namespace haulcast::app
