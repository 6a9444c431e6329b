// Asks a server whether it is ready: for container checks and scripts.
#pragma once

#include <iosfwd>
#include <string>

#include "haulcast/base/time.hpp"
#include "haulcast/client/base_url.hpp"

namespace haulcast::client {

struct health_options {
  std::string url = "http://127.0.0.1:8080";
  milliseconds time_out{3000};  // for the whole of it: connect, ask, answer
  trust_files believed{};
};

/// GET /readyz. Prints one line to `out`: "ready", or why not. Blocks. Returns the exit code: 0 ready, 1 not, 2 the address
/// cannot be.
int health(const health_options& options, std::ostream& out);

}  // namespace haulcast::client
