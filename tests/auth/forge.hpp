// Tokens made by hand, so that each can be wrong in one way.
#pragma once

#include <string>
#include <string_view>

#include "haulcast/auth/base64url.hpp"
#include "haulcast/auth/hmac.hpp"
#include "haulcast/auth/token.hpp"

namespace haulcast::auth {

inline constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";
inline constexpr std::string_view hs256_header = R"({"alg":"HS256","typ":"JWT"})";
inline constexpr utc_time noon = from_epoch_ms(1'800'000'000'000);
inline constexpr std::string_view at_noon = "1800000000";

inline key_ring only(std::string_view hs256_secret) {
  key_ring keys;
  keys.add(verifying_key{hs256_secret}).value();
  return keys;
}

/// `signed_text` as it is, and the right signature for it.
inline std::string sign(std::string signed_text, std::string_view key = secret) {
  const auto signature = hmac_sha256{key}.sign(signed_text);
  return signed_text + "." + to_base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
}

inline std::string forge(std::string_view header, std::string_view payload, std::string_view key = secret) {
  return sign(to_base64url(header) + "." + to_base64url(payload), key);
}

/// A good driver's payload, good for an hour from noon, with something before its end.
inline std::string driver_saying(std::string_view more) {
  return R"({"sub":"D-7","role":"driver","trucks":["TRK-2","TRK-1"],"exp":1800003600)" + std::string{more} + "}";
}

inline std::string driver_token(std::string_view more = "") { return forge(hs256_header, driver_saying(more)); }

}  // namespace haulcast::auth
