// One log record as one line of text, whatever its message holds.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace haulcast::app {

struct log_record {
  std::chrono::system_clock::time_point time;
  std::string_view level;
  std::string_view message;  // any bytes
};

/// `2026-11-20T05:45:00.123Z info  message`. Control characters come out as \n, \x1b and so on, so that a message can neither
/// begin a second line nor command a terminal. Bytes above 0x7F pass.
std::string to_console_line(const log_record& record);

/// `{"time":"2026-11-20T05:45:00.123Z","level":"info","message":"..."}`, always valid JSON: what is not UTF-8 becomes U+FFFD.
std::string to_json_line(const log_record& record);

}  // namespace haulcast::app
