#include "signer.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <vector>

#include "haulcast/auth/base64url.hpp"

namespace haulcast::auth {
namespace {

void must(bool done) {
  if (!done) throw std::runtime_error{"OpenSSL does not sign"};
}

std::string number(const BIGNUM* n, int bytes) {
  std::string out(static_cast<std::size_t>(bytes), '\0');
  must(BN_bn2binpad(n, reinterpret_cast<unsigned char*>(out.data()), bytes) == bytes);
  return out;
}

std::string number(const EVP_PKEY* key, const char* name, int bytes = 0) {
  BIGNUM* n = nullptr;
  must(EVP_PKEY_get_bn_param(key, name, &n) == 1);
  auto out = number(n, bytes > 0 ? bytes : BN_num_bytes(n));
  BN_free(n);
  return out;
}

std::string raw(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
  must(pair != nullptr);
  auto out = number(ECDSA_SIG_get0_r(pair), 32) + number(ECDSA_SIG_get0_s(pair), 32);
  ECDSA_SIG_free(pair);
  return out;
}

}  // namespace

signer::signer(std::string_view private_pem) {
  BIO* text = BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size()));
  key_ = {PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr), EVP_PKEY_free};
  BIO_free(text);
  must(key_ != nullptr);
}

bool signer::is_rsa() const noexcept { return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA; }

std::string signer::sign(std::string_view text, int rsa_padding) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  EVP_PKEY_CTX* options = nullptr;
  must(EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, key_.get()) == 1);
  if (is_rsa()) must(EVP_PKEY_CTX_set_rsa_padding(options, rsa_padding) == 1);
  if (rsa_padding == RSA_PKCS1_PSS_PADDING) must(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32) == 1);
  std::size_t size = 1024;
  std::string out(size, '\0');
  must(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                      reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  out.resize(size);
  return out;
}

std::string signer::signature_of(std::string_view signed_text) const {
  const auto made = sign(signed_text, RSA_PKCS1_PADDING);
  return is_rsa() ? made : raw(made);
}

std::string signer::pss_signature_of(std::string_view signed_text) const { return sign(signed_text, RSA_PKCS1_PSS_PADDING); }

std::string signer::token(std::string_view header, std::string_view payload) const {
  const auto text = to_base64url(header) + "." + to_base64url(payload);
  return text + "." + to_base64url(signature_of(text));
}

std::string signer::jwk_members() const {
  const auto* key = key_.get();
  if (is_rsa()) {
    return R"("kty":"RSA","n":")" + to_base64url(number(key, OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")" +
           to_base64url(number(key, OSSL_PKEY_PARAM_RSA_E)) + '"';
  }
  return R"("kty":"EC","crv":"P-256","x":")" + to_base64url(number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32)) + R"(","y":")" +
         to_base64url(number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32)) + '"';
}

std::string signer::public_pem() const {
  BIO* out = BIO_new(BIO_s_mem());
  must(PEM_write_bio_PUBKEY(out, key_.get()) == 1);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out, &text);
  std::string pem{text, static_cast<std::size_t>(size)};
  BIO_free(out);
  return pem;
}

}  // namespace haulcast::auth
