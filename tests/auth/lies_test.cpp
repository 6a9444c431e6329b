#include "lies.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace haulcast::auth {
namespace {

token_rules rules() {
  key_ring keys;
  keys.add(verifying_key{public_key::from_pem(keys::rsa_public, algorithm::rs256).value(), "r"}).value();
  keys.add(verifying_key{public_key::from_pem(keys::ec_public, algorithm::es256).value(), "e"}).value();
  keys.add(verifying_key{secret}).value();
  return {.keys = std::move(keys)};
}

constexpr std::string_view exp = "1800003600";

TEST(Lies, AreToldFromTheTruth) {  // else what follows would show nothing
  token_verifier verifier{rules()};
  const auto payload = R"({"sub":"D-7","role":"admin","exp":1800003600})";
  for (const auto& token : {signer{keys::rsa_private}.token(R"({"alg":"RS256","kid":"r"})", payload),
                            signer{keys::rsa_private}.token(R"({"alg":"RS256"})", payload),
                            signer{keys::ec_private}.token(R"({"alg":"ES256","kid":"e","typ":"at+jwt"})", payload),
                            forge(hs256_header, payload), forge(R"({"alg":"HS256","kid":"any"})", payload)}) {
    EXPECT_TRUE(verifier.verify(token, noon)) << token;
  }
}

TEST(Lies, AllGetTheSameAnswer) {
  token_verifier verifier{rules()};
  const auto lies = all_lies(secret, exp);
  EXPECT_GT(lies.size(), 120U);
  for (const auto& [how, token] : lies) {
    for (int again = 0; again < 2; ++again) {
      const auto verified = verifier.verify(token, noon);
      ASSERT_FALSE(verified) << how;
      EXPECT_EQ(verified.error(), token_error::invalid) << how;
    }
  }
  EXPECT_EQ(verifier.cache().size(), 0U);
}

TEST(Lies, DoNotBecomeTrueBecauseATrueTokenIsRemembered) {
  token_verifier verifier{rules()};
  ASSERT_TRUE(verifier.verify(
      signer{keys::rsa_private}.token(R"({"alg":"RS256","kid":"r"})", R"({"sub":"D-7","role":"admin","exp":1800003600})"),
      noon));
  for (const auto& [how, token] : all_lies(secret, exp)) EXPECT_FALSE(verifier.verify(token, noon)) << how;
}

TEST(TokenHeader, MayBringAKeyAlongAndItIsNotLookedAt) {
  token_verifier verifier{rules()};
  const auto payload = R"({"sub":"D-7","role":"admin","exp":1800003600})";
  const auto with = [&](const std::string& member) {
    return signer{keys::rsa_private}.token(R"({"alg":"RS256","kid":"r",)" + member + "}", payload);
  };
  for (const auto& member :
       {R"("jwk":{)" + signer{keys::other_rsa_private}.jwk_members() + "}", std::string{R"("x5c":["MIIB"])"},
        std::string{R"("jku":"https://idp.example/jwks.json")"}, std::string{R"("jwk":null)"}}) {
    EXPECT_TRUE(verifier.verify(with(member), noon)) << member;
  }
}

TEST(Clock, MovesNoTokenFurtherThanTheLeeway) {
  using namespace std::chrono_literals;
  token_verifier verifier{rules()};
  const auto token = signer{keys::ec_private}.token(R"({"alg":"ES256","kid":"e"})", driver_saying(R"(,"nbf":1800000000)"));
  EXPECT_EQ(verifier.verify(token, noon - 30s - 1ms).error(), token_error::invalid);
  EXPECT_TRUE(verifier.verify(token, noon - 30s));
  EXPECT_TRUE(verifier.verify(token, noon + 1h + 30s - 1ms));
  EXPECT_EQ(verifier.verify(token, noon + 1h + 30s).error(), token_error::expired);
  EXPECT_EQ(verifier.verify(token, noon + 1h + 30s).error(), token_error::expired) << "remembered no longer";
}

}  // namespace
}  // namespace haulcast::auth
