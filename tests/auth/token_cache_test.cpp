#include "haulcast/auth/token_cache.hpp"

#include <gtest/gtest.h>

namespace haulcast::auth {
namespace {

believed somebody(std::string subject = "S") { return {std::make_shared<principal>(principal{.subject = std::move(subject)})}; }

std::shared_ptr<const principal> found(const believed* what) { return what == nullptr ? nullptr : what->who; }

std::string token_of(int n) { return "header.payload.signature-" + std::to_string(1000 + n); }

TEST(TokenCache, FindsWhatWasPut) {
  token_cache cache{1U << 20};
  const auto who = somebody();
  cache.put(token_of(1), who);
  EXPECT_EQ(found(cache.find(token_of(1))), who.who);
  EXPECT_EQ(cache.find(token_of(2)), nullptr);
  EXPECT_EQ(cache.find(""), nullptr);
}

TEST(TokenCache, PutsOneTokenOnce) {
  token_cache cache{1U << 20};
  cache.put(token_of(1), somebody());
  const auto bytes = cache.bytes();
  const auto second = somebody();
  cache.put(token_of(1), second);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache.bytes(), bytes);
  EXPECT_EQ(found(cache.find(token_of(1))), second.who);
}

TEST(TokenCache, LetsTheLeastRecentlyUsedGoWhenFull) {
  token_cache one{1U << 20};
  one.put(token_of(1), somebody());
  token_cache cache{one.bytes() * 3};
  for (int i = 1; i <= 3; ++i) cache.put(token_of(i), somebody());
  EXPECT_EQ(cache.size(), 3U);
  ASSERT_NE(cache.find(token_of(1)), nullptr);  // used again: now the second is the oldest
  cache.put(token_of(4), somebody());
  EXPECT_EQ(cache.find(token_of(2)), nullptr);
  for (const int i : {1, 3, 4}) EXPECT_NE(cache.find(token_of(i)), nullptr) << i;
}

TEST(TokenCache, CountsTheBytesOfTrucks) {
  token_cache cache{1U << 20};
  cache.put(token_of(1), somebody());
  const auto bare = cache.bytes();
  cache.erase(token_of(1));
  EXPECT_EQ(cache.bytes(), 0U);
  cache.put(token_of(1),
            {std::make_shared<principal>(principal{.subject = "S", .trucks = std::vector<std::string>(100, "TRK")})});
  EXPECT_GT(cache.bytes(), bare + 100 * sizeof(std::string));
}

TEST(TokenCache, TooSmallForAnythingHoldsNothing) {
  token_cache cache{10};
  cache.put(token_of(1), somebody());
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace haulcast::auth
