#include "mutants/rigged.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "haulcast/base/failpoint.hpp"
#include "haulcast/journal/checkpoints.hpp"

namespace haulcast {

namespace {

std::string_view from_environment(const char* name) {
  const char* const given = std::getenv(name);
  return given == nullptr ? "" : given;
}

// HAULCAST_FAILPOINT=commit_written:17: dies when that place is passed the 17th time.
struct armed_failpoint {
  std::string_view name;
  std::uint64_t pass = 0;

  armed_failpoint() {
    const std::string_view text = from_environment("HAULCAST_FAILPOINT");
    const auto colon = text.find(':');
    if (colon == text.npos) return;
    name = text.substr(0, colon);
    pass = std::strtoull(text.data() + colon + 1, nullptr, 10);
  }
};

}  // namespace

void pass(failpoint here) {
  static const armed_failpoint armed;
  static std::atomic<std::uint64_t> passes{0};
  if (armed.pass == 0 || failpoint_names[static_cast<std::size_t>(here)] != armed.name) return;
  if (++passes == armed.pass) ::kill(::getpid(), SIGKILL);
}

namespace rigged {

bool is_mutant(std::string_view name) {
  static const std::string_view awake = from_environment("HAULCAST_MUTANT");
  return awake == name;
}

int store_checkpoints(std::string_view directory) {
  auto all = journal::checkpoints::open(directory, "rigged", {"consumer"});
  for (journal::offset_t offset = 1; all; ++offset) {
    if (const auto stored = all->store("consumer", offset); !stored) break;
    std::printf("%llu\n", static_cast<unsigned long long>(offset));
    std::fflush(stdout);
  }
  return EXIT_FAILURE;
}

}  // namespace rigged

}  // namespace haulcast
