// Keys that come and go, and subjects that are revoked, while tokens are remembered.
#include <gtest/gtest.h>

#include "forge.hpp"
#include "keys.hpp"
#include "signer.hpp"

namespace haulcast::auth {
namespace {

constexpr std::string_view rs256 = R"({"alg":"RS256","kid":"2026-a"})";
constexpr std::string_view es256 = R"({"alg":"ES256","kid":"2026-b"})";

key_ring ring_of(bool with_rsa, bool with_ec, bool with_secret = false) {
  key_ring keys;
  if (with_rsa) keys.add(verifying_key{public_key::from_pem(keys::rsa_public, algorithm::rs256).value(), "2026-a"}).value();
  if (with_ec) keys.add(verifying_key{public_key::from_pem(keys::ec_public, algorithm::es256).value(), "2026-b"}).value();
  if (with_secret) keys.add(verifying_key{secret}).value();
  return keys;
}

const std::string by_rsa = signer{keys::rsa_private}.token(rs256, driver_saying(""));
const std::string by_ec = signer{keys::ec_private}.token(es256, driver_saying(""));

std::string verdict(token_verifier& by, std::string_view token, utc_time now = noon) {
  const auto verified = by.verify(token, now);
  return verified ? (*verified)->subject : std::string{to_code(verified.error())};
}

TEST(TokenRules, BelieveTheKeysOfAllAlgorithmsSideBySide) {
  token_verifier verifier{{.keys = ring_of(true, true, true)}};
  for (const auto& token : {by_rsa, by_ec, driver_token()}) EXPECT_EQ(verdict(verifier, token), "D-7");
}

TEST(TokenRules, RotateKeysWithoutATokenLost) {
  token_verifier verifier{{.keys = ring_of(true, false)}};
  const auto first = verifier.verify(by_rsa, noon).value();
  EXPECT_EQ(verdict(verifier, by_ec), "token_invalid");
  static_cast<void>(verifier.replace({.keys = ring_of(true, true)}));  // the new key beside the old
  EXPECT_EQ(verifier.verify(by_rsa, noon).value(), first) << "remembered, not verified anew";
  EXPECT_EQ(verdict(verifier, by_ec), "D-7");
  static_cast<void>(verifier.replace({.keys = ring_of(false, true)}));
  EXPECT_EQ(verdict(verifier, by_rsa), "token_invalid") << "though it had been believed";
  EXPECT_EQ(verdict(verifier, by_ec), "D-7");
  EXPECT_EQ(verifier.cache().size(), 1U);
  static_cast<void>(verifier.replace({.keys = ring_of(true, true)}));
  EXPECT_EQ(verdict(verifier, by_rsa), "D-7");
}

TEST(TokenRules, ForgetTheTokensOfARevokedSubject) {
  token_verifier verifier{{.keys = ring_of(true, true)}};
  EXPECT_EQ(verdict(verifier, by_rsa), "D-7");
  static_cast<void>(verifier.replace({.keys = ring_of(true, true), .revoked = subject_list::read("D-7\n").value()}));
  EXPECT_EQ(verdict(verifier, by_rsa), "token_invalid") << "remembered";
  EXPECT_EQ(verdict(verifier, by_ec), "token_invalid") << "not seen before";
  EXPECT_EQ(verdict(verifier, by_rsa, noon + std::chrono::hours{48}), "token_invalid") << "not even that it has expired";
  EXPECT_TRUE(verifier.is_revoked("D-7"));
  EXPECT_EQ(verifier.cache().size(), 0U);
  static_cast<void>(verifier.replace({.keys = ring_of(true, true), .revoked = subject_list::read("D-8\n").value()}));
  EXPECT_EQ(verdict(verifier, by_rsa), "D-7");
}

TEST(TokenRules, JudgeRememberedTokensAnewWhenTheClaimsAreJudgedOtherwise) {
  using namespace std::chrono_literals;
  token_verifier verifier{{.keys = ring_of(true, true)}};
  EXPECT_EQ(verdict(verifier, by_rsa), "D-7");
  static_cast<void>(verifier.replace({.keys = ring_of(true, true), .issuer = "idp"}));
  EXPECT_EQ(verdict(verifier, by_rsa), "token_invalid");
  static_cast<void>(verifier.replace({.keys = ring_of(true, true), .leeway = 0s}));
  EXPECT_EQ(verdict(verifier, by_rsa, noon + 1h), "token_expired");
  static_cast<void>(verifier.replace({.keys = ring_of(true, true), .leeway = 300s}));
  EXPECT_EQ(verdict(verifier, by_rsa, noon + 1h + 299s), "D-7");
}

TEST(TokenRules, GiveBackThoseOfBefore) {
  token_verifier verifier{{.keys = ring_of(true, false), .issuer = "old"}};
  const auto before = verifier.replace({.keys = ring_of(false, true), .issuer = "new"});
  EXPECT_EQ(before.issuer, "old");
  EXPECT_EQ(verifier.rules().issuer, "new");
}

TEST(TokenRules, WithoutAKeyAreAMistakeOfTheProgram) {
  EXPECT_THROW(token_verifier{{}}, std::invalid_argument);
  token_verifier verifier{{.keys = ring_of(true, false)}};
  EXPECT_THROW(static_cast<void>(verifier.replace({})), std::invalid_argument);
}

}  // namespace
}  // namespace haulcast::auth
