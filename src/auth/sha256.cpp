#include "haulcast/auth/sha256.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace haulcast::auth {

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

sha256_digest sha256::operator()(std::string_view text) {
  auto* running = context_->running.get();
  sha256_digest out{};
  unsigned int size = 0;
  const bool done = EVP_DigestInit_ex2(running, context_->algorithm.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(running, text.data(), text.size()) == 1 &&
                    EVP_DigestFinal_ex(running, out.data(), &size) == 1 && size == out.size();
  if (!done) throw std::runtime_error{"OpenSSL could not compute a SHA-256"};
  return out;
}

}  // namespace haulcast::auth
