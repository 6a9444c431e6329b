#include "haulcast/auth/public_key.hpp"

#include <gtest/gtest.h>

#include "haulcast/auth/base64url.hpp"
#include "keys.hpp"
#include "signer.hpp"

namespace haulcast::auth {
namespace {

std::string bytes_of(std::string_view text) { return from_base64url(text).value(); }

std::string refusal(std::string_view pem, algorithm alg = algorithm::rs256) {
  const auto read = public_key::from_pem(pem, alg);
  return read ? "" : read.error().what;
}

constexpr std::string_view claims_of_the_standard =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

TEST(PublicKey, ChecksTheRsaExampleOfTheJwsStandard) {  // RFC 7515, appendix A.2
  auto key = public_key::rsa(
                 bytes_of("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL"
                          "-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e"
                          "-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9"
                          "_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"),
                 bytes_of("AQAB"))
                 .value();
  auto signature = bytes_of(
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQ"
      "jbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt"
      "FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
  const auto text = "eyJhbGciOiJSUzI1NiJ9." + std::string{claims_of_the_standard};
  EXPECT_TRUE(key.verify(text, signature));
  EXPECT_FALSE(key.verify(text + "x", signature));
  signature.back() ^= 1;
  EXPECT_FALSE(key.verify(text, signature));
}

TEST(PublicKey, ChecksTheEcExampleOfTheJwsStandard) {  // RFC 7515, appendix A.3
  auto key = public_key::p256(bytes_of("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                              bytes_of("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))
                 .value();
  const auto signature = bytes_of("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  const auto text = "eyJhbGciOiJFUzI1NiJ9." + std::string{claims_of_the_standard};
  EXPECT_TRUE(key.verify(text, signature));
  EXPECT_FALSE(key.verify(text.substr(1), signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto changed = signature;
    changed[i] ^= 1;
    EXPECT_FALSE(key.verify(text, changed)) << i;
  }
}

TEST(PublicKey, IsTheSameHoweverItIsWritten) {
  const signer rsa{keys::rsa_private};
  EXPECT_EQ(public_key::from_pem(keys::rsa_public, algorithm::rs256)->der(),
            public_key::from_pem(keys::rsa_public_pkcs1, algorithm::rs256)->der());
  EXPECT_EQ(refusal("Issued by us\n\n" + std::string{keys::rsa_public}), "");
  EXPECT_EQ(refusal(rsa.public_pem()), "");
}

TEST(PublicKey, TakesASignatureOfItsOwnLengthOnly) {
  const signer rsa{keys::rsa_private};
  auto rsa_key = public_key::from_pem(keys::rsa_public, algorithm::rs256).value();
  const auto made = rsa.signature_of("text");
  EXPECT_TRUE(rsa_key.verify("text", made));
  for (const auto& wrong :
       {std::string{}, made.substr(1), made.substr(0, 255), made + '\0', '\0' + made, rsa.pss_signature_of("text")}) {
    EXPECT_FALSE(rsa_key.verify("text", wrong)) << wrong.size();
  }
  const signer ec{keys::ec_private};
  auto ec_key = public_key::from_pem(keys::ec_public, algorithm::es256).value();
  const auto pair = ec.signature_of("text");
  ASSERT_EQ(pair.size(), 64U);
  EXPECT_TRUE(ec_key.verify("text", pair));
  for (const auto& wrong : {std::string{}, pair.substr(1), pair.substr(0, 32), pair + '\0', '\0' + pair, std::string(64, '\0'),
                            std::string(64, '\xFF'), pair.substr(32) + pair.substr(0, 32)}) {
    EXPECT_FALSE(ec_key.verify("text", wrong)) << wrong.size();
  }
}

TEST(PublicKey, DoesNotTakeAnEcSignatureInDer) {  // as OpenSSL makes them, and libraries that forget to convert
  const signer ec{keys::ec_private};
  auto key = public_key::from_pem(keys::ec_public, algorithm::es256).value();
  const auto r = ec.signature_of("text").substr(0, 32);
  EXPECT_FALSE(key.verify("text", "\x30\x44\x02\x20" + r + "\x02\x20" + r));
}

TEST(PublicKey, OfRsaHas2048BitsAtLeast) {
  EXPECT_EQ(refusal(keys::rsa_of_1024_bits), "has 1024 bits; RSA keys have at least 2048");
  EXPECT_EQ(public_key::rsa(std::string(1025, '\xFF'), "\x01\x00\x01").error().what.substr(0, 13), "has 8200 bits");
}

TEST(PublicKey, OfRsaHasAnExponentThatSigns) {  // with 1 a signature is the padded text itself, and anybody can make it
  const auto n = std::string(255, '\xFF') + '\xFD';
  for (const std::string& e :
       {std::string{"\x01"}, std::string{"\x02"}, std::string{"\x01\x00\x00", 3}, std::string(9, '\xFF')}) {
    EXPECT_FALSE(public_key::rsa(n, e));
  }
}

TEST(PublicKey, OfEcIsOnP256) {
  EXPECT_EQ(refusal(keys::p256_with_parameters, algorithm::es256), "") << "the numbers are those of P-256";
  for (const auto pem : {keys::p384, keys::secp256k1, keys::p256_with_another_generator}) {
    EXPECT_FALSE(public_key::from_pem(pem, algorithm::es256)) << pem;
  }
  EXPECT_EQ(refusal(keys::p384, algorithm::es256), "is on another curve (secp384r1); EC keys are on P-256");
  EXPECT_EQ(public_key::p256(std::string(32, '\1'), std::string(32, '\1')).error().what,
            "is damaged: its numbers are not those of a key");  // no point of the curve
  EXPECT_FALSE(public_key::p256(std::string(32, '\0'), std::string(32, '\0')));
  EXPECT_FALSE(public_key::p256(std::string(31, '\1'), std::string(32, '\1')));
  EXPECT_FALSE(public_key::p256(std::string(33, '\1'), std::string(32, '\1')));
}

TEST(PublicKey, IsOfTheKindThatItsAlgorithmNeeds) {
  EXPECT_EQ(refusal(keys::rsa_public, algorithm::es256), "is an RSA key, which cannot be for ES256");
  EXPECT_EQ(refusal(keys::ec_public), "is an EC key, which cannot be for RS256");
  EXPECT_EQ(refusal(keys::rsa_pss), "is an RSA-PSS key, which cannot be for RS256");
  EXPECT_EQ(refusal(keys::ed25519, algorithm::es256), "is another kind of key, which cannot be for ES256");
}

TEST(PublicKey, IsNoPrivateKeyNorACertificate) {
  for (const auto pem : {keys::rsa_private, keys::ec_private}) {
    EXPECT_EQ(refusal(pem),
              "holds a private key, which belongs to whoever signs; `openssl pkey -in FILE -pubout` gives the public one");
  }
  EXPECT_EQ(refusal(std::string{keys::rsa_public} + std::string{keys::rsa_private}).substr(0, 19), "holds a private key");
  EXPECT_EQ(refusal(keys::rsa_certificate).substr(0, 19), "holds a certificate");
}

TEST(PublicKey, IsOneInAFile) {
  EXPECT_EQ(refusal(std::string{keys::rsa_public} + std::string{keys::other_rsa_public}).substr(0, 23),
            "holds more than one key");
  for (const std::string_view text :
       {"", "not PEM", "-----BEGIN PUBLIC KEY-----\n", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n****\n-----END PUBLIC KEY-----\n"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
}

}  // namespace
}  // namespace haulcast::auth
