#include "haulcast/http/entrance.hpp"

#include "haulcast/http/problem.hpp"
#include "haulcast/http/rate_limits.hpp"

namespace haulcast::http {

std::optional<response> entrance::admit(request& r, std::string_view credential) const {
  auto who = known_ ? known_(credential) : std::nullopt;
  if (!who) {
    if (!check_) return refuse(code::token_invalid);
    if (limits_ != nullptr) {
      if (auto refused = limits_->refuse_login(r)) return refused;
    }
    who = check_(credential);
    if (limits_ != nullptr && !*who && who->error() == auth::token_error::invalid) limits_->login_failed(r);
  }
  if (!*who) return refuse_credential(who->error());
  r.principal = std::move(**who);
  return limits_ != nullptr ? limits_->count_request(r) : std::nullopt;
}

response refuse_credential(auth::token_error error) {
  switch (error) {
    case auth::token_error::missing: return refuse(code::token_missing);
    case auth::token_error::expired: return refuse(code::token_expired);
    case auth::token_error::invalid: break;
  }
  return refuse(code::token_invalid);
}

}  // namespace haulcast::http
