// The signature algorithms that tokens may have. There are no others: what is not here cannot be configured, nor asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace haulcast::auth {

enum class algorithm : std::uint8_t {
  hs256,  // HMAC with SHA-256: who can check can also sign
  rs256,  // RSA PKCS #1 v1.5 with SHA-256
  es256,  // ECDSA on P-256 with SHA-256, the signature as r and s side by side
};

/// As it stands in tokens and in the configuration: "RS256".
std::string_view to_string(algorithm alg) noexcept;
/// Exactly so, capitals and all.
std::optional<algorithm> algorithm_named(std::string_view name) noexcept;

}  // namespace haulcast::auth
