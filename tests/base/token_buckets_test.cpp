#include "haulcast/base/token_buckets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace haulcast {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using time = token_buckets::time;

constexpr time begin{1h};
const bucket_limit one_a_second = bucket_limit::per_second(1, 10);

TEST(TokenBuckets, ABurstIsThereAtOnceAndThenOneForEachInterval) {
  token_buckets table{64};
  for (int left = 9; left >= 0; --left) {
    const auto level = table.take(7, one_a_second, begin);
    EXPECT_TRUE(level.granted);
    EXPECT_EQ(level.tokens, left);
    EXPECT_EQ(level.full, 1s * (10 - left));
  }
  const auto none = table.take(7, one_a_second, begin + 300ms);
  EXPECT_FALSE(none.granted);
  EXPECT_EQ(none.tokens, 0);
  EXPECT_EQ(none.next, 700ms);
  EXPECT_FALSE(table.take(7, one_a_second, begin + 999'999'999ns).granted);
  EXPECT_TRUE(table.take(7, one_a_second, begin + 1s).granted);
  EXPECT_FALSE(table.take(7, one_a_second, begin + 1s).granted);
}

TEST(TokenBuckets, FillUpToTheBurstAndNoFurther) {
  token_buckets table{64};
  table.take(7, one_a_second, begin);
  EXPECT_EQ(table.look(7, one_a_second, begin + 24h).tokens, 10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(table.take(7, one_a_second, begin + 24h).granted);
  EXPECT_FALSE(table.take(7, one_a_second, begin + 24h).granted);
}

TEST(TokenBuckets, LookingSpendsNothingAndKeysHaveBucketsOfTheirOwn) {
  token_buckets table{64};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(table.look(7, one_a_second, begin).tokens, 10);
  EXPECT_EQ(table.size(), 0U);
  table.take(7, one_a_second, begin);
  EXPECT_EQ(table.look(7, one_a_second, begin).tokens, 9);
  EXPECT_EQ(table.look(8, one_a_second, begin).tokens, 10);
  EXPECT_EQ(table.size(), 1U);
}

TEST(TokenBuckets, WhatIsGivenBackWasNeverTaken) {
  token_buckets table{64};
  for (int i = 0; i < 10; ++i) table.take(7, one_a_second, begin);
  table.give_back(7, one_a_second);
  const auto level = table.look(7, one_a_second, begin);
  EXPECT_EQ(level.tokens, 1);
  EXPECT_EQ(level.full, 9s);
  table.give_back(8, one_a_second);  // nobody's
  for (int i = 0; i < 20; ++i) table.give_back(7, one_a_second);
  EXPECT_EQ(table.look(7, one_a_second, begin).tokens, 10);
}

TEST(TokenBuckets, OwingIsWorseThanEmpty) {
  token_buckets table{64};
  for (int i = 0; i < 12; ++i) table.spend(7, one_a_second, begin);
  EXPECT_EQ(table.look(7, one_a_second, begin).next, 3s);
  EXPECT_TRUE(table.is_empty(7, one_a_second, begin + 2999ms));
  EXPECT_FALSE(table.is_empty(7, one_a_second, begin + 3s));
  EXPECT_FALSE(table.is_empty(8, one_a_second, begin));
}

TEST(TokenBuckets, ARateOrABurstOfNothingSwitchesALimitOff) {
  EXPECT_FALSE(bucket_limit::per_second(0, 10).is_on());
  EXPECT_FALSE(bucket_limit::per_second(1, 0).is_on());
  EXPECT_FALSE(bucket_limit::per_second(-1, 10).is_on());
  EXPECT_TRUE(bucket_limit::per_second(1e-30, 1'000'000'000).is_on());
}

TEST(TokenBuckets, TheSlowestRateDoesNotOverflow) {
  token_buckets table{64};
  const auto slow = bucket_limit::per_second(1e-30, 10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(table.take(7, slow, begin).granted);
  const auto level = table.look(7, slow, begin + 24h);
  EXPECT_EQ(level.tokens, 0);
  EXPECT_GT(level.next, 24h);
  for (int i = 0; i < 10; ++i) table.spend(7, slow, begin);  // and owes as much
  EXPECT_GT(table.look(7, slow, begin).next, level.next);
}

/// As slow and plain as can be: tokens in nanoseconds of refill, filled at each look.
class plain_bucket {
 public:
  plain_bucket(const bucket_limit& limit, time now) : limit_{limit}, held_{most()}, at_{now} {}
  bool take(time now) {
    refill(now);
    if (held_ < limit_.interval) return false;
    held_ -= limit_.interval;
    return true;
  }
  void give_back() { held_ = std::min(held_ + limit_.interval, most()); }
  std::int64_t tokens(time now) {
    refill(now);
    return held_ / limit_.interval;
  }
  nanoseconds full(time now) {
    refill(now);
    return most() - held_;
  }

 private:
  nanoseconds most() const { return limit_.interval * limit_.burst; }
  void refill(time now) {
    held_ = std::min(held_ + (now - at_), most());
    at_ = now;
  }
  bucket_limit limit_;
  nanoseconds held_;
  time at_;
};

TEST(TokenBuckets, DoWhatAPlainBucketDoesWhateverTheKeysAndTimes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 dice{seed};
    const auto limit = bucket_limit::per_second(std::array{0.3, 1.0, 7.0, 1000.0}[seed % 4], 1 + dice() % 20);
    token_buckets table{1 << 12};
    std::map<std::uint64_t, plain_bucket> plain;
    std::vector<std::uint64_t> keys(50);
    for (auto& key : keys) key = dice();
    time now = begin;
    for (int i = 0; i < 20'000; ++i) {
      now += nanoseconds{dice() % static_cast<std::uint64_t>(limit.interval.count() / 20 + 2)};
      if (dice() % 500 == 0) now += limit.interval * static_cast<std::int64_t>(dice() % 40);
      const auto key = keys[dice() % keys.size()];
      auto& expected = plain.try_emplace(key, limit, now).first->second;
      if (dice() % 10 == 0 && expected.full(now) >= limit.interval) {
        table.give_back(key, limit);
        expected.give_back();
      }
      const bool granted = expected.take(now);
      const auto level = table.take(key, limit, now);
      ASSERT_EQ(level.granted, granted) << "seed " << seed << ", step " << i;
      ASSERT_EQ(level.tokens, expected.tokens(now));
      ASSERT_EQ(level.full, expected.full(now));
    }
    EXPECT_EQ(table.displaced(), 0U);
  }
}

TEST(TokenBuckets, AFullTableForgetsFullBucketsFirst) {
  token_buckets table{8};  // one set
  EXPECT_EQ(table.capacity(), 8U);
  for (std::uint64_t key = 1; key <= 8; ++key) {
    for (int i = 0; i < 10; ++i) table.take(key, one_a_second, key == 5 ? begin - 30s : begin);
  }
  EXPECT_EQ(table.take(9, one_a_second, begin).tokens, 9);  // in the place of 5, which was full again
  EXPECT_EQ(table.displaced(), 0U);
  for (std::uint64_t key = 1; key <= 8; ++key) EXPECT_EQ(table.is_empty(key, one_a_second, begin), key != 5) << key;
  EXPECT_EQ(table.size(), 8U);
}

TEST(TokenBuckets, ANewcomerTakesTheFullestBucketAndItsLevel) {
  token_buckets table{8};
  for (std::uint64_t key = 1; key <= 8; ++key) {
    for (std::uint64_t i = 0; i <= key; ++i) table.take(key, one_a_second, begin);
  }
  EXPECT_EQ(table.take(9, one_a_second, begin).tokens, 7);  // 1 had taken two
  EXPECT_EQ(table.displaced(), 1U);
  EXPECT_EQ(table.look(8, one_a_second, begin).tokens, 1) << "those with less left stay";
}

TEST(TokenBuckets, WhoMakesKeysWithoutEndGetsWhatTheTableRefills) {
  token_buckets table{64};
  std::uint64_t granted = 0;
  std::mt19937_64 dice{1};
  for (time now = begin; now < begin + 20s; now += 1ms) granted += table.take(dice(), one_a_second, now).granted;
  EXPECT_GT(table.displaced(), 0U);
  EXPECT_LE(granted, 64U * (10 + 20));
  EXPECT_GE(granted, 64U * (10 + 20) * 9 / 10) << "and no less, all together";
}

TEST(TokenBuckets, ACrowdLargerThanTheTableIsServedAsLongAsTheTableRefillsWhatItAsksFor) {
  token_buckets table{64};
  std::vector<std::uint64_t> keys(256);
  std::mt19937_64 dice{2};
  for (auto& key : keys) key = dice();
  std::map<std::uint64_t, int> served;
  for (int second = 0; second < 800; ++second) {  // each asks once in 8 s, all together half of what is refilled
    for (std::size_t i = 0; i < 32; ++i) {
      const auto key = keys[static_cast<std::size_t>(second % 8) * 32 + i];
      served[key] += table.take(key, one_a_second, begin + 1s * second).granted ? 1 : 0;
    }
  }
  for (const auto key : keys) EXPECT_EQ(served[key], 100);
}

TEST(TokenBuckets, ASlowBucketsDebtIsNotLeftToAFastOne) {
  token_buckets table{8};
  const auto slow = bucket_limit::per_second(0.001, 10);
  for (std::uint64_t key = 1; key <= 8; ++key) {
    for (int i = 0; i < 10; ++i) table.take(key, slow, begin);
  }
  EXPECT_EQ(table.look(9, one_a_second, begin).next, 1s) << "at worst an empty one";
}

}  // namespace
}  // namespace haulcast
