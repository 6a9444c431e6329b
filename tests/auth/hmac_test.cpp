#include "haulcast/auth/hmac.hpp"

#include <gtest/gtest.h>

#include <string>

#include "haulcast/auth/base64url.hpp"

namespace haulcast::auth {
namespace {

std::string text_of(const signature& s) { return {reinterpret_cast<const char*>(s.data()), s.size()}; }

TEST(HmacSha256, SignsTheExampleOfTheJwsStandard) {  // RFC 7515, appendix A.1
  const auto key = from_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  const std::string text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  EXPECT_EQ(to_base64url(text_of(hmac_sha256{*key}.sign(text))), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

TEST(HmacSha256, GivesTheSameSignatureEachTime) {
  hmac_sha256 hmac{"a key"};
  const auto first = hmac.sign("text");
  (void)hmac.sign("another text, longer than the first");
  EXPECT_EQ(hmac.sign("text"), first);
}

TEST(HmacSha256, VerifiesNothingButTheWholeSignature) {
  hmac_sha256 hmac{"a key"};
  auto right = text_of(hmac.sign("text"));
  EXPECT_TRUE(hmac.verify("text", right));
  EXPECT_FALSE(hmac.verify("Text", right));
  EXPECT_FALSE(hmac.verify("text", std::string_view{right}.substr(0, 31)));
  EXPECT_FALSE(hmac.verify("text", right + '\0'));
  EXPECT_FALSE(hmac.verify("text", ""));
  right.back() = static_cast<char>(right.back() ^ 1);
  EXPECT_FALSE(hmac.verify("text", right));
}

}  // namespace
}  // namespace haulcast::auth
