#include "haulcast/auth/public_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "openssl_handles.hpp"

namespace haulcast::auth {
namespace {

constexpr int rsa_bits_min = 2048;
constexpr int rsa_bits_max = 8192;  // checking one takes 0.4 ms; a longer one would hold the event loop
constexpr int rsa_exponent_bits_max = 64;
constexpr std::string_view p256_name = "prime256v1";
constexpr std::size_t p256_bytes = 32;

using digest = std::array<unsigned char, 32>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

digest sha256(std::string_view message) {
  digest out{};
  unsigned int size = 0;
  if (EVP_Digest(message.data(), message.size(), out.data(), &size, EVP_sha256(), nullptr) != 1 || size != out.size()) {
    throw std::runtime_error{"OpenSSL could not compute a SHA-256"};
  }
  return out;
}

result<void> check_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < rsa_bits_min) return failure{"has " + std::to_string(bits) + " bits; RSA keys have at least 2048"};
  if (bits > rsa_bits_max) return failure{"has " + std::to_string(bits) + " bits; RSA keys have at most 8192"};
  BIGNUM* read = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &read);
  const handle<BIGNUM, BN_free> exponent{read};
  const bool good = exponent && BN_is_odd(exponent.get()) != 0 && BN_num_bits(exponent.get()) >= 2 &&
                    BN_num_bits(exponent.get()) <= rsa_exponent_bits_max;
  if (!good) return failure{"has an exponent that is even, 1 or over 64 bits; 65537 is the usual one"};
  return {};
}

result<void> check_curve(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  const bool named = EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1;
  const std::string_view curve = named ? std::string_view{name.data(), size} : "one without a name";
  if (curve != p256_name) return failure{"is on another curve (" + std::string{curve} + "); EC keys are on P-256"};
  return {};
}

std::string_view kind_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return "an RSA";
    case EVP_PKEY_RSA_PSS: return "an RSA-PSS";
    case EVP_PKEY_EC: return "an EC";
    default: return "another kind of";
  }
}

result<void> check(EVP_PKEY* key, algorithm alg) {
  const int wanted = alg == algorithm::rs256 ? EVP_PKEY_RSA : EVP_PKEY_EC;
  if (EVP_PKEY_get_base_id(key) != wanted) {
    return failure{"is " + std::string{kind_of(key)} + " key, which cannot be for " + std::string{to_string(alg)}};
  }
  auto good = alg == algorithm::rs256 ? check_rsa(key) : check_curve(key);
  if (!good) return good;
  const handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> testing{EVP_PKEY_CTX_new(key, nullptr)};
  const bool sound = testing && EVP_PKEY_public_check(testing.get()) == 1;
  ERR_clear_error();
  if (!sound) return failure{"is damaged: its numbers are not those of a key"};
  return {};
}

/// r and s side by side, as JWS has them, in the form OpenSSL takes. Nothing unless there are 64 bytes.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * p256_bytes) return {};
  const handle<ECDSA_SIG, ECDSA_SIG_free> pair{ECDSA_SIG_new()};
  BIGNUM* r = BN_bin2bn(bytes_of(signature), p256_bytes, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(signature) + p256_bytes, p256_bytes, nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  std::array<unsigned char, 80> der{};
  auto* end = der.data();
  const int size = i2d_ECDSA_SIG(pair.get(), &end);
  return size > 0 ? std::string{reinterpret_cast<const char*>(der.data()), static_cast<std::size_t>(size)} : std::string{};
}

result<key_handle> key_of_params(const char* kind, OSSL_PARAM_BLD* build) {
  const handle<OSSL_PARAM, OSSL_PARAM_free> params{OSSL_PARAM_BLD_to_param(build)};
  const handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> making{EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr)};
  EVP_PKEY* made = nullptr;
  const bool done = params && making && EVP_PKEY_fromdata_init(making.get()) == 1 &&
                    EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  ERR_clear_error();
  if (!done) return failure{"is damaged: its numbers are not those of a key"};
  return key_handle{made};
}

}  // namespace

struct public_key::state {
  algorithm alg;
  key_handle key;
  handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> checking;  // set up once; a check of its own takes a quarter longer

  static result<public_key> make(key_handle key, algorithm alg) {
    if (auto good = check(key.get(), alg); !good) return good.error();
    handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> checking{EVP_PKEY_CTX_new(key.get(), nullptr)};
    const bool ready = checking && EVP_PKEY_verify_init(checking.get()) == 1 &&
                       (alg != algorithm::rs256 || EVP_PKEY_CTX_set_rsa_padding(checking.get(), RSA_PKCS1_PADDING) == 1) &&
                       EVP_PKEY_CTX_set_signature_md(checking.get(), EVP_sha256()) == 1;
    if (!ready) throw std::runtime_error{"OpenSSL offers no " + std::string{to_string(alg)}};
    return public_key{std::make_unique<state>(state{alg, std::move(key), std::move(checking)})};
  }
};

public_key::public_key(std::unique_ptr<state> s) noexcept : state_{std::move(s)} {}
public_key::~public_key() = default;
public_key::public_key(public_key&&) noexcept = default;
public_key& public_key::operator=(public_key&&) noexcept = default;

result<public_key> public_key::from_pem(std::string_view pem, algorithm alg) {
  auto key = read_public_pem(pem);
  if (!key) return key.error();
  return state::make(std::move(*key), alg);
}

result<public_key> public_key::rsa(std::string_view modulus, std::string_view exponent) {
  constexpr std::size_t bytes_max = 2048;  // of OpenSSL's own bound, so that the sentence about the size is ours
  if (modulus.size() > bytes_max || exponent.size() > bytes_max) return failure{"has numbers of over 2 KiB"};
  const handle<BIGNUM, BN_free> n{BN_bin2bn(bytes_of(modulus), static_cast<int>(modulus.size()), nullptr)};
  const handle<BIGNUM, BN_free> e{BN_bin2bn(bytes_of(exponent), static_cast<int>(exponent.size()), nullptr)};
  const handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build{OSSL_PARAM_BLD_new()};
  if (!n || !e || !build) throw std::bad_alloc{};
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  auto key = key_of_params("RSA", build.get());
  if (!key) return key.error();
  return state::make(std::move(*key), algorithm::rs256);
}

result<public_key> public_key::p256(std::string_view x, std::string_view y) {
  if (x.size() != p256_bytes || y.size() != p256_bytes) return failure{"has coordinates that are not of 32 bytes"};
  const std::string point = '\x04' + std::string{x} + std::string{y};  // uncompressed
  const handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build{OSSL_PARAM_BLD_new()};
  if (!build) throw std::bad_alloc{};
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, p256_name.data(), 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  auto key = key_of_params("EC", build.get());
  if (!key) return key.error();
  return state::make(std::move(*key), algorithm::es256);
}

algorithm public_key::alg() const noexcept { return state_->alg; }

bool public_key::verify(std::string_view message, std::string_view signature) {
  const bool is_rsa = state_->alg == algorithm::rs256;
  if (is_rsa && signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(state_->key.get()))) return false;
  const std::string der = is_rsa ? std::string{} : to_der(signature);
  if (!is_rsa && der.empty()) return false;
  const std::string_view right_form = is_rsa ? signature : std::string_view{der};
  const auto hash = sha256(message);
  const bool good =
      EVP_PKEY_verify(state_->checking.get(), bytes_of(right_form), right_form.size(), hash.data(), hash.size()) == 1;
  if (!good) ERR_clear_error();  // the queue is this thread's, and others would find our refusals in it
  return good;
}

std::string public_key::der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(state_->key.get(), &bytes);
  if (size <= 0) throw std::runtime_error{"OpenSSL could not write a key"};
  std::string out{reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  OPENSSL_free(bytes);
  return out;
}

}  // namespace haulcast::auth
