// `haulcast token`: from what was asked for to a token that the server of this configuration believes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "haulcast/app/config.hpp"
#include "haulcast/auth/principal.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::app {

struct token_request {
  std::string role;
  std::string subject{};  // empty: the first truck, customer or merchant, else the role
  std::vector<std::string> trucks{};
  std::string customer_id{};
  std::string merchant_id{};
  milliseconds ttl{std::chrono::hours{24}};
};

/// Whether what was asked for goes with the role: trucks for drivers, and so on. Error: one sentence in the words of the
/// command line.
result<void> check_scope(const token_request& request, auth::role who);

struct minted_token {
  std::string text;
};

/// Signed with `secret`, with the configured issuer and audience. The token is verified before it is handed out. Error: one
/// sentence in the words of the command line.
result<minted_token> mint(const token_request& request, const config& cfg, std::string_view secret, utc_time now);

}  // namespace haulcast::app
