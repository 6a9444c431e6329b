// Our verifier beside other implementations of the same standards, so that it is not only tested against itself: tokens made by
// PyJWT, and cpp-jwt, which makes tokens and checks them.
#include <gtest/gtest.h>

#include <jwt/jwt.hpp>
#include <random>

#include "forge.hpp"
#include "keys.hpp"
#include "signer.hpp"

namespace haulcast::auth {
namespace {

struct kind {
  const char* name;
  std::string_view signs;
  std::string_view checks;
};
const kind kinds[] = {
    {"HS256", secret, secret}, {"RS256", keys::rsa_private, keys::rsa_public}, {"ES256", keys::ec_private, keys::ec_public}};

token_verifier ours() {
  key_ring keys = only(secret);
  keys.add(verifying_key{public_key::from_pem(keys::rsa_public, algorithm::rs256).value()}).value();
  keys.add(verifying_key{public_key::from_pem(keys::ec_public, algorithm::es256).value()}).value();
  return token_verifier{{.keys = std::move(keys)}};
}

bool they_believe(const kind& k, const std::string& token) {
  std::error_code wrong;
  try {
    const auto read = jwt::decode(token, jwt::params::algorithms({k.name}), wrong, jwt::params::secret(std::string{k.checks}),
                                  jwt::params::verify(true));
    return !wrong;
  } catch (const std::exception&) {
    return false;
  }
}

std::string made_by_them(const kind& k, const std::string& subject) {
  jwt::jwt_object token{jwt::params::algorithm(k.name), jwt::params::secret(std::string{k.signs})};
  token.add_claim("sub", subject).add_claim("role", "admin").add_claim("exp", std::uint64_t{9'999'999'999});
  return token.signature();
}

std::string made_by_us(const kind& k, std::string_view payload) {
  const auto header = R"({"alg":")" + std::string{k.name} + R"(","typ":"JWT"})";
  return k.signs == secret ? forge(header, payload) : signer{k.signs}.token(header, payload);
}

TEST(OtherLibraries, PyJwtMakesTokensThatWeBelieve) {  // 2.6: jwt.encode({...}, key, "RS256", headers={"kid": "r"})
  for (const std::string_view token :
       {std::string_view{
            "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiJELTciLCJyb2xlIjoiY3VzdG9tZXIiLCJjdXN0b21lcl9pZCI"
            "6IkMtMSIsImlhdCI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAzNjAwfQ.5SVmApy37Em_-tzJ50JxHqSPDHon6Fm7LT0wRZMHcrpQRYQAvn0KkB"
            "8sSJACJVDNUdh5W9wzJ93whoLECgE71WvFy1BzMOHMsmC0xqAu0_UUOG6-p6IbKZzCh8MzB3i64LvNcuuqLsbWxlCh5RRC5XxwobWBU-AlwmOT"
            "gdXVycW-NaZvQ8y0HVqYGkQ42sT1wCfWFv_km997OYPmnogQnC63OAVhFIwZE21yTGT4qs3Wd27f2lp-TUWv4MQu118VZ_yN_koif3_MTta1kV"
            "2-9GESgLhjafco32J_WZPFpWcTH-jHV1Qsh7TEpy5-GDY5qJMa-lBpqDUqRIByqmcEMg"},
        std::string_view{
            "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiJELTciLCJyb2xlIjoiY3VzdG9tZXIiLCJjdXN0b21lcl9pZCI"
            "6IkMtMSIsImlhdCI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAzNjAwfQ.tjVg7SEokfjPdDsJYJC0rMI6ClJ4vBnd7CpXCazbNIEzc4X6aKf6VM"
            "sG7hwAeDezbR2FWvcAfRjoX_2GjUTQIw"}}) {
    auto verifier = ours();
    EXPECT_EQ(verifier.verify(token, noon).value()->customer_id, "C-1");
  }
}

TEST(OtherLibraries, CppJwtMakesTokensThatWeBelieveAndBelievesOurs) {
  auto verifier = ours();
  for (const auto& k : kinds) {
    for (std::size_t length = 1; length <= 12; ++length) {  // every length of what base64 leaves over
      const std::string subject(length, 's');
      const auto theirs = made_by_them(k, subject);
      EXPECT_EQ(verifier.verify(theirs, noon).value()->subject, subject) << k.name;
      const auto own = made_by_us(k, R"({"sub":")" + subject + R"(","role":"admin","exp":9999999999})");
      EXPECT_TRUE(they_believe(k, own)) << k.name << own;
      EXPECT_TRUE(verifier.verify(own, noon)) << k.name;
    }
  }
}

TEST(OtherLibraries, NothingThatCppJwtRefusesIsBelievedByUs) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::minstd_rand dice{7};
  auto verifier = ours();
  std::size_t believed_by_them_alone = 0;
  for (const auto& k : kinds) {
    const auto good = made_by_them(k, "D-7");
    for (int i = 0; i < 300; ++i) {  // one digit changed, wherever; dots stay, without which cpp-jwt reads beyond the text
      auto changed = good;
      const auto place = dice() % changed.size();
      if (changed[place] == '.') continue;
      changed[place] = digits[dice() % digits.size()];
      const bool by_us = verifier.verify(changed, noon).has_value();
      const bool by_them = they_believe(k, changed);
      EXPECT_TRUE(by_them || !by_us) << k.name << " " << changed;
      EXPECT_EQ(by_us, changed == good) << k.name << " " << changed;
      if (by_them && !by_us) ++believed_by_them_alone;
    }
  }
  RecordProperty("believed_by_cpp_jwt_alone", static_cast<int>(believed_by_them_alone));
}

TEST(OtherLibraries, ATokenOfOneKeyIsNotBelievedWithAnotherByEither) {
  for (const auto& made : kinds) {
    const auto token = made_by_them(made, "D-7");
    for (const auto& k : kinds) EXPECT_EQ(they_believe(k, token), k.name == made.name) << made.name << " with " << k.name;
  }
}

}  // namespace
}  // namespace haulcast::auth
