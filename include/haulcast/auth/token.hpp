// A bearer token -> the principal it speaks for, or one of three reasons why not. And the other way round, for `haulcast
// token`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "haulcast/auth/claims.hpp"
#include "haulcast/auth/key_ring.hpp"
#include "haulcast/auth/principal.hpp"
#include "haulcast/auth/subject_list.hpp"
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

/// What a token is judged by. All of it can be replaced while the server runs.
struct token_rules {
  key_ring keys{};
  std::optional<std::string> issuer{};    // `iss` must be this
  std::optional<std::string> audience{};  // `aud` must be or contain this
  seconds leeway{30};                     // for clocks that differ: on `exp` and `nbf`
  subject_list revoked{};                 // their tokens are invalid
};

/// Verifies tokens. Of a stranger's token only the header is parsed before its signature has been found good: it must say
/// which key to try (key_ring says which are). `now` is the server's clock. Owned and called by the event loop, not thread
/// safe. A token seen before costs one look-up and no allocation; its expiry is looked at each time. Failures are not
/// remembered. Never logs; no error holds token text.
class token_verifier {
 public:
  /// 64 MiB are about 100,000 drivers' tokens.
  explicit token_verifier(token_rules rules, std::size_t cache_bytes = std::size_t{64} << 20);

  result<std::shared_ptr<const principal>, token_error> verify(std::string_view token, utc_time now);

  /// The part of verify() that costs a look-up and no more: nothing for a token that has not been believed before.
  std::optional<result<std::shared_ptr<const principal>, token_error>> recall(std::string_view token, utc_time now);

  /// From now on these hold, and what is remembered holds only as far as they allow: tokens of keys that are gone and of
  /// revoked subjects no longer, and with another issuer, audience or leeway all are verified anew. O(1): what is remembered is
  /// looked at when it is next asked for. Gives back the rules of before, which may take long to destroy.
  token_rules replace(token_rules rules);

  bool is_revoked(std::string_view subject) const noexcept { return rules_.revoked.contains(subject); }
  const token_rules& rules() const noexcept { return rules_; }
  const token_cache& cache() const noexcept { return cache_; }

 private:
  result<believed, token_error> verify_anew(std::string_view token, utc_time now) const;
  bool still_holds(const believed& known) const noexcept;
  bool meant_for_us(const claims& said) const;

  token_rules rules_;
  token_cache cache_;
  std::uint32_t version_ = 1;       // of the rules
  std::uint32_t forgotten_at_ = 0;  // what was believed under earlier ones than these is not remembered
};

/// The claims as an HS256 token. It may be longer than a verifier takes: check token_bytes_max where the trucks are many.
std::string mint_token(const claims& what, std::string_view hs256_secret);

}  // namespace haulcast::auth
