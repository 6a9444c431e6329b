#include "support/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <deque>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "support/temp_directory.hpp"

extern char** environ;

namespace haulcast::support {
namespace {

using std::chrono::steady_clock;

/// PR_SET_PDEATHSIG fires when the *thread* that forked ends. Children are therefore forked by one thread that lives as long as
/// the process; else a server restarted by a helper thread of a test would die with that thread.
class spawner {
 public:
  static int run(const std::function<int()>& fork_one) {
    static auto* const forever = new spawner;
    std::packaged_task<int()> task{fork_one};
    auto done = task.get_future();
    {
      const std::lock_guard lock{forever->mutex_};
      forever->tasks_.push_back(std::move(task));
    }
    forever->more_.notify_one();
    return done.get();
  }

 private:
  spawner() {
    std::thread{[this] { serve(); }}.detach();
  }
  [[noreturn]] void serve() {
    for (;;) {
      std::unique_lock lock{mutex_};
      more_.wait(lock, [this] { return !tasks_.empty(); });
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::packaged_task<int()>> tasks_;
};

[[noreturn]] void failed(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> all;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry{*e};
    if (!changes.contains(entry.substr(0, entry.find('=')))) all.push_back(entry);
  }
  for (const auto& [name, value] : changes)
    if (!value.empty()) all.push_back(name + '=' + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// Between fork and exec only what is safe in a signal handler.
[[noreturn]] void become(const char* program, char** arguments, char** environment, const char* directory,
                         const char* stderr_file, int out, int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(out, STDOUT_FILENO);
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, STDIN_FILENO);
  if (*stderr_file != '\0') {
    const int err = ::open(stderr_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(err, STDERR_FILENO);
  }
  if (*directory != '\0' && ::chdir(directory) != 0) ::_exit(127);
  ::execve(program, arguments, environment);
  ::_exit(127);
}

int milliseconds_until(steady_clock::time_point limit) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

}  // namespace

child_process::child_process(const child_options& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) failed("pipe2");
  const std::string program = options.program.string();
  const std::string directory = options.directory.string();
  const std::string stderr_file = options.stderr_file.string();
  std::vector<std::string> arguments{program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  auto environment = environment_with(options.environment);
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  const int parent = ::getpid();
  pid_ = spawner::run([&] {
    const int child = ::fork();
    if (child == 0)
      become(program.c_str(), const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), directory.c_str(),
             stderr_file.c_str(), ends[1], parent);
    return child;
  });
  ::close(ends[1]);
  stdout_ = ends[0];
  if (pid_ < 0) {
    ::close(stdout_);
    failed("fork");
  }
}

child_process::~child_process() {
  if (running()) {
    signal(SIGKILL);
    wait(std::chrono::seconds{10});
  }
  ::close(stdout_);
}

bool child_process::read_some(steady_clock::time_point limit) {
  pollfd waiting{stdout_, POLLIN, 0};
  if (::poll(&waiting, 1, milliseconds_until(limit)) <= 0) return false;
  char bytes[4096];
  const auto got = ::read(stdout_, bytes, sizeof bytes);
  if (got <= 0) return false;
  unread_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> child_process::read_line(std::chrono::milliseconds within) {
  const auto limit = steady_clock::now() + within;
  std::size_t end;
  while ((end = unread_.find('\n')) == std::string::npos)
    if (!read_some(limit)) return std::nullopt;
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

std::string child_process::read_all(std::chrono::milliseconds within) {
  const auto limit = steady_clock::now() + within;
  while (read_some(limit)) {
  }
  return std::exchange(unread_, {});
}

void child_process::signal(int number) {
  if (!ended_) ::kill(pid_, number);
}

std::optional<child_exit> child_process::wait(std::chrono::milliseconds within) {
  const auto limit = steady_clock::now() + within;
  while (!ended_) {
    int status = 0;
    const int got = ::waitpid(pid_, &status, WNOHANG);
    if (got == pid_) {
      ended_ = WIFEXITED(status) ? child_exit{WEXITSTATUS(status), 0} : child_exit{-1, WTERMSIG(status)};
    } else if (got < 0) {
      ended_ = child_exit{};
    } else if (steady_clock::now() >= limit) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
  return ended_;
}

bool child_process::running() { return !wait(std::chrono::milliseconds{0}); }

child_outcome run_to_end(child_options options, std::chrono::milliseconds within) {
  const temp_directory scratch;
  options.stderr_file = scratch / "stderr";
  child_process child{options};
  const auto limit = steady_clock::now() + within;
  child_outcome outcome;
  outcome.out = child.read_all(within);
  const auto exit = child.wait(std::chrono::ceil<std::chrono::milliseconds>(limit - steady_clock::now()));
  std::ifstream err{options.stderr_file, std::ios::binary};
  outcome.err.assign(std::istreambuf_iterator<char>{err}, {});
  if (!exit) throw std::runtime_error{options.program.string() + " did not end in time: " + outcome.err};
  outcome.exit = *exit;
  return outcome;
}

}  // namespace haulcast::support
