// What a process holds, again and again, and whether that grows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace haulcast::support {

struct holdings {
  double resident_mib = 0;
  double anonymous_mib = 0;  // of it what no file backs: the process's own
  double descriptors = 0;
  double threads = 0;
};

/// Each the median of some readings within half a second: a server under load breathes. All 0 when the process is gone.
holdings holdings_of(int pid);
double descriptors_of(int pid);

/// The mean of the first samples of a series against that of the last ones.
struct trend {
  double first = 0;
  double last = 0;
  double allowed = 0;  // how much `last` may be above `first`

  bool flat() const noexcept { return last <= first + allowed; }
  std::string to_string() const;
};

/// Both sides are a third of the series or less: whole periods, so that what each fault leaves behind counts on both.
/// `allowed`: the larger of this share of the first side, and of `at_least`.
trend trend_of(const std::vector<double>& series, std::size_t period, double share, double at_least);

}  // namespace haulcast::support
