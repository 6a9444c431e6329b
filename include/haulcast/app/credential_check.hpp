// Who is believed: everything that can be shown at the door, and what it is worth.
#pragma once

#include <memory>
#include <optional>

#include "haulcast/auth/api_keys.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/auth/ws_tickets.hpp"
#include "haulcast/http/credentials.hpp"
#include "haulcast/http/entrance.hpp"

namespace haulcast::app {

/// What credentials are judged by. Read on any thread, then handed to the loop.
struct credential_rules {
  auth::token_rules tokens;
  std::shared_ptr<const auth::api_key_table> api_keys;
};

/// Owned by the composition and called by the event loop. Reads the system's clock, and nothing else outside.
class credential_check {
 public:
  using verdict = http::entrance::verdict;

  explicit credential_check(credential_rules rules);

  /// A token's signature is verified when it has not been seen before; anything else is a look-up. A ticket is used up.
  verdict believe(const http::credential& shown);
  /// The same where it is a look-up: nothing for a token that has not been believed before.
  std::optional<verdict> recall(const http::credential& shown);

  result<std::string, auth::ticket_refusal> issue_ticket(std::shared_ptr<const auth::principal> who);

  /// Whether one who came in earlier would still be let in: not one whose subject is revoked, nor one with an API key that is
  /// gone or says something else now. For what lives longer than a request. It does not look at the expiry. O(1).
  bool still_stands(const auth::principal& who) const noexcept;

  /// From now on these hold. Gives back those of before, which may take long to destroy.
  credential_rules replace(credential_rules rules);

  const auth::token_verifier& tokens() const noexcept { return tokens_; }
  const auth::api_keys& api_keys() const noexcept { return api_keys_; }
  const auth::ws_tickets& tickets() const noexcept { return tickets_; }

 private:
  auth::token_verifier tokens_;
  auth::api_keys api_keys_;
  auth::ws_tickets tickets_;
};

}  // namespace haulcast::app
