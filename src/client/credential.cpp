#include "haulcast/client/credential.hpp"

#include "haulcast/auth/api_key.hpp"

namespace haulcast::client {

std::pair<std::string, std::string> credential_field(const std::string& token) {
  if (token.starts_with(auth::api_key_prefix)) return {"X-API-Key", token};
  return {"Authorization", "Bearer " + token};
}

}  // namespace haulcast::client
