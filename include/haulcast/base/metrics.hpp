// Plain numbers that the owning thread changes and a scrape reads: no atomics, no locks, no look-ups.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace haulcast {

/// A distribution over fixed upper bounds (the last bucket is +Inf). Owned and read by one thread. O(log buckets) an
/// observation.
template <std::size_t N>
class histogram {
 public:
  explicit constexpr histogram(const std::array<double, N>& upper_bounds) : bounds_{upper_bounds} {}

  void observe(double value, std::uint64_t times = 1) noexcept {
    const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(at)] += times;
    sum_ += value * static_cast<double>(times);
  }

  std::span<const double> bounds() const noexcept { return bounds_; }
  std::span<const std::uint64_t> counts() const noexcept { return counts_; }  // one more than bounds
  double sum() const noexcept { return sum_; }

 private:
  std::array<double, N> bounds_;
  std::array<std::uint64_t, N + 1> counts_{};
  double sum_ = 0;
};

/// Latencies from 50 us to 10 s, in seconds as Prometheus wants them.
inline constexpr std::array<double, 16> latency_bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                       0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};
using latency_histogram = histogram<latency_bounds.size()>;

inline double to_seconds(std::chrono::steady_clock::duration d) noexcept { return std::chrono::duration<double>(d).count(); }

}  // namespace haulcast
