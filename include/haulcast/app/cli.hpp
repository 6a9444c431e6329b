// The command line: understands it, loads the configuration where one is needed, and runs one command.
#pragma once

#include <functional>
#include <iosfwd>

#include "haulcast/app/commands.hpp"
#include "haulcast/app/config.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::client {
struct health_options;
struct import_options;
struct replay_options;
struct simulate_options;
struct watch_options;
}  // namespace haulcast::client

namespace haulcast::app {

/// The long-running commands, handed in so that the command line can be tested without a server behind it.
struct command_runners {
  std::function<int(const config&)> serve;
  std::function<int(const config&, const verify_options&)> verify;
  std::function<int(const config&, const migrate_options&)> migrate;
  std::function<int(const client::simulate_options&)> simulate;
  std::function<int(const client::replay_options&)> replay;
  std::function<int(const client::import_options&)> import_geofences;
  std::function<int(const client::watch_options&)> watch;
  std::function<int(const client::health_options&)> health;
};

/// The process as the command line sees it.
struct surroundings {
  environment variables;
  utc_time now;       // in which tokens are issued
  std::ostream& out;  // what was asked for, and nothing else
  std::ostream& err;  // one line when something is wrong
};

/// Returns the exit code: wrong usage and wrong configuration are 2, with one line on `err`. What commands throw passes.
int run_command_line(int argc, const char* const* argv, const surroundings& here, const command_runners& run);

}  // namespace haulcast::app
