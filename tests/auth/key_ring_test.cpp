#include "haulcast/auth/key_ring.hpp"

#include <gtest/gtest.h>

#include "keys.hpp"
#include "signer.hpp"

namespace haulcast::auth {
namespace {

constexpr std::string_view text = "header.payload";

verifying_key rsa(std::string_view pem, std::optional<std::string> kid = {}) {
  return verifying_key{public_key::from_pem(pem, algorithm::rs256).value(), std::move(kid)};
}
verifying_key ec(std::string_view pem, std::optional<std::string> kid = {}) {
  return verifying_key{public_key::from_pem(pem, algorithm::es256).value(), std::move(kid)};
}

std::string refusal(key_ring& ring, verifying_key key) {
  const auto added = ring.add(std::move(key));
  return added ? "" : added.error().what;
}

const signer ours{keys::rsa_private};

TEST(KeyRing, ChecksWithTheKeyOfTheTokensKid) {
  key_ring ring;
  ring.add(rsa(keys::other_rsa_public, "old")).value();
  auto key = rsa(keys::rsa_public, "new");
  const auto id = key.id();
  ring.add(std::move(key)).value();
  const auto made = ours.signature_of(text);
  EXPECT_EQ(ring.verify({algorithm::rs256, "new"}, text, made), id);
  EXPECT_EQ(ring.verify({algorithm::rs256, "old"}, text, made), std::nullopt);
  EXPECT_EQ(ring.verify({algorithm::rs256, "unknown"}, text, made), std::nullopt);
  EXPECT_EQ(ring.verify({algorithm::rs256, {}}, text, made), id) << "without kid both are tried";
}

TEST(KeyRing, TriesAKeyWithoutKidForEveryKid) {
  key_ring ring;
  ring.add(rsa(keys::rsa_public)).value();
  EXPECT_TRUE(ring.verify({algorithm::rs256, "anything"}, text, ours.signature_of(text)));
  EXPECT_TRUE(ring.verify({algorithm::rs256, {}}, text, ours.signature_of(text)));
}

TEST(KeyRing, NeverChecksWithAKeyOfAnotherAlgorithm) {
  key_ring ring;
  ring.add(rsa(keys::rsa_public, "k")).value();
  ring.add(ec(keys::ec_public, "k")).value();
  ring.add(verifying_key{keys::rsa_public}).value();  // the worst case: the public key as an HMAC secret, configured
  const auto made = ours.signature_of(text);
  EXPECT_TRUE(ring.verify({algorithm::rs256, "k"}, text, made));
  EXPECT_FALSE(ring.verify({algorithm::es256, "k"}, text, made));
  EXPECT_FALSE(ring.verify({algorithm::hs256, "k"}, text, made));
  const auto es = signer{keys::ec_private}.signature_of(text);
  EXPECT_TRUE(ring.verify({algorithm::es256, "k"}, text, es));
  EXPECT_FALSE(ring.verify({algorithm::rs256, "k"}, text, es));
}

TEST(KeyRing, TriesFourKeysAtMost) {
  key_ring ring;
  for (const auto* kid : {"a", "b", "c", "d"}) ring.add(rsa(keys::other_rsa_public, kid)).value();
  ring.add(rsa(keys::rsa_public, "e")).value();
  const auto made = ours.signature_of(text);
  EXPECT_TRUE(ring.verify({algorithm::rs256, "e"}, text, made));
  EXPECT_FALSE(ring.verify({algorithm::rs256, {}}, text, made)) << "the fifth of those that a token without kid could mean";
}

TEST(KeyRing, RefusesWhatCouldNotBeToldApart) {
  key_ring ring;
  EXPECT_EQ(refusal(ring, rsa(keys::rsa_public, "a")), "");
  EXPECT_EQ(refusal(ring, rsa(keys::rsa_public, "a")), "is given twice");
  EXPECT_EQ(refusal(ring, rsa(keys::other_rsa_public, "a")), "has the kid of another RS256 key, a");
  EXPECT_EQ(refusal(ring, ec(keys::ec_public, "a")), "") << "of another algorithm it is another key";
  EXPECT_EQ(refusal(ring, rsa(keys::rsa_public, "b")), "") << "a key may have two names";
}

TEST(KeyRing, HoldsThreeKeysWithoutKidOfAnAlgorithm) {
  key_ring ring;
  for (const auto* secret : {"one", "two", "three"}) EXPECT_EQ(refusal(ring, verifying_key{secret}), "");
  EXPECT_EQ(refusal(ring, verifying_key{"four"}), "has no kid, as three other HS256 keys; give it one");
  EXPECT_EQ(refusal(ring, rsa(keys::rsa_public)), "");
}

TEST(KeyRing, HoldsSixtyFourKeys) {
  key_ring ring;
  for (int i = 0; i < 64; ++i) EXPECT_EQ(refusal(ring, ec(keys::ec_public, std::to_string(i))), "");
  EXPECT_EQ(refusal(ring, ec(keys::ec_public, "64")), "is one too many; there may be 64 keys");
}

TEST(KeyRing, KnowsAKeyAgainThatWasReadAnew) {
  key_ring ring;
  ring.add(rsa(keys::rsa_public, "a")).value();
  EXPECT_TRUE(ring.holds(rsa(keys::rsa_public_pkcs1, "a").id()));
  EXPECT_FALSE(ring.holds(rsa(keys::rsa_public, "b").id()));
  EXPECT_FALSE(ring.holds(rsa(keys::rsa_public).id()));
  EXPECT_FALSE(ring.holds(rsa(keys::other_rsa_public, "a").id()));
}

}  // namespace
}  // namespace haulcast::auth
