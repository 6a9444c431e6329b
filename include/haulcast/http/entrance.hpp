// The way in: what a credential must be, and how often its bearer may come.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "haulcast/auth/token.hpp"
#include "haulcast/http/credentials.hpp"
#include "haulcast/http/request.hpp"
#include "haulcast/http/response.hpp"

namespace haulcast::http {

class rate_limits;

/// Copyable; the limits must outlive it. One thread.
class entrance {
 public:
  using verdict = result<std::shared_ptr<const auth::principal>, auth::token_error>;
  /// The same as http::authenticate where that costs no more than a look-up: nothing where it would cost a signature.
  using recall = std::function<std::optional<verdict>(const credential& shown)>;

  /// Without `check` nobody comes in, without `limits` nothing is counted, without `known` everyone is verified anew.
  entrance(http::authenticate check = {}, recall known = {}, rate_limits* limits = nullptr)
      : check_{std::move(check)}, known_{std::move(known)}, limits_{limits} {}

  /// Sets the principal of `r`, or gives the answer: 401, or 429. Where too many credentials from one address were not valid,
  /// further ones are not verified, so that forging costs us nothing; those that are known come in all the same, and with them
  /// the phones behind the same address.
  std::optional<response> admit(request& r, const credential& shown) const;

 private:
  response refuse_bearer(request& r, auth::token_error why) const;

  http::authenticate check_;
  recall known_;
  rate_limits* limits_;
};

}  // namespace haulcast::http
