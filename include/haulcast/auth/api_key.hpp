// Keys for machines: what is stored of one, and how a new one comes about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/sha256.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::auth {

/// What a key begins with, so that scanners find one that was published by mistake.
inline constexpr std::string_view api_key_prefix = "hk_";
inline constexpr std::size_t api_key_bytes = 46;  // the prefix and base64url of 256 random bits
inline constexpr std::size_t api_keys_max = 10'000;
inline constexpr std::size_t api_key_trucks_max = 1000;

/// A key without the key: that is known to its holder alone, and is as hard to find from its digest as to guess. Ids are valid
/// ids; the name is one too.
struct api_key {
  std::string name;  // the principal's subject is `key:` and this
  sha256_digest digest{};
  role who = role::driver;
  std::vector<std::string> trucks{};
  std::string customer_id{};
  std::string merchant_id{};
  double requests_per_s = 0;  // as in a principal
  std::uint32_t request_burst = 0;
  utc_time created{};                 // whole seconds
  std::optional<utc_time> expires{};  // whole seconds; none: never
};

/// `hk_` and base64url of 256 random bits. Nothing when the kernel has none.
std::optional<std::string> new_api_key();

/// The form alone. O(1).
constexpr bool looks_like_api_key(std::string_view text) noexcept {
  return text.size() == api_key_bytes && text.starts_with(api_key_prefix);
}

/// Whom a key speaks for. Without an end it holds until utc_time::max().
principal to_principal(const api_key& key);

/// What of a principal says by which key it came in: see principal::key_fingerprint.
std::uint64_t fingerprint_of(const sha256_digest& digest) noexcept;

}  // namespace haulcast::auth
