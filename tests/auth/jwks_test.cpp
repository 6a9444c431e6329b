#include "haulcast/auth/jwks.hpp"

#include <gtest/gtest.h>

#include "keys.hpp"
#include "signer.hpp"

namespace haulcast::auth {
namespace {

const std::string rsa = signer{keys::rsa_private}.jwk_members();
const std::string ec = signer{keys::ec_private}.jwk_members();

std::string set_of(std::initializer_list<std::string> keys) {
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? R"({"keys":[{)" : ",{") + key + "}";
  return text + "]}";
}

std::string refusal(const std::string& text, std::optional<algorithm> alg = {}) {
  const auto read = read_jwks(text, alg);
  return read ? "" : read.error().what;
}

std::string refusal_of(const std::string& key, std::optional<algorithm> alg = {}) { return refusal(set_of({key}), alg); }

TEST(Jwks, GivesEachKeyWithItsAlgorithmAndKid) {
  auto read = read_jwks(set_of({rsa + R"(,"alg":"RS256","kid":"a","use":"sig","x5t":"abc")",
                                ec + R"(,"alg":"ES256","kid":"b","key_ops":["verify"])"}),
                        {})
                  .value();
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].alg(), algorithm::rs256);
  EXPECT_EQ(read[0].kid(), "a");
  EXPECT_EQ(read[1].alg(), algorithm::es256);
  EXPECT_EQ(read[1].kid(), "b");
  EXPECT_TRUE(read[0].verify("text", signer{keys::rsa_private}.signature_of("text")));
  EXPECT_TRUE(read[1].verify("text", signer{keys::ec_private}.signature_of("text")));
}

TEST(Jwks, TakesTheAlgorithmThatTheConfigurationSays) {
  EXPECT_EQ(read_jwks(set_of({rsa}), algorithm::rs256)->front().alg(), algorithm::rs256);
  EXPECT_EQ(refusal_of(rsa), "key 1 has no alg; say it in the configuration, beside jwks");
  EXPECT_EQ(refusal_of(ec + R"(,"alg":"ES256","kid":"b")", algorithm::rs256), "has no key for signatures");
  EXPECT_EQ(refusal_of(ec, algorithm::rs256), "has no key for signatures");
}

TEST(Jwks, LeavesOutKeysForSomethingElse) {
  const auto read =
      read_jwks(set_of({rsa + R"(,"use":"enc","alg":"RSA-OAEP")", rsa + R"(,"key_ops":["wrapKey"])", ec + R"(,"alg":"ES256")"}),
                {})
          .value();
  EXPECT_EQ(read.size(), 1U);
  EXPECT_EQ(refusal_of(rsa + R"(,"use":"enc")"), "has no key for signatures");
  EXPECT_EQ(refusal(R"({"keys":[]})"), "has no key for signatures");
}

TEST(Jwks, LeavesOutKeysOfOtherKindsThatAProviderAdds) {
  const auto ours = ec + R"(,"alg":"ES256")";
  for (const std::string other :
       {R"("kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"AA")", R"("kty":"AKP","alg":"ML-DSA-44","pub":"AA")",
        R"("kty":"EC","crv":"P-384","alg":"ES384","x":"AA","y":"AA")"}) {
    EXPECT_EQ(read_jwks(set_of({other, ours}), {}).value().size(), 1U) << other;
  }
  for (const auto* alg : {"RS384", "RS512", "PS256", "PS384", "PS512"}) {
    EXPECT_EQ(read_jwks(set_of({rsa + R"(,"alg":")" + alg + "\"", ours}), {}).value().size(), 1U) << alg;
  }
  EXPECT_EQ(read_jwks(set_of({rsa, ours}), algorithm::rs256).value().size(), 1U);
}

TEST(Jwks, RefusesSecretsAndPrivateKeysWhateverTheyAreFor) {
  EXPECT_EQ(refusal_of(R"("kty":"oct","k":"c2VjcmV0","alg":"HS256")"),
            "key 1 is a secret (oct), which does not belong in a key set; HS256 has auth.hs256_secret");
  for (const auto* more :
       {R"(,"d":"AQAB")", R"(,"p":"AQAB")", R"(,"k":"AQAB")", R"(,"use":"enc","d":"AQAB")", R"(,"d":null)"}) {
    EXPECT_EQ(refusal_of(rsa + R"(,"alg":"RS256")" + more),
              "key 1 is a private key, which belongs to whoever signs; give the public one")
        << more;
  }
}

TEST(Jwks, RefusesOtherAlgorithms) {
  for (const auto* alg : {"\"HS256\"", "\"HS512\"", "\"none\"", "\"rs256\"", "\"\"", "null", "256", "[\"RS256\"]"}) {
    EXPECT_EQ(refusal_of(rsa + R"(,"alg":)" + alg), "key 1 has another alg than RS256 and ES256") << alg;
  }
  EXPECT_EQ(refusal_of(ec + R"(,"alg":"RS256")"), "key 1 is not of kty RSA, which RS256 needs");
  EXPECT_EQ(refusal_of(rsa + R"(,"alg":"ES256")"), "key 1 is not of kty EC, which ES256 needs");
}

TEST(Jwks, RefusesKeysThatAreTooShortOrOnOtherCurves) {
  EXPECT_EQ(refusal_of(R"("kty":"RSA","kid":"old","alg":"RS256","e":"AQAB","n":")" + std::string(170, '_') + "w\""),
            "key 1 (kid old) has 1024 bits; RSA keys have at least 2048");
  EXPECT_EQ(refusal_of(R"("kty":"EC","crv":"P-384","alg":"ES256","x":"AA","y":"AA")"),
            "key 1 is on another curve; EC keys are on P-256");
}

TEST(Jwks, RefusesNumbersWrittenAnotherWay) {
  for (const auto* key : {R"("kty":"RSA","alg":"RS256","n":"AQAB")", R"("kty":"RSA","alg":"RS256","n":"","e":"AQAB")",
                          R"("kty":"RSA","alg":"RS256","n":"AQ==","e":"AQAB")", R"("kty":"RSA","alg":"RS256","n":5,"e":"AQAB")",
                          R"("kty":"EC","crv":"P-256","alg":"ES256","x":"AA")"}) {
    EXPECT_NE(refusal_of(key).find("in base64url"), std::string::npos) << key << refusal_of(key);
  }
}

TEST(Jwks, RefusesKidsThatNameNothing) {
  for (const auto* kid : {"\"\"", "7", "null", "[\"a\"]", R"("a\u0000b")"}) {
    EXPECT_EQ(refusal_of(rsa + R"(,"alg":"RS256","kid":)" + kid), "key 1 has a kid that is not a text of 1 to 256 bytes")
        << kid;
  }
}

TEST(Jwks, IsAnObjectWithKeysReadStrictly) {
  for (const auto* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})",
                           R"({"keys":[{"kty":"RSA","kty":"RSA"}]})", R"({"keys":[]}x)", "null"}) {
    EXPECT_NE(refusal(text).find("is no JWKS"), std::string::npos) << text << refusal(text);
  }
  EXPECT_EQ(refusal(R"({"keys":[7]})"), "key 1 is not an object");
}

}  // namespace
}  // namespace haulcast::auth
