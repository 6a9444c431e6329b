// Latencies of any number of requests in a fixed space, for percentiles.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace haulcast::client {

/// Buckets of 1/32 of their value, from 1 us to over an hour: a percentile is at most 3.2 % too high, the maximum exact. 8 KiB.
class latency_recorder {
 public:
  void observe(std::chrono::nanoseconds d) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  /// The least value that at least `p` (0-1) of them do not exceed; 0 when there are none.
  double percentile_ms(double p) const noexcept;
  double max_ms() const noexcept { return static_cast<double>(max_us_) / 1000; }

 private:
  static constexpr unsigned steps_log2 = 5;
  static constexpr std::size_t buckets = 32 << steps_log2;
  static std::size_t bucket_of(std::uint64_t us) noexcept;
  static std::uint64_t upper_us(std::size_t bucket) noexcept;

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_us_ = 0;
};

}  // namespace haulcast::client
