// A server under measurement: started, pinned to a core, its CPU read, stopped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace haulcast::bench {

/// CPU seconds (user and system, all threads) that a process has used; 0 when it is gone. Resolution 10 ms.
double cpu_seconds(pid_t process);

/// Pins the calling process to a core, if it may and the core exists.
void pin_to(int core);

/// As many descriptors as this user may have, for this process and its children.
void raise_descriptor_limit();

using environment = std::vector<std::pair<std::string, std::string>>;

/// What a command printed on stdout, without the last newline. Throws std::runtime_error when it fails.
std::string output_of(const std::vector<std::string>& command, const environment& extra);

/// A child process that says "listening on http://127.0.0.1:PORT". Killed with its owner.
class server_process {
 public:
  /// Returns when it is ready. Its stderr goes to `log`. Throws std::runtime_error when it is not ready within 120 s.
  server_process(const std::vector<std::string>& command, const environment& extra, const std::string& log);
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  ~server_process();

  pid_t id() const { return child_; }
  std::uint16_t port() const { return port_; }
  double ready_s() const { return ready_s_; }          // from fork to the line
  double ready_cpu_s() const { return ready_cpu_s_; }  // CPU it used until then

  void kill();       // SIGKILL
  void terminate();  // SIGTERM, SIGKILL after 15 s

 private:
  void reap();

  pid_t child_ = -1;
  int output_ = -1;
  std::uint16_t port_ = 0;
  double ready_s_ = 0;
  double ready_cpu_s_ = 0;
};

}  // namespace haulcast::bench
