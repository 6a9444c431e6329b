// Tokens made without the server's own code, as an issuer elsewhere would make them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace haulcast::support {

struct token_claims {
  std::string subject = "tester";
  std::string role = "admin";
  std::vector<std::string> trucks;        // a driver's
  std::string customer_id, merchant_id;   // empty: not in it
  std::chrono::seconds expires_in{3600};  // below 0: has expired
};

/// A JWT signed with HS256 by OpenSSL.
std::string sign_token(const token_claims& claims, std::string_view secret);

/// The same for a payload that is given as JSON text, for tokens that are wrong on purpose.
std::string sign_payload(std::string_view header_json, std::string_view payload_json, std::string_view secret);

}  // namespace haulcast::support
