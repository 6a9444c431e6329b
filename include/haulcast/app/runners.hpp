// The commands behind the command line, as the program has them.
#pragma once

#include "haulcast/app/cli.hpp"

namespace haulcast::app {

/// What they print goes to stdout, what troubles them to stderr. serve and verify log; the clients do not.
command_runners real_commands();

}  // namespace haulcast::app
