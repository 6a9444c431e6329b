#include "haulcast/auth/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstddef>
#include <stdexcept>

namespace haulcast::auth {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

struct hmac_sha256::context {
  struct free_mac {
    void operator()(EVP_MAC* p) const { EVP_MAC_free(p); }
  };
  struct free_context {
    void operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }
  };
  std::unique_ptr<EVP_MAC, free_mac> mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::unique_ptr<EVP_MAC_CTX, free_context> keyed{mac ? EVP_MAC_CTX_new(mac.get()) : nullptr};
};

hmac_sha256::hmac_sha256(std::string_view key) : context_{std::make_unique<context>()} {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  // OpenSSL reads a null key as "the key of before", so an empty key must not be one.
  const auto* bytes = bytes_of(key.empty() ? std::string_view{""} : key);
  if (!context_->keyed || EVP_MAC_init(context_->keyed.get(), bytes, key.size(), params) != 1) {
    throw std::runtime_error{"OpenSSL offers no HMAC-SHA-256"};
  }
}

hmac_sha256::~hmac_sha256() = default;
hmac_sha256::hmac_sha256(hmac_sha256&&) noexcept = default;
hmac_sha256& hmac_sha256::operator=(hmac_sha256&&) noexcept = default;

signature hmac_sha256::sign(std::string_view message) {
  auto* keyed = context_->keyed.get();
  signature out{};
  std::size_t size = 0;
  const bool done = EVP_MAC_init(keyed, nullptr, 0, nullptr) == 1 &&
                    EVP_MAC_update(keyed, bytes_of(message), message.size()) == 1 &&
                    EVP_MAC_final(keyed, out.data(), &size, out.size()) == 1 && size == out.size();
  if (!done) throw std::runtime_error{"OpenSSL could not compute an HMAC"};
  return out;
}

bool hmac_sha256::verify(std::string_view message, std::string_view claimed_signature) {
  const auto right = sign(message);
  return claimed_signature.size() == right.size() && CRYPTO_memcmp(right.data(), claimed_signature.data(), right.size()) == 0;
}

}  // namespace haulcast::auth
