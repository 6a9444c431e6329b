#include "haulcast/base/token_buckets.hpp"

#include <algorithm>
#include <bit>
#include <new>

namespace haulcast {
namespace {

using std::chrono::nanoseconds;

constexpr double whole_burst_ns_max = static_cast<double>(std::int64_t{1} << 60);

std::int64_t ticks_of(token_buckets::time t) noexcept { return nanoseconds{t.time_since_epoch()}.count(); }

/// With `debt` missing from a full bucket.
bucket_level level_of(std::int64_t debt, const bucket_limit& limit) noexcept {
  const std::int64_t interval = limit.interval.count();
  const std::int64_t held = limit.burst * interval - debt;
  bucket_level level;
  level.tokens = std::max<std::int64_t>(held, 0) / interval;
  level.granted = level.tokens > 0;
  level.next = nanoseconds{level.granted ? 0 : interval - held};
  level.full = nanoseconds{debt};
  return level;
}

}  // namespace

bucket_limit bucket_limit::per_second(double tokens, std::size_t burst) noexcept {
  if (!(tokens > 0) || burst == 0) return {};
  const double longest = whole_burst_ns_max / static_cast<double>(burst);
  const auto interval = static_cast<std::int64_t>(std::min(1e9 / tokens, longest));
  return {nanoseconds{std::max<std::int64_t>(interval, 1)}, static_cast<std::int64_t>(burst)};
}

// Zeroed by the kernel page by page as it is used.
token_buckets::token_buckets(std::size_t capacity)
    : mask_{std::bit_ceil(std::max(capacity, ways)) / ways - 1}, memory_{std::calloc(mask_ + 2, sizeof(set))}, sets_{nullptr} {
  std::size_t room = (mask_ + 2) * sizeof(set);
  void* at = memory_.get();
  if (at == nullptr || std::align(alignof(set), (mask_ + 1) * sizeof(set), at, room) == nullptr) throw std::bad_alloc{};
  sets_ = static_cast<set*>(at);
}

/// The key's own bucket, or the one whose place it would take.
token_buckets::choice token_buckets::choose(set& in, std::uint64_t key) noexcept {
  for (bucket& b : in.buckets) {
    if (b.key == key && b.full_at != 0) return {b, true};
  }
  return {*std::ranges::min_element(in.buckets, {}, &bucket::full_at), false};
}

/// When it would be full if nothing were taken now. Another's may have had a slower rate, hence the bound.
std::int64_t token_buckets::choice::full_at(const bucket_limit& limit, std::int64_t now) const noexcept {
  if (own) return std::max(where.full_at, now);
  return std::clamp(where.full_at, now, now + limit.burst * limit.interval.count());
}

bucket_level token_buckets::look(std::uint64_t key, const bucket_limit& limit, time now) const noexcept {
  const std::int64_t at = ticks_of(now);
  return level_of(choose(set_of(key), key).full_at(limit, at) - at, limit);
}

bool token_buckets::is_empty(std::uint64_t key, const bucket_limit& limit, time now) const noexcept {
  const std::int64_t at = ticks_of(now);
  const choice chosen = choose(set_of(key), key);
  return chosen.own && !level_of(chosen.full_at(limit, at) - at, limit).granted;
}

bucket_level token_buckets::take(std::uint64_t key, const bucket_limit& limit, time now) {
  const bucket_level before = look(key, limit, now);
  return before.granted ? spend(key, limit, now) : before;
}

bucket_level token_buckets::spend(std::uint64_t key, const bucket_limit& limit, time now) {
  const std::int64_t at = ticks_of(now);
  const choice chosen = choose(set_of(key), key);
  const std::int64_t start = chosen.full_at(limit, at);
  if (chosen.where.full_at == 0) ++used_;
  if (!chosen.own && chosen.where.full_at > at) ++displaced_;
  chosen.where = {key, start + limit.interval.count()};
  bucket_level left = level_of(chosen.where.full_at - at, limit);
  left.granted = level_of(start - at, limit).granted;
  return left;
}

void token_buckets::give_back(std::uint64_t key, const bucket_limit& limit) noexcept {
  const choice chosen = choose(set_of(key), key);
  if (chosen.own) chosen.where.full_at = std::max<std::int64_t>(chosen.where.full_at - limit.interval.count(), 1);
}

}  // namespace haulcast
