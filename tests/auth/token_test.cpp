#include "haulcast/auth/token.hpp"

#include <gtest/gtest.h>

#include "forge.hpp"

namespace haulcast::auth {
namespace {

using namespace std::chrono_literals;

/// "" when the token is good, else the code.
std::string refusal(std::string_view token, token_rules rules = {}, utc_time now = noon) {
  if (rules.keys.empty()) rules.keys = only(secret);
  token_verifier verifier{std::move(rules)};
  const auto verified = verifier.verify(token, now);
  return verified ? "" : std::string{to_code(verified.error())};
}

std::string refusal_of_payload(std::string_view payload) { return refusal(forge(hs256_header, payload)); }
std::string refusal_of_header(std::string_view header) { return refusal(forge(header, driver_saying(""))); }

claims good_claims(role who) { return {.subject = "S-1", .who = who, .issued_at = noon, .expires = noon + 1h}; }

TEST(Token, OfADriverNamesSubjectAndTrucks) {
  token_verifier verifier{{.keys = only(secret)}};
  const auto who = verifier.verify(driver_token(), noon).value();
  EXPECT_EQ(who->subject, "D-7");
  EXPECT_EQ(who->who, role::driver);
  EXPECT_EQ(who->trucks, (std::vector<std::string>{"TRK-1", "TRK-2"}));  // sorted
  EXPECT_EQ(who->expires, noon + 1h + 30s);
}

TEST(Token, AsMintedIsVerified) {
  auto said = good_claims(role::merchant);
  said.merchant_id = "M-1";
  said.issuer = "here";
  said.audience = {"apps"};
  token_verifier verifier{{.keys = only(secret), .issuer = "here", .audience = "apps"}};
  const auto who = verifier.verify(mint_token(said, secret), noon).value();
  EXPECT_EQ(who->who, role::merchant);
  EXPECT_EQ(who->merchant_id, "M-1");
  EXPECT_TRUE(who->trucks.empty());
}

TEST(Token, MadeByAnotherLibraryIsVerified) {  // python3-jwt 2.6: jwt.encode({...}, secret, "HS256")
  constexpr auto token =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      "eyJzdWIiOiJDLTciLCJyb2xlIjoiY3VzdG9tZXIiLCJjdXN0b21lcl9pZCI6IkMtMSIsImlhdCI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAzNjAwfQ."
      "77eNyIkf7lNB3NeZMkHgiwADRyGWVGHSunbpt-pckCw";
  token_verifier verifier{{.keys = only(secret)}};
  EXPECT_EQ(verifier.verify(token, noon).value()->customer_id, "C-1");
}

TEST(Token, ThatIsNotThereIsMissing) { EXPECT_EQ(refusal(""), "token_missing"); }

TEST(Token, HoldsUntilItsExpiryAndTheLeewayArePast) {
  const auto last = noon + 1h + 30s - 1ms;
  EXPECT_EQ(refusal(driver_token(), {}, last), "");
  EXPECT_EQ(refusal(driver_token(), {}, last + 1ms), "token_expired");
  EXPECT_EQ(refusal(driver_token(), {}, last + 2ms), "token_expired");
  EXPECT_EQ(refusal(driver_token(), {.keys = {}, .leeway = 0s}, noon + 1h), "token_expired");
}

TEST(Token, HoldsFromItsNotBeforeLessTheLeeway) {
  const auto token = driver_token(R"(,"nbf":1800000100)");
  EXPECT_EQ(refusal(token, {}, noon + 70s), "");
  EXPECT_EQ(refusal(token, {}, noon + 70s - 1ms), "token_invalid");
}

TEST(Token, OfAnotherSecretIsInvalid) {
  EXPECT_EQ(refusal(forge(hs256_header, driver_saying(""), "another secret, also 32 bytes long")), "token_invalid");
}

TEST(Token, WithAnyBitChangedIsInvalid) {
  const auto good = driver_token();
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(refusal(changed), "token_invalid") << i;
  }
}

TEST(Token, ThatIsExpiredAndForgedIsInvalid) {  // a stranger learns nothing about a token
  EXPECT_EQ(refusal(forge(hs256_header, driver_saying(""), "wrong"), {}, noon + 48h), "token_invalid");
}

TEST(Token, NotOfThreePartsIsInvalid) {
  const auto good = driver_token();
  for (const std::string& token : {good.substr(0, good.rfind('.')), good + ".", good + ".e30", "." + good, std::string{"."},
                                   std::string{".."}, std::string{"a"}, " " + good, good + " "}) {
    EXPECT_EQ(refusal(token), "token_invalid") << token;
  }
}

TEST(Token, WithoutItsSignatureIsInvalid) {
  const auto good = driver_token();
  EXPECT_EQ(refusal(good.substr(0, good.rfind('.') + 1)), "token_invalid");
  const auto unsigned_text = to_base64url(R"({"alg":"none"})") + "." + to_base64url(driver_saying(""));
  EXPECT_EQ(refusal(unsigned_text + "."), "token_invalid");
}

TEST(Token, OfUpTo4KiBIsRead) {
  std::string padding;
  const auto of = [&] { return driver_token(R"(,"x":")" + padding + "\""); };
  while (of().size() < token_bytes_max) padding += 'x';
  ASSERT_LE(of().size(), token_bytes_max + 2);
  while (of().size() > token_bytes_max) padding.pop_back();
  EXPECT_EQ(refusal(of()), "");
  padding += "xxx";
  ASSERT_GT(of().size(), token_bytes_max);
  EXPECT_EQ(refusal(of()), "token_invalid");
}

TEST(Token, PaddedOrWrittenAnotherWayIsInvalid) {
  const auto header = to_base64url(hs256_header);
  auto payload = to_base64url(driver_saying(R"(,"x":1)"));
  ASSERT_EQ(payload.size() % 4, 2U);  // so that two = belong at its end, and its last digit has four spare bits
  EXPECT_EQ(refusal(sign(header + "." + payload)), "");
  EXPECT_EQ(refusal(sign(header + "." + payload + "==")), "token_invalid");
  EXPECT_EQ(refusal(sign(header + "=." + payload)), "token_invalid");
  payload.back() = static_cast<char>(payload.back() + 1);
  EXPECT_EQ(refusal(sign(header + "." + payload)), "token_invalid");
  EXPECT_EQ(refusal(driver_token() + "="), "token_invalid");
}

TEST(Token, WithASignatureSpelledAnotherWayIsInvalid) {
  auto token = driver_token();  // 43 digits for 256 bits: two bits of the last are spare
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  token.back() = digits[digits.find(token.back()) + 1];
  EXPECT_EQ(refusal(token), "token_invalid");
}

TEST(TokenHeader, AsksForExactlyHs256) {
  EXPECT_EQ(refusal_of_header(R"({"alg":"HS256"})"), "");
  EXPECT_EQ(refusal_of_header(R"({"alg":"HS256","kid":"k1","typ":"at+jwt"})"), "");
  for (const auto* header :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"hs256"})", R"({"alg":"HS384"})", R"({"alg":"HS512"})",
        R"({"alg":"RS256"})", R"({"alg":"ES256"})", R"({"alg":""})", R"({"alg":null})", R"({"alg":["HS256"]})",
        R"({"alg":256})", R"({})", R"({"typ":"JWT"})", R"({"ALG":"HS256"})"}) {
    EXPECT_EQ(refusal_of_header(header), "token_invalid") << header;
  }
}

TEST(TokenHeader, ThatMustBeUnderstoodIsRefused) {
  EXPECT_EQ(refusal_of_header(R"({"alg":"HS256","crit":["b64"],"b64":false})"), "token_invalid");
  EXPECT_EQ(refusal_of_header(R"({"alg":"HS256","crit":[]})"), "token_invalid");
}

TEST(TokenHeader, RepeatingAMemberIsRefused) {
  EXPECT_EQ(refusal_of_header(R"({"alg":"HS256","alg":"HS256"})"), "token_invalid");
  EXPECT_EQ(refusal_of_header(R"({"alg":"none","alg":"HS256"})"), "token_invalid");
}

TEST(TokenHeader, ThatIsNoObjectIsRefused) {
  for (const auto* header : {"", "[]", "\"HS256\"", "null", "{", R"({"alg":"HS256"}x)", R"({"alg":"HS256",})"}) {
    EXPECT_EQ(refusal_of_header(header), "token_invalid") << header;
  }
}

TEST(TokenPayload, RepeatingAMemberIsRefusedAtAnyDepth) {
  EXPECT_EQ(refusal_of_payload(driver_saying(R"(,"role":"admin")")), "token_invalid");
  EXPECT_EQ(refusal_of_payload(driver_saying(R"(,"ro\u006Ce":"admin")")), "token_invalid");
  EXPECT_EQ(refusal_of_payload(driver_saying(R"(,"x":[{"a":1,"a":2}])")), "token_invalid");
  EXPECT_EQ(refusal_of_payload(driver_saying(R"(,"x":[{"a":1},{"a":2}],"y":{"x":{"x":1}})")), "");
}

TEST(TokenPayload, NestsEightDeepAtMost) {
  const auto nested = [](std::size_t depth) {  // in an object already, which is the first
    return refusal_of_payload(driver_saying(",\"x\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']')));
  };
  EXPECT_EQ(nested(7), "");
  EXPECT_EQ(nested(8), "");
  EXPECT_EQ(nested(9), "token_invalid");
  EXPECT_EQ(nested(1200), "token_invalid");
}

TEST(TokenPayload, ThatIsNoObjectOfGoodUtf8IsRefused) {
  for (const std::string& payload :
       {std::string{}, std::string{"[]"}, std::string{"null"}, std::string{"{"}, driver_saying("") + "{}",
        driver_saying(",\"x\":\"\xC3\x28\""), driver_saying(",\"x\":NaN"), driver_saying(",")}) {
    EXPECT_EQ(refusal_of_payload(payload), "token_invalid") << payload;
  }
}

TEST(TokenPayload, NeedsASubjectOfPlainText) {
  const auto with = [](std::string_view subject) {
    return refusal_of_payload(R"({"role":"admin","exp":1800003600,"sub":)" + std::string{subject} + "}");
  };
  EXPECT_EQ(with(R"("Zoë ☃ of the depot")"), "");
  for (const auto* subject :
       {R"("")", R"("a\u0000b")", R"("a\nb")", R"("\u001f")", R"("\u007f")", "7", "null", R"(["S"])", "true"}) {
    EXPECT_EQ(with(subject), "token_invalid") << subject;
  }
  EXPECT_EQ(refusal_of_payload(R"({"role":"admin","exp":1800003600})"), "token_invalid");
}

TEST(TokenPayload, NeedsOneOfTheFourRoles) {
  const auto with = [](std::string_view role) {
    return refusal_of_payload(R"({"sub":"S","exp":1800003600,"customer_id":"C","merchant_id":"M","role":)" + std::string{role} +
                              "}");
  };
  for (const auto* role : {R"("driver")", R"("customer")", R"("merchant")", R"("admin")"}) EXPECT_EQ(with(role), "") << role;
  for (const auto* role : {R"("Admin")", R"("root")", R"("")", R"(["admin"])", "null", "1", R"("admin\u0000")"}) {
    EXPECT_EQ(with(role), "token_invalid") << role;
  }
  EXPECT_EQ(refusal_of_payload(R"({"sub":"S","exp":1800003600})"), "token_invalid");
}

TEST(TokenPayload, NeedsAnExpiryThatAClockCanShow) {
  const auto with = [](std::string_view exp) {
    return refusal_of_payload(R"({"sub":"S","role":"admin","exp":)" + std::string{exp} + "}");
  };
  for (const auto* exp : {"1800003600", "1800003600.5", "1.8000036e9", "253402300799"}) EXPECT_EQ(with(exp), "") << exp;
  EXPECT_EQ(with("0"), "token_expired");
  for (const auto* exp : {"253402300800", "1800003600000", "1e308", "1e999", "-1", "-1800003600", "18446744073709551616",
                          "9223372036854775807", "\"1800003600\"", "null", "true", "[1800003600]"}) {
    EXPECT_EQ(with(exp), "token_invalid") << exp;
  }
  EXPECT_EQ(refusal_of_payload(R"({"sub":"S","role":"admin"})"), "token_invalid");
}

TEST(TokenPayload, HasTimesThatAreNumbers) {
  EXPECT_EQ(refusal_of_payload(driver_saying(R"(,"iat":1800000000,"nbf":1800000000)")), "");
  for (const auto* more :
       {R"(,"iat":"1800000000")", R"(,"nbf":"1800000000")", R"(,"nbf":null)", R"(,"iat":1e300)", R"(,"nbf":-1)"}) {
    EXPECT_EQ(refusal_of_payload(driver_saying(more)), "token_invalid") << more;
  }
}

TEST(TokenPayload, WithoutTrucksMeansNone) {
  token_verifier verifier{{.keys = only(secret)}};
  const auto who = verifier.verify(forge(hs256_header, R"({"sub":"S","role":"driver","exp":1800003600})"), noon).value();
  EXPECT_TRUE(who->trucks.empty());
  EXPECT_FALSE(who->may_post_for("TRK-1"));
}

TEST(TokenPayload, ListsTrucksByTheirIds) {
  const auto with = [](std::string_view trucks) {
    return refusal_of_payload(R"({"sub":"S","role":"driver","exp":1800003600,"trucks":)" + std::string{trucks} + "}");
  };
  for (const auto* trucks : {"[]", R"(["TRK-1"])", R"(["TRK-1","TRK-1"])"}) EXPECT_EQ(with(trucks), "") << trucks;
  for (const auto* trucks :
       {R"("TRK-1")", "null", "{}", "[1]", R"([""])", R"(["*"])", R"(["a b"])", R"(["TRK-1",null])", R"([["TRK-1"]])"}) {
    EXPECT_EQ(with(trucks), "token_invalid") << trucks;
  }
}

TEST(TokenPayload, OfADriverIgnoresOtherScopesAndOfOthersIgnoresTrucks) {
  token_verifier verifier{{.keys = only(secret)}};
  EXPECT_EQ(verifier.verify(driver_token(R"(,"customer_id":"C-1")"), noon).value()->customer_id, "");
  const auto payload = R"({"sub":"S","role":"customer","customer_id":"C-1","trucks":["TRK-1"],"exp":1800003600})";
  EXPECT_FALSE(verifier.verify(forge(hs256_header, payload), noon).value()->may_see_truck("TRK-1"));
}

TEST(TokenPayload, OfCustomerOrMerchantNamesWhich) {
  const auto with = [](std::string_view more) {
    return refusal_of_payload(R"({"sub":"S","exp":1800003600)" + std::string{more} + "}");
  };
  EXPECT_EQ(with(R"(,"role":"customer","customer_id":"C-1")"), "");
  EXPECT_EQ(with(R"(,"role":"merchant","merchant_id":"M-1")"), "");
  for (const auto* more : {R"(,"role":"customer")", R"(,"role":"merchant")", R"(,"role":"customer","merchant_id":"M-1")",
                           R"(,"role":"customer","customer_id":"")", R"(,"role":"customer","customer_id":7)",
                           R"(,"role":"merchant","merchant_id":"a b")", R"(,"role":"merchant","merchant_id":null)"}) {
    EXPECT_EQ(with(more), "token_invalid") << more;
  }
}

TEST(TokenPayload, IsFromTheConfiguredIssuer) {
  const token_rules rules{.keys = only(secret), .issuer = "here"};
  EXPECT_EQ(refusal(driver_token(R"(,"iss":"here")"), rules), "");
  EXPECT_EQ(refusal(driver_token(R"(,"iss":"there")"), rules), "token_invalid");
  EXPECT_EQ(refusal(driver_token(), rules), "token_invalid");
  EXPECT_EQ(refusal(driver_token(R"(,"iss":"there")")), "");  // none configured, none asked for
  EXPECT_EQ(refusal(driver_token(R"(,"iss":7)")), "token_invalid");
}

TEST(TokenPayload, IsForTheConfiguredAudience) {
  const token_rules rules{.keys = only(secret), .audience = "us"};
  EXPECT_EQ(refusal(driver_token(R"(,"aud":"us")"), rules), "");
  EXPECT_EQ(refusal(driver_token(R"(,"aud":["them","us"])"), rules), "");
  for (const auto* more :
       {"", R"(,"aud":"them")", R"(,"aud":[])", R"(,"aud":["them"])", R"(,"aud":"us ")", R"(,"aud":["us",7])"}) {
    EXPECT_EQ(refusal(driver_token(more), rules), "token_invalid") << more;
  }
  EXPECT_EQ(refusal(driver_token(R"(,"aud":"them")")), "");
  EXPECT_EQ(refusal(driver_token(R"(,"aud":{"us":1})")), "token_invalid");
}

TEST(TokenVerifier, RemembersGoodTokensAndNoOthers) {
  token_verifier verifier{{.keys = only(secret)}};
  const auto first = verifier.verify(driver_token(), noon).value();
  EXPECT_EQ(verifier.verify(driver_token(), noon + 1s).value(), first);  // the very same principal
  (void)verifier.verify(driver_token() + "x", noon);
  (void)verifier.verify(driver_token(R"(,"exp":1)"), noon);
  EXPECT_EQ(verifier.cache().size(), 1U);
}

TEST(TokenVerifier, ForgetsARememberedTokenWhenItExpires) {
  token_verifier verifier{{.keys = only(secret)}};
  ASSERT_TRUE(verifier.verify(driver_token(), noon));
  EXPECT_TRUE(verifier.verify(driver_token(), noon + 1h + 30s - 1ms));
  EXPECT_EQ(verifier.verify(driver_token(), noon + 1h + 30s).error(), token_error::expired);
  EXPECT_EQ(verifier.cache().size(), 0U);
  EXPECT_EQ(verifier.verify(driver_token(), noon + 1h + 30s).error(), token_error::expired);
}

TEST(TokenVerifier, TellsARememberedTokenFromOneWithItsSignature) {
  token_verifier verifier{{.keys = only(secret)}};
  const auto good = driver_token();
  ASSERT_TRUE(verifier.verify(good, noon));
  const auto stolen = to_base64url(hs256_header) + "." + to_base64url(R"({"sub":"S","role":"admin","exp":1800003600})");
  EXPECT_EQ(verifier.verify(stolen + good.substr(good.rfind('.')), noon).error(), token_error::invalid);
}

TEST(TokenVerifier, RecallsWhatItHasBelievedAndVerifiesNothing) {
  token_verifier verifier{{.keys = only(secret)}};
  EXPECT_FALSE(verifier.recall(driver_token(), noon)) << "good, but nobody has looked yet";
  ASSERT_TRUE(verifier.verify(driver_token(), noon));
  EXPECT_TRUE(verifier.recall(driver_token(), noon).value());
  EXPECT_FALSE(verifier.recall(driver_token() + "x", noon));
  EXPECT_EQ(verifier.recall(driver_token(), noon + 1h + 30s).value().error(), token_error::expired);
  EXPECT_FALSE(verifier.recall(driver_token(), noon + 1h + 30s)) << "forgotten then";
}

}  // namespace
}  // namespace haulcast::auth
