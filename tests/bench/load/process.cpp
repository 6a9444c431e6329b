#include "load/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "load/connection.hpp"

namespace haulcast::bench {
namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point begin) { return std::chrono::duration<double>(clock::now() - begin).count(); }

/// Children that were not waited for yet.
class living_children {
 public:
  void add(pid_t child) {
    const std::lock_guard lock{mutex_};
    all_.insert(child);
  }
  /// Waits for it too: until then its number is not given to another process.
  int reap(pid_t child) {
    int status = 0;
    {
      siginfo_t ended{};
      ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
    }
    const std::lock_guard lock{mutex_};
    ::waitpid(child, &status, 0);
    all_.erase(child);
    return status;
  }
  void kill() {
    const std::lock_guard lock{mutex_};
    for (const pid_t child : all_) ::kill(child, SIGKILL);
  }

 private:
  std::mutex mutex_;
  std::set<pid_t> all_;
};
living_children children;

/// The child's side of a fork: never returns.
[[noreturn]] void become(const std::vector<std::string>& command, const environment& extra, int output, const std::string& log,
                         int core) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  if (const int to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644); to >= 0) ::dup2(to, STDERR_FILENO);
  if (core >= 0) pin_to(core);
  for (const auto& [name, value] : extra) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

struct child_and_output {
  pid_t child;
  int output;
};

child_and_output start(const std::vector<std::string>& command, const environment& extra, const std::string& log, int core) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"cannot make a pipe"};
  const pid_t child = ::fork();
  if (child == 0) become(command, extra, ends[1], log, core);
  ::close(ends[1]);
  if (child < 0) throw std::runtime_error{"cannot start " + command[0]};
  children.add(child);
  return {child, ends[0]};
}

/// The first line, or what there is of it when the writer leaves or `timeout` passes.
std::string first_line(int from, std::chrono::seconds timeout) {
  std::string line;
  const auto begin = clock::now();
  while (clock::now() - begin < timeout) {
    pollfd entry{.fd = from, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 100) <= 0) continue;
    char next = 0;
    if (::read(from, &next, 1) != 1 || next == '\n') break;
    line += next;
  }
  return line;
}

void pin(pid_t process, int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  ::sched_setaffinity(process, sizeof cores, &cores);
}

struct cpu_used {
  double itself = 0;
  double ended_children = 0;
};

// Of a process or a thread, as its stat says.
cpu_used cpu_in(const std::filesystem::path& stat) {
  std::ifstream in{stat};
  std::string text;
  if (!std::getline(in, text)) return {};
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // the state and all before utime
  std::array<double, 4> ticks{};                   // user and system, then the same of children
  for (double& each : ticks) fields >> each;
  const auto a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return {.itself = (ticks[0] + ticks[1]) / a_second, .ended_children = (ticks[2] + ticks[3]) / a_second};
}

}  // namespace

double cpu_seconds(pid_t process) {
  const auto threads = cpu_of_threads(process);
  const auto store = threads.find("store");
  return cpu_in(fmt::format("/proc/{}/stat", process)).itself - (store == threads.end() ? 0 : store->second);
}

std::map<std::string, double> cpu_of_threads(pid_t process) {
  std::map<std::string, double> used;
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", process), gone}) {
    std::string name;
    std::getline(std::ifstream{thread.path() / "comm"} >> std::ws, name);
    used[name] += cpu_in(thread.path() / "stat").itself;
  }
  return used;
}

double cpu_with_ended_children(pid_t process) {
  const auto used = cpu_in(fmt::format("/proc/{}/stat", process));
  return used.itself + used.ended_children;
}

double resident_bytes(pid_t process) {
  std::ifstream in{fmt::format("/proc/{}/status", process)};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) * 1024;
  }
  return 0;
}

double bytes_written_to_disk_of(const std::filesystem::path& file) {
  struct stat of {};
  if (::stat(file.c_str(), &of) != 0) return 0;
  std::ifstream in{fmt::format("/sys/dev/block/{}:{}/stat", major(of.st_dev), minor(of.st_dev))};
  double sectors = 0;
  for (int i = 0; i < 7; ++i) in >> sectors;
  return sectors * 512;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof address);
  socklen_t size = sizeof generic;
  const bool bound = ::bind(socket, &generic, size) == 0 && ::getsockname(socket, &generic, &size) == 0;
  ::close(socket);
  if (!bound) throw std::runtime_error{"no port is free"};
  std::memcpy(&address, &generic, sizeof address);
  return ntohs(address.sin_port);
}

void pin_to(int core) { pin(0, core); }

void put_aside(pid_t process) {
  pin(process, 1);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(process), 19);
}

void kill_children() { children.kill(); }

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string all_output_of(const std::vector<std::string>& command, const environment& extra) {
  const auto [child, output] = start(command, extra, "/dev/null", -1);
  std::string all;
  std::array<char, 4096> chunk;
  for (ssize_t got = 0; (got = ::read(output, chunk.data(), chunk.size())) > 0;) {
    all.append(chunk.data(), static_cast<std::size_t>(got));
  }
  ::close(output);
  const int status = children.reap(child);
  if (status != 0 || all.empty()) throw std::runtime_error{"failed: " + command[0] + " " + command[1]};
  return all;
}

std::string output_of(const std::vector<std::string>& command, const environment& extra) {
  const auto all = all_output_of(command, extra);
  return all.substr(0, all.find('\n'));
}

server_process::server_process(const std::vector<std::string>& command, const environment& extra, const std::string& log,
                               std::uint16_t known_port)
    : port_{known_port} {
  const auto begin = clock::now();
  const auto started = start(command, extra, log, 0);
  child_ = started.child;
  output_ = started.output;
  if (known_port == 0) {
    await_line(command[0], log);
  } else {
    await_connection(command[0], log);
  }
  ready_s_ = seconds_since(begin);
  ready_cpu_s_ = cpu_seconds(child_);
}

void server_process::await_line(const std::string& what, const std::string& log) {
  const auto line = first_line(output_, std::chrono::seconds{120});
  const auto colon = line.rfind(':');
  if (!line.starts_with("listening on ") || colon == line.npos) {
    reap();
    throw std::runtime_error{what + " was not ready; see " + log};
  }
  port_ = static_cast<std::uint16_t>(std::stoi(line.substr(colon + 1)));
}

void server_process::await_connection(const std::string& what, const std::string& log) {
  for (int i = 0; i < 1000; ++i) {
    try {
      const connection there{port_};
      return;
    } catch (const std::runtime_error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }
  reap();
  throw std::runtime_error{what + " was not ready; see " + log};
}

server_process::~server_process() { kill(); }

void server_process::kill() { reap(); }

void server_process::reap() {
  if (child_ >= 0) {
    ::kill(child_, SIGKILL);
    children.reap(std::exchange(child_, -1));
  }
  if (output_ >= 0) ::close(std::exchange(output_, -1));
}

}  // namespace haulcast::bench
