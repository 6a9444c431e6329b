// A server under measurement: started, pinned to a core, its CPU read, stopped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace haulcast::bench {

/// CPU seconds (user and system) that a process has used, but for the thread that writes its store behind: nobody waits for
/// that, and it has figures of its own. 0 when it is gone. Resolution 10 ms.
double cpu_seconds(pid_t process);

/// The same of each of its threads, by their names; those of one name together.
std::map<std::string, double> cpu_of_threads(pid_t process);

/// The same of one process and of the children that it has waited for.
double cpu_with_ended_children(pid_t process);

/// Memory of a process that no file backs, in bytes: what it has taken for itself. 0 when it is gone.
double resident_bytes(pid_t process);
/// By anybody, to the disk that it lies on; 0: it lies on none that is known. What the kernel says of a process counts a whole
/// folio where a few bytes of it were changed.
double bytes_written_to_disk_of(const std::filesystem::path& file);

/// Pins the calling process to a core, if it may and the core exists.
void pin_to(int core);

/// Puts a process onto the loader's core, where it runs only when the loader does not want to: what is beside the server and no
/// part of it.
void put_aside(pid_t process);

/// As many descriptors as this user may have, for this process and its children.
void raise_descriptor_limit();

using environment = std::vector<std::pair<std::string, std::string>>;

/// The first line that a command printed on stdout. Throws std::runtime_error when it fails.
std::string output_of(const std::vector<std::string>& command, const environment& extra);

/// All that a command printed on stdout. Throws std::runtime_error when it fails.
std::string all_output_of(const std::vector<std::string>& command, const environment& extra);

/// A port on 127.0.0.1 that nobody listens on.
std::uint16_t free_port();

/// Kills every child that was started here and still lives: what waits for one of them fails then. From any thread.
void kill_children();

/// A child process that says "listening on http://127.0.0.1:PORT". Killed with its owner, and with this process
/// however that ends.
class server_process {
 public:
  /// Returns when it is ready: it says so, or, where the port it will listen on is known before, takes a connection. Its stderr
  /// goes to `log`. Throws std::runtime_error when it is not ready within 120 s.
  server_process(const std::vector<std::string>& command, const environment& extra, const std::string& log,
                 std::uint16_t known_port = 0);
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  ~server_process();

  pid_t id() const { return child_; }
  std::uint16_t port() const { return port_; }
  double ready_s() const { return ready_s_; }          // from fork to the line
  double ready_cpu_s() const { return ready_cpu_s_; }  // CPU it used until then

  void kill();  // SIGKILL

 private:
  void await_line(const std::string& what, const std::string& log);
  void await_connection(const std::string& what, const std::string& log);
  void reap();

  pid_t child_ = -1;
  int output_ = -1;
  std::uint16_t port_ = 0;
  double ready_s_ = 0;
  double ready_cpu_s_ = 0;
};

}  // namespace haulcast::bench
