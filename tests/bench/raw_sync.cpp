// What the disk alone does: appends groups of bytes to a new file, each forced to it before the next. With a rate the next one
// waits until it is due, asleep: a disk and a thread that have rested take longer than busy ones. Prints one line of JSON.
//   raw_sync FILE BYTES COUNT [CORE [GROUPS_A_SECOND]]
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "load/connection.hpp"
#include "load/process.hpp"

int main(int argc, char** argv) {
  using namespace haulcast::bench;
  using clock = std::chrono::steady_clock;
  if (argc < 4) {
    fmt::print(stderr, "raw_sync FILE BYTES COUNT [CORE [GROUPS_A_SECOND]]\n");
    return 2;
  }
  if (argc > 4) pin_to(std::atoi(argv[4]));
  const int file = ::open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  const std::string group(std::stoul(argv[2]), 'x');
  const double rate = argc > 5 ? std::atof(argv[5]) : 0;
  const std::chrono::duration<double> interval{rate > 0 ? 1 / rate : 0};
  latencies took;
  auto due = clock::now();
  for (long i = std::atol(argv[3]); i > 0; --i) {
    std::this_thread::sleep_until(due);  // in the past at once; what is late is not made up for
    due = std::max(clock::now(), due) + std::chrono::duration_cast<clock::duration>(interval);
    const auto begin = clock::now();
    const bool well = ::write(file, group.data(), group.size()) == static_cast<ssize_t>(group.size()) && ::fdatasync(file) == 0;
    if (!well) {
      fmt::print(stderr, "raw_sync: cannot append to {}\n", argv[1]);
      return 1;
    }
    took.add(std::chrono::duration<double, std::micro>(clock::now() - begin).count());
  }
  ::close(file);
  ::unlink(argv[1]);
  fmt::print("{{\"p50_us\":{:.1f},\"p99_us\":{:.1f}}}\n", took.quantile(0.5), took.quantile(0.99));
  return 0;
}
