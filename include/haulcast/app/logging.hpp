// Where log lines go: through a bounded queue to a thread of their own, which writes them to stderr.
#pragma once

#include <cstdint>
#include <string>

namespace haulcast::app {

struct log_options {
  std::string level = "info";      // trace, debug, info, warn, error, off
  std::string format = "console";  // or "json"
};

/// Every spdlog::info() and so on in the process goes through it from now on. Writing a line never waits for stderr: at most
/// 8,192 lines wait, and when a reader of stderr is too slow the oldest of them are lost and counted. Called before there are
/// other threads; may be called again, then lines of before are written first. Throws spdlog::spdlog_ex when no thread can be
/// had.
void start_logging(const log_options& options);

/// Writes what waits and ends the thread. Logging after it does nothing. Blocks as long as stderr does.
void stop_logging();

/// Lines lost since the process started. Any thread, between start and stop.
std::uint64_t log_overruns();

}  // namespace haulcast::app
