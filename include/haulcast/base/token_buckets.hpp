// How often each of many may do something: token buckets in a table of fixed size.
//
// A bucket is one moment, when it will be full again: the generic cell rate algorithm as virtual scheduling (ITU-T I.371, annex
// A, where that moment is the theoretical arrival time less one interval). With an interval T in which a token comes, and b
// tokens in a full bucket, it holds (b T - (full_at - now)) / T tokens, and taking one moves full_at by T. Nothing ticks, and a
// bucket whose moment has passed is as good as none.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "haulcast/base/prefetch.hpp"

namespace haulcast {

/// One token each `interval`, at most `burst` of them saved up.
struct bucket_limit {
  std::chrono::nanoseconds interval{0};
  std::int64_t burst = 0;

  /// Off when either is 0. Slow rates are bounded so that a whole burst takes at most 36 years.
  static bucket_limit per_second(double tokens, std::size_t burst) noexcept;
  bool is_on() const noexcept { return interval.count() > 0 && burst > 0; }
};

struct bucket_level {
  bool granted = false;              // there was one; of take() and spend(): it is taken
  std::int64_t tokens = 0;           // whole ones left
  std::chrono::nanoseconds next{0};  // until there is one; 0: there is
  std::chrono::nanoseconds full{0};  // until there are all
};

/// Keyed by hashes under a key that strangers do not know (siphash.hpp), at most `capacity` buckets (rounded up to a power of
/// two), 16 bytes each, whose memory comes with use. A bucket lies in one of the eight places of its set: O(1), two cache
/// lines, never an allocation after construction. `now` is the steady clock's and given by the caller. One thread.
///
/// **When a set is full**, a newcomer takes the place of the fullest of its eight buckets, and what that one holds (as in the
/// Space-Saving sketch, where a newcomer takes a counter with its count). A bucket that is full again, which nobody misses,
/// goes first therefore; a newcomer is never worse off than with an empty bucket of its own. Else
/// - it never fails open: whoever makes keys without end gets what `capacity` buckets hold and refill, all keys together;
/// - it never fails closed for everybody: more keys than buckets share what the buckets refill.
class token_buckets {
 public:
  using time = std::chrono::steady_clock::time_point;

  explicit token_buckets(std::size_t capacity);

  void prefetch(std::uint64_t key) const noexcept { haulcast::prefetch(&set_of(key), sizeof(set)); }

  /// What there is for `key`. Changes nothing.
  bucket_level look(std::uint64_t key, const bucket_limit& limit, time now) const noexcept;
  /// Whether `key` has a bucket of its own that is empty: a newcomer has not, whatever others have done.
  bool is_empty(std::uint64_t key, const bucket_limit& limit, time now) const noexcept;
  /// Takes one if there is one.
  bucket_level take(std::uint64_t key, const bucket_limit& limit, time now);
  /// Takes one, there or not: the bucket then owes it, for what was looked at before, or has happened already.
  bucket_level spend(std::uint64_t key, const bucket_limit& limit, time now);
  /// One that was taken and not used after all. Nothing when the bucket has gone meanwhile.
  void give_back(std::uint64_t key, const bucket_limit& limit) noexcept;

  std::size_t capacity() const noexcept { return ways * (mask_ + 1); }
  /// Places that have ever been used: grows to the capacity and stays.
  std::size_t size() const noexcept { return used_; }
  /// Buckets that were not full yet and gave way to a newcomer.
  std::uint64_t displaced() const noexcept { return displaced_; }

 private:
  static constexpr std::size_t ways = 8;
  struct bucket {
    std::uint64_t key;
    std::int64_t full_at;  // nanoseconds on the steady clock; 0: not used yet
  };
  struct alignas(cache_line_bytes) set {
    std::array<bucket, ways> buckets;
  };
  struct choice {
    bucket& where;
    bool own;  // else another's, or never used

    std::int64_t full_at(const bucket_limit& limit, std::int64_t now) const noexcept;
  };
  struct release {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };

  set& set_of(std::uint64_t key) const noexcept { return sets_[key & mask_]; }
  static choice choose(set& in, std::uint64_t key) noexcept;

  std::size_t mask_;
  std::unique_ptr<void, release> memory_;
  set* sets_;  // aligned in it
  std::size_t used_ = 0;
  std::uint64_t displaced_ = 0;
};

}  // namespace haulcast
