// A program run by a test: what it prints, how it ends.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace haulcast::support {

struct child_options {
  std::filesystem::path program;
  std::vector<std::string> arguments;              // without the program's name
  std::map<std::string, std::string> environment;  // added to this process's own; an empty value removes
  std::filesystem::path directory;                 // to run in; empty: this one's
  std::filesystem::path stderr_file;               // appended to; empty: this process's stderr
};

struct child_exit {
  int code = -1;   // of exit(); -1 when a signal ended it
  int signal = 0;  // that ended it; 0: none
};

/// Starts at construction (throws std::system_error when it cannot). It dies with the test process, however that ends;
/// destroying it kills and waits. Not thread-safe, but signal() may come from another thread while wait() runs.
class child_process {
 public:
  explicit child_process(const child_options& options);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// The next line of its stdout without the line's end; nothing when none came in time or it closed stdout.
  std::optional<std::string> read_line(std::chrono::milliseconds within);
  /// All that is left of its stdout, until it closes it or the time is over.
  std::string read_all(std::chrono::milliseconds within);

  void signal(int number);
  /// How it ended; nothing while it still runs after that time. May be called again.
  std::optional<child_exit> wait(std::chrono::milliseconds within);
  bool running();
  int pid() const noexcept { return pid_; }

 private:
  bool read_some(std::chrono::steady_clock::time_point limit);

  int pid_ = -1;
  int stdout_ = -1;
  std::string unread_;
  std::optional<child_exit> ended_;
};

/// Runs a program to its end. Throws std::runtime_error when it takes longer.
struct child_outcome {
  child_exit exit;
  std::string out, err;
};
child_outcome run_to_end(child_options options, std::chrono::milliseconds within = std::chrono::seconds{30});

}  // namespace haulcast::support
