// A bearer token -> the principal it speaks for, or one of three reasons why not. And the other way round, for `haulcast
// token`.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/auth/claims.hpp"
#include "haulcast/auth/hmac.hpp"
#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/token_cache.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::auth {

inline constexpr std::size_t token_bytes_max = 4096;

enum class token_error {
  missing,  // there was none
  expired,  // it was good once
  invalid,  // anything else; which rule it broke is told to nobody
};

/// The code that stands in answers: "token_missing".
std::string_view to_code(token_error error) noexcept;
[[noreturn]] void throw_exception_from_error(token_error error, const boost::source_location& where);

/// Verifies HS256 tokens. The signature is checked before a byte of the token is parsed, so only who holds the secret reaches
/// the JSON parser. `now` is the server's clock. Owned and called by the event loop, not thread safe. A token seen before costs
/// one look-up and no allocation; its expiry is looked at each time. Failures are not remembered. Never logs; no error holds
/// token text.
class token_verifier {
 public:
  struct options {
    std::string hs256_secret;
    std::optional<std::string> issuer{};    // `iss` must be this
    std::optional<std::string> audience{};  // `aud` must be or contain this
    seconds leeway{30};                     // for clocks that differ: on `exp` and `nbf`
    std::size_t cache_bytes = 64U << 20;    // about 100,000 drivers' tokens
  };
  explicit token_verifier(options opts);

  result<std::shared_ptr<const principal>, token_error> verify(std::string_view token, utc_time now);

  /// The part of verify() that costs a look-up and no more: nothing for a token that has not been believed before.
  std::optional<result<std::shared_ptr<const principal>, token_error>> recall(std::string_view token, utc_time now);

  const token_cache& cache() const noexcept { return cache_; }

 private:
  result<std::shared_ptr<const principal>, token_error> verify_anew(std::string_view token, utc_time now);
  bool meant_for_us(const claims& said) const;

  options opts_;
  hmac_sha256 hmac_;
  token_cache cache_;
};

/// The claims as an HS256 token. It may be longer than a verifier takes: check token_bytes_max where the trucks are many.
std::string mint_token(const claims& what, std::string_view hs256_secret);

}  // namespace haulcast::auth
