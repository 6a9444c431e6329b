#include "haulcast/auth/verifying_key.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace haulcast::auth {
namespace {

key_id id_of(algorithm alg, const std::optional<std::string>& kid, std::string_view material) {
  std::string text{to_string(alg)};
  text += kid ? ' ' + *kid : std::string{};
  text += '\n';  // in no kid
  text += material;
  std::array<unsigned char, 32> hash{};
  if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error{"OpenSSL could not compute a SHA-256"};
  }
  key_id id = 0;
  std::memcpy(&id, hash.data(), sizeof id);
  return id;
}

}  // namespace

verifying_key::verifying_key(std::string_view hs256_secret)
    : key_{hmac_sha256{hs256_secret}}, id_{id_of(algorithm::hs256, kid_, hs256_secret)} {
  if (hs256_secret.empty()) throw std::invalid_argument{"a key for HS256 needs a secret"};
}

verifying_key::verifying_key(public_key key, std::optional<std::string> kid)
    : key_{std::move(key)}, kid_{std::move(kid)}, id_{id_of(alg(), kid_, std::get<public_key>(key_).der())} {}

algorithm verifying_key::alg() const noexcept {
  const auto* asymmetric = std::get_if<public_key>(&key_);
  return asymmetric == nullptr ? algorithm::hs256 : asymmetric->alg();
}

bool verifying_key::verify(std::string_view message, std::string_view signature) {
  return std::visit([&](auto& key) { return key.verify(message, signature); }, key_);
}

}  // namespace haulcast::auth
