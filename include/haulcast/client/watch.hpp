// Follows the live channel in a terminal.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "haulcast/base/time.hpp"
#include "haulcast/client/base_url.hpp"

namespace haulcast::client {

struct watch_options {
  std::string url = "http://127.0.0.1:8080";  // a path before /v1 is kept
  trust_files believed;
  std::string token;
  std::vector<std::string> trucks;  // none: all of them, which only an admin may
  bool events = false;              // print events too
  double max_rate_hz = 0;           // of position frames, 0.01-50; 0: every one
  bool terminal = false;            // one line per truck kept up to date; else a line per update (see terminal.hpp)
  bool colour = false;
  std::size_t rows = 0;                // on a terminal: trucks shown at most, the newest first; 0: as many as fit
  std::size_t stop_after = 0;          // lines (positions and events) until it ends by itself; 0: never
  milliseconds reconnect_max{10'000};  // longest pause between two attempts to connect
};

/// Blocks until SIGINT or SIGTERM; runs an event loop of its own. A lost connection is taken up again with back-off, and events
/// that were missed meanwhile follow (`since`). Updates go to `out`, what happens to the connection to `err`. Returns the exit
/// code: 0 stopped as asked, 1 the token was refused or has expired, 2 options that cannot be.
int watch(const watch_options& options, std::ostream& out, std::ostream& err);

}  // namespace haulcast::client
