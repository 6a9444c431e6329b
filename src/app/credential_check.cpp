#include "haulcast/app/credential_check.hpp"

#include <utility>

namespace haulcast::app {

credential_check::credential_check(credential_rules rules)
    : tokens_{std::move(rules.tokens)}, api_keys_{std::move(rules.api_keys)}, tickets_{{}} {}

credential_check::verdict credential_check::believe(const http::credential& shown) {
  const auto now = system_now();
  if (shown.what == http::credential::kind::token) return tokens_.verify(shown.text, now);
  auto who = shown.what == http::credential::kind::api_key ? api_keys_.verify(shown.text, now)
                                                           : tickets_.redeem(shown.text, auth::ws_tickets::clock::now(), now);
  if (who && !still_stands(**who)) return auth::token_error::invalid;
  return who;
}

std::optional<credential_check::verdict> credential_check::recall(const http::credential& shown) {
  if (shown.what == http::credential::kind::token) return tokens_.recall(shown.text, system_now());
  return believe(shown);
}

result<std::string, auth::ticket_refusal> credential_check::issue_ticket(std::shared_ptr<const auth::principal> who) {
  return tickets_.issue(std::move(who), auth::ws_tickets::clock::now());
}

bool credential_check::still_stands(const auth::principal& who) const noexcept {
  return !tokens_.is_revoked(who.subject) && api_keys_.still_holds(who);
}

credential_rules credential_check::replace(credential_rules rules) {
  return {.tokens = tokens_.replace(std::move(rules.tokens)), .api_keys = api_keys_.replace(std::move(rules.api_keys))};
}

}  // namespace haulcast::app
