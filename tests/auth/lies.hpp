// Tokens that lie, at least one for each way in which a token can, made by somebody who knows everything but the private keys
// and the secret, or who has them and breaks a rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forge.hpp"
#include "keys.hpp"
#include "signer.hpp"

namespace haulcast::auth {

struct lie {
  std::string how;
  std::string token;
};

/// For a verifier with the RS256 key "r" and the ES256 key "e", a secret for HS256, and everything else by default. `exp` is a
/// NumericDate at which the token would still hold.
inline std::vector<lie> all_lies(std::string_view hs256_secret, std::string_view exp) {
  const signer rsa{keys::rsa_private};
  const signer other_rsa{keys::other_rsa_private};
  const signer ec{keys::ec_private};
  const signer other_ec{keys::other_ec_private};
  const auto saying = [&](std::string_view more) {
    return R"({"sub":"D-7","role":"admin","exp":)" + std::string{exp} + std::string{more} + "}";
  };
  const auto payload = saying("");
  const auto rs = [&](std::string_view header) { return rsa.token(header, payload); };
  const auto es = [&](std::string_view header) { return ec.token(header, payload); };
  const auto hs = [&](std::string_view header, std::string_view key) { return forge(header, payload, key); };
  const auto claims = [&](std::string_view text) { return rsa.token(R"({"alg":"RS256","kid":"r"})", text); };
  const auto unsigned_of = [&](std::string_view header) { return to_base64url(header) + "." + to_base64url(payload) + "."; };
  const std::string good_rs = rs(R"({"alg":"RS256","kid":"r"})");
  const std::string good_es = es(R"({"alg":"ES256","kid":"e"})");
  const auto with_signature_of = [](const std::string& token, std::string_view signature) {
    return token.substr(0, token.rfind('.') + 1) + to_base64url(signature);
  };
  const std::string own_jwk = "{" + other_rsa.jwk_members() + "}";

  std::vector<lie> all;
  const auto add = [&all](std::string how, std::string token) { all.push_back({std::move(how), std::move(token)}); };

  // No signature.
  for (const auto* none : {"none", "None", "NONE", "nOnE"}) {
    const auto header = R"({"alg":")" + std::string{none} + "\"}";
    add("alg " + std::string{none} + " without signature", unsigned_of(header));
    add("alg " + std::string{none} + " with a good signature", rs(header));
    add("alg " + std::string{none} + " with HMAC", hs(header, hs256_secret));
  }
  add("signature cut off", good_rs.substr(0, good_rs.rfind('.') + 1));
  add("two parts", good_rs.substr(0, good_rs.rfind('.')));
  add("four parts", good_rs + ".e30");
  add("a JWE's five parts", "e30.e30.e30.e30.e30");

  // An algorithm that the key is not for.
  for (const auto key : {keys::rsa_public, keys::ec_public, keys::rsa_public_pkcs1}) {
    add("HS256 with a public key as secret", hs(R"({"alg":"HS256"})", key));
    add("HS256 with a public key as secret, by kid", hs(R"({"alg":"HS256","kid":"r"})", key));
    add("HS256 with a public key as secret, without its last line end",
        hs(R"({"alg":"HS256","kid":"r"})", key.substr(0, key.size() - 1)));
    add("RS256 in the header, HMAC with the public key", hs(R"({"alg":"RS256","kid":"r"})", key));
  }
  add("HS256 with the public key's numbers",
      hs(R"({"alg":"HS256","kid":"r"})", public_key::from_pem(keys::rsa_public, algorithm::rs256)->der()));
  add("HS256 with an empty secret", hs(R"({"alg":"HS256"})", ""));
  add("HS256 with the kid as secret", hs(R"({"alg":"HS256","kid":"r"})", "r"));
  add("RS256 signed with the EC key", es(R"({"alg":"RS256","kid":"r"})"));
  add("RS256 with the EC key's kid", es(R"({"alg":"RS256","kid":"e"})"));
  add("ES256 signed with the RSA key", rs(R"({"alg":"ES256","kid":"e"})"));
  add("ES256 with the RSA key's kid", rs(R"({"alg":"ES256","kid":"r"})"));
  add("the secret's signature under RS256", hs(R"({"alg":"RS256","kid":"r"})", hs256_secret));
  add("the RSA signature under HS256", rs(R"({"alg":"HS256"})"));
  for (const auto* alg : {"PS256", "RS384", "RS512", "ES384", "ES512", "ES256K", "HS384", "HS512", "EdDSA", "RSA1_5", "rs256",
                          "RS256 ", " RS256", "RS256\\u0000", "", "RS", "SHA256"}) {
    add("alg " + std::string{alg}, rs(R"({"alg":")" + std::string{alg} + R"(","kid":"r"})"));
  }
  const auto ps = to_base64url(R"({"alg":"PS256","kid":"r"})") + "." + to_base64url(payload);
  add("PS256, rightly signed", ps + "." + to_base64url(rsa.pss_signature_of(ps)));
  const auto pss = to_base64url(R"({"alg":"RS256","kid":"r"})") + "." + to_base64url(payload);
  add("RS256 with a PSS signature", pss + "." + to_base64url(rsa.pss_signature_of(pss)));
  for (const auto* alg : {"null", "256", "true", R"(["RS256"])", R"({"RS256":1})"}) {
    add("alg " + std::string{alg}, rs(R"({"kid":"r","alg":)" + std::string{alg} + "}"));
  }
  add("no alg", rs(R"({"kid":"r"})"));
  add("alg twice", rs(R"({"alg":"RS256","alg":"RS256","kid":"r"})"));
  add("alg twice, none first", rs(R"({"alg":"none","kid":"r","alg":"RS256"})"));
  add("alg twice, once escaped", rs(R"({"alg":"RS256","\u0061lg":"none","kid":"r"})"));
  add("ALG", rs(R"({"ALG":"RS256","kid":"r"})"));

  // Another's key.
  add("another's RSA key", other_rsa.token(R"({"alg":"RS256","kid":"r"})", payload));
  add("another's RSA key, no kid", other_rsa.token(R"({"alg":"RS256"})", payload));
  add("another's EC key", other_ec.token(R"({"alg":"ES256","kid":"e"})", payload));
  add("another's secret", hs(R"({"alg":"HS256"})", "another secret, also 32 bytes long"));
  add("an expired token of another's key",
      other_rsa.token(R"({"alg":"RS256","kid":"r"})", R"({"sub":"S","role":"admin","exp":1})"));

  // A key that the token brings along, or says where to fetch.
  for (const auto& member :
       {R"("jwk":)" + own_jwk, std::string{R"("jku":"https://evil.example/jwks.json")"},
        std::string{R"("jku":"file:///etc/haulcast/jwks.json")"}, std::string{R"("x5u":"https://evil.example/cert.pem")"},
        std::string{R"("x5c":["MIIB"])"}, std::string{R"("x5t":"AAAA")"}, R"("keys":[)" + own_jwk + "]"}) {
    add("its own key: " + member.substr(0, 12), other_rsa.token(R"({"alg":"RS256",)" + member + "}", payload));
    add("its own key with kid: " + member.substr(0, 12),
        other_rsa.token(R"({"alg":"RS256","kid":"r",)" + member + "}", payload));
  }

  // Tricks with kid: with the right key, so that only the kid is wrong, and as a path to something whose content is known.
  for (const auto* kid :
       {R"("")", R"("unknown")", R"("R")", R"("r ")", R"("e")", R"("../../../../dev/null")", R"("/dev/null")", R"("r\u0000")",
        R"("r\n")", R"("' OR 1=1 --")", R"("r;sleep 5")", "\"$(id)\"", "7", "null", "true", R"(["r"])", R"({"r":1})"}) {
    add("kid " + std::string{kid}, rs(R"({"alg":"RS256","kid":)" + std::string{kid} + "}"));
  }
  add("kid of 300 bytes", rs(R"({"alg":"RS256","kid":")" + std::string(300, 'r') + "\"}"));
  add("kid twice", rs(R"({"alg":"RS256","kid":"r","kid":"r"})"));
  add("kid /dev/null and an empty secret", hs(R"({"alg":"HS256","kid":"/dev/null"})", ""));

  // What must be understood, and is not.
  add("crit", rs(R"({"alg":"RS256","kid":"r","crit":["b64"],"b64":false})"));
  add("crit with something unknown", rs(R"({"alg":"RS256","kid":"r","crit":["x"],"x":1})"));
  add("crit, empty", rs(R"({"alg":"RS256","kid":"r","crit":[]})"));

  // A header that is no header.
  for (const auto* header :
       {"", "{", "[]", "null", "\"RS256\"", R"({"alg":"RS256","kid":"r"}{})", R"({"alg":"RS256","kid":"r",})",
        R"({'alg':'RS256','kid':'r'})", "{\"alg\":\"RS256\",\"kid\":\"r\",\"x\":\"\xC3\x28\"}"}) {
    add("header " + std::string{header}, rs(header));
  }
  add("header of 3 KiB", rs(R"({"alg":"RS256","kid":"r","x":")" + std::string(2100, 'x') + "\"}"));
  add("header that nests deep", rs(R"({"alg":"RS256","kid":"r","x":)" + std::string(900, '[') + std::string(900, ']') + "}"));

  // Signatures.
  add("ES256 in DER", with_signature_of(good_es, "\x30\x06\x02\x01\x01\x02\x01\x01"));
  add("ES256 of zeroes", with_signature_of(good_es, std::string(64, '\0')));
  add("ES256 of ones", with_signature_of(good_es, std::string(64, '\xFF')));
  add("ES256 with 63 bytes", with_signature_of(good_es, std::string(63, '\1')));
  add("ES256 with 65 bytes", with_signature_of(good_es, from_base64url(good_es.substr(good_es.rfind('.') + 1)).value() + '\0'));
  add("RS256 of zeroes", with_signature_of(good_rs, std::string(256, '\0')));
  add("RS256 with a byte too many",
      with_signature_of(good_rs, from_base64url(good_rs.substr(good_rs.rfind('.') + 1)).value() + '\0'));
  add("an empty RS256 signature", with_signature_of(good_rs, ""));

  // Encodings.
  add("padded signature", good_rs + "==");
  add("padded header", sign(to_base64url(hs256_header) + "=." + to_base64url(payload), hs256_secret));
  auto spelled_otherwise = good_es;  // 86 digits for 512 bits: four bits of the last are spare
  spelled_otherwise.back() = 'B';
  add("signature spelled another way", spelled_otherwise);
  add("a line end behind it", good_rs + "\n");
  add("a blank in it", good_rs.substr(0, 10) + " " + good_rs.substr(10));
  add("the other alphabet",
      sign(to_base64url(R"({"alg":"HS256"})") + "." + to_base64url(saying(",\"x\":\"\xC3\xBF\xC3\xBE?~\"")) + "+",
           hs256_secret));
  add("over 4 KiB", claims(saying(",\"x\":\"" + std::string(4000, 'x') + "\"")));

  // Claims, rightly signed.
  add("role twice", claims(saying(R"(,"role":"admin")")));
  add("role twice, once escaped", claims(saying(R"(,"\u0072ole":"driver")")));
  add("sub twice", claims(saying(R"(,"sub":"root")")));
  add("exp twice", claims(saying(R"(,"exp":9999999999)")));
  add("a member twice, deep", claims(saying(R"(,"x":[{"a":1,"a":2}])")));
  for (const auto* text : {R"({"role":"admin","exp":9999999999})",
                           R"({"sub":"S","exp":9999999999})",
                           R"({"sub":"S","role":"admin"})",
                           R"({"sub":7,"role":"admin","exp":9999999999})",
                           R"({"sub":"","role":"admin","exp":9999999999})",
                           R"({"sub":"S","role":"root","exp":9999999999})",
                           R"({"sub":"S","role":["admin"],"exp":9999999999})",
                           R"({"sub":"S","role":"Admin","exp":9999999999})",
                           R"({"sub":"S","role":"admin","exp":"9999999999"})",
                           R"({"sub":"S","role":"admin","exp":1e999})",
                           R"({"sub":"S","role":"admin","exp":-1})",
                           R"({"sub":"S","role":"admin","exp":9999999999000})",
                           R"({"sub":"S","role":"admin","exp":null})",
                           R"({"sub":"S","role":"driver","trucks":"*","exp":9999999999})",
                           R"({"sub":"S","role":"driver","trucks":["*"],"exp":9999999999})",
                           R"({"sub":"S","role":"customer","exp":9999999999})",
                           "[]",
                           "null",
                           "",
                           "{"}) {
    add("claims " + std::string{text}, claims(text));
  }
  for (const auto* more : {R"(,"nbf":9999999998)", R"(,"nbf":"0")", R"(,"iat":"now")", R"(,"iss":7)", R"(,"aud":{"us":1})"}) {
    add("claims with " + std::string{more}, claims(saying(more)));
  }

  // Others' words.
  for (const auto* text : {"a", ".", "..", "...", "null", "Bearer", "e30.e30.e30"}) add(text, text);
  add("payload exchanged",
      good_rs.substr(0, good_rs.find('.') + 1) + to_base64url(saying(R"(,"x":1)")) + good_rs.substr(good_rs.rfind('.')));
  add("header exchanged", to_base64url(R"({"alg":"RS256","kid":"r","x":1})") + good_rs.substr(good_rs.find('.')));
  return all;
}

}  // namespace haulcast::auth
