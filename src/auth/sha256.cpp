#include "haulcast/auth/sha256.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace haulcast::auth {

namespace {

void check(bool done) {
  if (!done) throw std::runtime_error{"OpenSSL could not compute a SHA-256"};
}

}  // namespace

struct sha256::context {
  struct free_algorithm {
    void operator()(EVP_MD* p) const { EVP_MD_free(p); }
  };
  struct free_context {
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  };
  std::unique_ptr<EVP_MD, free_algorithm> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  std::unique_ptr<EVP_MD_CTX, free_context> running{EVP_MD_CTX_new()};
};

sha256::sha256() : context_{std::make_unique<context>()} {
  if (!context_->algorithm || !context_->running) throw std::runtime_error{"OpenSSL offers no SHA-256"};
}

sha256::~sha256() = default;
sha256::sha256(sha256&&) noexcept = default;
sha256& sha256::operator=(sha256&&) noexcept = default;

void sha256::begin() { check(EVP_DigestInit_ex2(context_->running.get(), context_->algorithm.get(), nullptr) == 1); }

void sha256::add(std::string_view piece) { check(EVP_DigestUpdate(context_->running.get(), piece.data(), piece.size()) == 1); }

sha256_digest sha256::end() {
  sha256_digest out{};
  unsigned int size = 0;
  check(EVP_DigestFinal_ex(context_->running.get(), out.data(), &size) == 1 && size == out.size());
  return out;
}

sha256_digest sha256::operator()(std::string_view text) {
  begin();
  add(text);
  return end();
}

}  // namespace haulcast::auth
