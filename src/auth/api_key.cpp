#include "haulcast/auth/api_key.hpp"

#include <algorithm>
#include <cstring>

#include "random_text.hpp"

namespace haulcast::auth {

std::optional<std::string> new_api_key() {
  const auto random = random_text(32);
  if (!random) return std::nullopt;
  return std::string{api_key_prefix} + *random;
}

principal to_principal(const api_key& key) {
  principal who{.subject = "key:" + key.name,
                .who = key.who,
                .trucks = key.trucks,
                .customer_id = key.customer_id,
                .merchant_id = key.merchant_id,
                .expires = key.expires.value_or(utc_time::max()),
                .requests_per_s = key.requests_per_s,
                .request_burst = key.request_burst,
                .key_fingerprint = fingerprint_of(key.digest)};
  std::sort(who.trucks.begin(), who.trucks.end());
  who.trucks.erase(std::unique(who.trucks.begin(), who.trucks.end()), who.trucks.end());
  return who;
}

std::uint64_t fingerprint_of(const sha256_digest& digest) noexcept {
  std::uint64_t first;
  std::memcpy(&first, digest.data(), sizeof first);
  return first == 0 ? 1 : first;
}

}  // namespace haulcast::auth
