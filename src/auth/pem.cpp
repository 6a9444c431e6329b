#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <optional>
#include <string>

#include "openssl_handles.hpp"

namespace haulcast::auth {
namespace {

struct block {
  std::string label;
  std::string bytes;
};

/// The next block of `from`, whatever text is before it.
std::optional<block> next_block(BIO* from) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long size = 0;
  if (PEM_read_bio(from, &label, &header, &bytes, &size) != 1) return std::nullopt;
  block out{label, {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)}};
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));  // it may be a private key, given by mistake
  return out;
}

result<void> check_label(const std::string& label) {
  if (label.find("PRIVATE KEY") != std::string::npos) {
    return failure{"holds a private key, which belongs to whoever signs; `openssl pkey -in FILE -pubout` gives the public one"};
  }
  if (label.find("CERTIFICATE") != std::string::npos) {
    return failure{"holds a certificate; `openssl x509 -in FILE -pubkey -noout` gives its key"};
  }
  if (label != "PUBLIC KEY" && label != "RSA PUBLIC KEY") {
    return failure{"holds no public key in PEM (-----BEGIN PUBLIC KEY-----)"};
  }
  return {};
}

key_handle key_of(const block& from) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(from.bytes.data());
  const auto* const end = bytes + from.bytes.size();
  const auto size = static_cast<long>(from.bytes.size());
  key_handle key{from.label == "PUBLIC KEY" ? d2i_PUBKEY(nullptr, &bytes, size)
                                            : d2i_PublicKey(EVP_PKEY_RSA, nullptr, &bytes, size)};
  if (bytes != end) key.reset();  // something behind it
  return key;
}

}  // namespace

result<key_handle> read_public_pem(std::string_view pem) {
  const handle<BIO, BIO_free_all> text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  if (!text) throw std::bad_alloc{};
  const auto first = next_block(text.get());
  const auto second = first ? next_block(text.get()) : std::nullopt;
  ERR_clear_error();
  if (!first) return failure{"holds no public key in PEM (-----BEGIN PUBLIC KEY-----)"};
  for (const auto* each : {&*first, second ? &*second : nullptr}) {
    if (each == nullptr) continue;
    if (auto good = check_label(each->label); !good) return good.error();
  }
  if (second) return failure{"holds more than one key; each has a file of its own, or they are in a JWKS"};
  auto key = key_of(*first);
  ERR_clear_error();
  if (!key) return failure{"is damaged: what is in its PEM is not a public key"};
  return key;
}

}  // namespace haulcast::auth
