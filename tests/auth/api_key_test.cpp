#include "haulcast/auth/api_key.hpp"

#include <gtest/gtest.h>

#include <set>

#include "haulcast/auth/base64url.hpp"

namespace haulcast::auth {
namespace {

TEST(ApiKey, IsItsPrefixAnd256RandomBits) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto key = new_api_key().value();
    EXPECT_TRUE(looks_like_api_key(key)) << key;
    EXPECT_EQ(from_base64url(key.substr(api_key_prefix.size())).value().size(), 32U);
    EXPECT_TRUE(seen.insert(key).second);
  }
}

TEST(ApiKey, HasOneFormAndNoOther) {
  const std::string key = "hk_" + std::string(43, 'A');
  EXPECT_TRUE(looks_like_api_key(key));
  for (const auto& other : {std::string{}, key + "A", key.substr(1), "HK_" + std::string(43, 'A'), std::string(46, 'A')}) {
    EXPECT_FALSE(looks_like_api_key(other)) << other;
  }
}

TEST(ApiKey, SpeaksForAPrincipalOfItsName) {
  const auto who = to_principal({.name = "gateway",
                                 .digest = {0, 0, 0, 0, 0, 0, 0, 7},
                                 .who = role::driver,
                                 .trucks = {"TRK-2", "TRK-1", "TRK-2"},
                                 .requests_per_s = 5,
                                 .request_burst = 9,
                                 .expires = from_epoch_ms(5000)});
  EXPECT_EQ(who.subject, "key:gateway");
  EXPECT_EQ(who.trucks, (std::vector<std::string>{"TRK-1", "TRK-2"}));
  EXPECT_TRUE(who.may_post_for("TRK-2"));
  EXPECT_FALSE(who.may_post_for("TRK-3"));
  EXPECT_EQ(who.requests_per_s, 5);
  EXPECT_EQ(who.request_burst, 9U);
  EXPECT_EQ(who.expires, from_epoch_ms(5000));
  EXPECT_NE(who.key_fingerprint, 0U);
}

TEST(ApiKey, WithoutAnEndHoldsForEver) { EXPECT_EQ(to_principal({.name = "n"}).expires, utc_time::max()); }

TEST(ApiKey, FingerprintIsNeverThatOfATokensPrincipal) { EXPECT_NE(fingerprint_of({}), principal{}.key_fingerprint); }

}  // namespace
}  // namespace haulcast::auth
