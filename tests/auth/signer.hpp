// Whoever issues tokens: signs with a private key, which no part of the server can.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "haulcast/auth/algorithm.hpp"
#include "haulcast/auth/public_key.hpp"

namespace haulcast::auth {

/// One key of an issuer. Test code: throws when OpenSSL does not do what it should.
class signer {
 public:
  explicit signer(std::string_view private_pem);

  /// Of header.payload, as JWS has it: RSA PKCS #1 v1.5, or r and s side by side.
  std::string signature_of(std::string_view signed_text) const;
  /// The same with RSA-PSS, as for PS256.
  std::string pss_signature_of(std::string_view signed_text) const;
  /// A whole token. `header` names an algorithm, which is not looked at.
  std::string token(std::string_view header, std::string_view payload) const;

  /// Its public numbers as a JWK without braces: `"kty":"RSA","n":"...","e":"AQAB"`.
  std::string jwk_members() const;
  std::string public_pem() const;
  bool is_rsa() const noexcept;

 private:
  std::string sign(std::string_view text, int rsa_padding) const;

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace haulcast::auth
