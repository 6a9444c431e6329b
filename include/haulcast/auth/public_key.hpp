// A public key that checks signatures of one algorithm.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "haulcast/auth/algorithm.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::auth {

/// RSA of 2048 to 8192 bits for RS256, or a point of P-256 for ES256; nothing else ever becomes one. Made by reading, which
/// may take milliseconds (the key is tested); a failure says how a sentence about the key goes on: "has 1024 bits; ...".
///
/// Checking takes about 30 us (RSA of 2048 bits) to 100 us (P-256). One thread at a time.
class public_key {
 public:
  /// One key in PEM: SubjectPublicKeyInfo ("PUBLIC KEY"), or PKCS #1 ("RSA PUBLIC KEY").
  static result<public_key> from_pem(std::string_view pem, algorithm alg);
  /// From the bytes of a JWK's members, most significant first.
  static result<public_key> rsa(std::string_view modulus, std::string_view exponent);
  static result<public_key> p256(std::string_view x, std::string_view y);

  ~public_key();
  public_key(public_key&&) noexcept;
  public_key& operator=(public_key&&) noexcept;

  algorithm alg() const noexcept;

  /// RS256: as many bytes as the modulus has. ES256: exactly 64.
  bool verify(std::string_view message, std::string_view signature);

  /// The same bytes for the same key, however it was read.
  std::string der() const;

 private:
  struct state;
  explicit public_key(std::unique_ptr<state> s) noexcept;

  std::unique_ptr<state> state_;
};

}  // namespace haulcast::auth
