// SHA-256 of short texts, again and again.
#pragma once

#include <array>
#include <memory>
#include <string_view>

namespace haulcast::auth {

using sha256_digest = std::array<unsigned char, 32>;

/// Keeps OpenSSL's context: the one-shot call looks the algorithm up and allocates each time, which costs more than the digest
/// of a key. One thread at a time. Throws std::runtime_error when OpenSSL has no SHA-256 or no memory.
class sha256 {
 public:
  sha256();
  ~sha256();
  sha256(sha256&&) noexcept;
  sha256& operator=(sha256&&) noexcept;

  sha256_digest operator()(std::string_view text);

  /// The same of a text that comes piece by piece.
  void begin();
  void add(std::string_view piece);
  sha256_digest end();

 private:
  struct context;
  std::unique_ptr<context> context_;
};

}  // namespace haulcast::auth
