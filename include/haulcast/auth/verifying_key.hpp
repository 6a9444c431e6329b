// One key with the one algorithm it is for, by configuration. What a token says decides only whether it is tried.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "haulcast/auth/algorithm.hpp"
#include "haulcast/auth/hmac.hpp"
#include "haulcast/auth/public_key.hpp"

namespace haulcast::auth {

/// Tells keys apart across reloads: of key, algorithm and kid together, as good as random.
using key_id = std::uint64_t;

/// One thread at a time.
class verifying_key {
 public:
  /// HS256. The secret must not be empty.
  explicit verifying_key(std::string_view hs256_secret);
  explicit verifying_key(public_key key, std::optional<std::string> kid = {});

  algorithm alg() const noexcept;
  const std::optional<std::string>& kid() const noexcept { return kid_; }
  key_id id() const noexcept { return id_; }

  bool verify(std::string_view message, std::string_view signature);

 private:
  std::variant<hmac_sha256, public_key> key_;
  std::optional<std::string> kid_;
  key_id id_;
};

}  // namespace haulcast::auth
