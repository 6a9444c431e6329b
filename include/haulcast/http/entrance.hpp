// The way in: what a credential must be, and how often its bearer may come.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "haulcast/auth/token.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/http/response.hpp"

namespace haulcast::http {

class rate_limits;

/// Copyable; the limits must outlive it. One thread.
class entrance {
 public:
  using verdict = result<std::shared_ptr<const auth::principal>, auth::token_error>;
  /// Whom a credential speaks for.
  using authenticate = std::function<verdict(std::string_view credential)>;
  /// The same, for a look-up: nothing for one that has not been believed before.
  using recall = std::function<std::optional<verdict>(std::string_view credential)>;

  /// Without `check` nobody comes in, without `limits` nothing is counted, without `known` everyone is verified anew.
  explicit entrance(authenticate check = {}, recall known = {}, rate_limits* limits = nullptr)
      : check_{std::move(check)}, known_{std::move(known)}, limits_{limits} {}

  /// Sets the principal of `r`, or gives the answer: 401, or 429. Where too many credentials from one address were not valid,
  /// further ones are not verified, so that forging costs us nothing; those that are known come in all the same, and with them
  /// the phones behind the same address.
  std::optional<response> admit(request& r, std::string_view credential) const;

 private:
  authenticate check_;
  recall known_;
  rate_limits* limits_;
};

/// The answer to who could not say who he is.
response refuse_credential(auth::token_error error);

}  // namespace haulcast::http
