#include "haulcast/http/entrance.hpp"

#include "haulcast/http/problem.hpp"
#include "haulcast/http/rate_limits.hpp"

namespace haulcast::http {

std::optional<response> entrance::admit(request& r, const credential& shown) const {
  auto who = known_ ? known_(shown) : std::nullopt;
  if (!who) {
    if (!check_) return refuse(code::token_invalid);
    if (limits_ != nullptr) {
      if (auto refused = limits_->refuse_login(r)) return refused;
    }
    who = check_(shown);
  }
  if (!*who) return refuse_bearer(r, who->error());
  r.principal = std::move(**who);
  return limits_ != nullptr ? limits_->count_request(r) : std::nullopt;
}

response entrance::refuse_bearer(request& r, auth::token_error why) const {
  if (limits_ != nullptr && why == auth::token_error::invalid) {
    if (auto refused = limits_->refuse_login(r)) return std::move(*refused);
    limits_->login_failed(r);
  }
  return refuse_credential(why);
}

}  // namespace haulcast::http
