#include "haulcast/client/latency_recorder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace haulcast::client {

// Below 2^steps_log2 each value has a bucket; above, each power of two is cut into 2^steps_log2 of them.
std::size_t latency_recorder::bucket_of(std::uint64_t us) noexcept {
  constexpr std::uint64_t first = std::uint64_t{1} << steps_log2;
  if (us < first) return static_cast<std::size_t>(us);
  const auto power = static_cast<unsigned>(std::bit_width(us)) - 1;
  const unsigned shift = power - steps_log2;
  const std::size_t bucket = ((shift + std::size_t{1}) << steps_log2) + static_cast<std::size_t>((us >> shift) - first);
  return std::min(bucket, buckets - 1);
}

std::uint64_t latency_recorder::upper_us(std::size_t bucket) noexcept {
  constexpr std::uint64_t first = std::uint64_t{1} << steps_log2;
  if (bucket < first) return bucket;
  const std::size_t shift = (bucket >> steps_log2) - 1;
  const std::uint64_t low = (first + (bucket & (first - 1))) << shift;
  return low + (std::uint64_t{1} << shift) - 1;
}

void latency_recorder::observe(std::chrono::nanoseconds d) noexcept {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, d.count() / 1000));
  ++counts_[bucket_of(us)];
  ++count_;
  max_us_ = std::max(max_us_, us);
}

double latency_recorder::percentile_ms(double p) const noexcept {
  if (count_ == 0) return 0;
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(p * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return static_cast<double>(std::min(upper_us(i), max_us_)) / 1000;
  }
  return max_ms();
}

}  // namespace haulcast::client
