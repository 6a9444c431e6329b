// How long pieces of work held the thread they ran on.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>

#include "haulcast/base/metrics.hpp"

namespace haulcast {

/// In seconds. The CPU time is what the work takes; the wall clock runs on while the machine gives the core to somebody else.
struct hold_metrics {
  latency_histogram cpu{latency_bounds};
  double longest_cpu = 0;
  double longest_wall = 0;
};

/// Adds one piece of work, from here to the end of the scope. About 0.5 us.
class hold {
 public:
  explicit hold(hold_metrics& to) noexcept : to_{to} {}
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;
  ~hold() {
    const double cpu = thread_cpu() - cpu_;
    to_.cpu.observe(cpu);
    to_.longest_cpu = std::max(to_.longest_cpu, cpu);
    to_.longest_wall = std::max(to_.longest_wall, to_seconds(std::chrono::steady_clock::now() - wall_));
  }

 private:
  static double thread_cpu() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }

  hold_metrics& to_;
  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
  double cpu_ = thread_cpu();
};

}  // namespace haulcast
