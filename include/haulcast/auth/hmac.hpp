// HMAC-SHA-256 with one key, made once and used for every token.
#pragma once

#include <array>
#include <memory>
#include <string_view>

namespace haulcast::auth {

using signature = std::array<unsigned char, 32>;

/// Keeps OpenSSL's context with the key already digested: the one-shot HMAC() looks the algorithm up and digests the key on
/// every call, which costs more than the message itself. One thread at a time. Throws std::runtime_error when OpenSSL has no
/// HMAC-SHA-256 or no memory.
class hmac_sha256 {
 public:
  explicit hmac_sha256(std::string_view key);
  ~hmac_sha256();
  hmac_sha256(hmac_sha256&&) noexcept;
  hmac_sha256& operator=(hmac_sha256&&) noexcept;

  signature sign(std::string_view message);

  /// Takes the same time wherever the first difference is.
  bool verify(std::string_view message, std::string_view claimed_signature);

 private:
  struct context;
  std::unique_ptr<context> context_;
};

}  // namespace haulcast::auth
