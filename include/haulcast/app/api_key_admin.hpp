// `haulcast api-key`: from what was asked for to a key, and from the file to what is shown of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "haulcast/app/mint.hpp"
#include "haulcast/auth/api_key.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/base/time.hpp"

namespace haulcast::app {

struct api_key_request {
  std::string name;
  token_request whom;                                       // role and scope; subject and ttl are not used
  std::optional<milliseconds> ttl = std::chrono::days{90};  // none: for ever
  std::optional<double> requests_per_s{};                   // none: as the server limits its role
  std::optional<std::uint32_t> burst{};                     // none: what one second lets through, at least 1
};

/// All but the digest, with times in whole seconds. Error: one sentence in the words of the command line.
result<auth::api_key> plan_api_key(const api_key_request& request, utc_time now);

/// A line for each, in columns, with a heading; nothing of a key but what it may do.
std::string api_keys_as_table(const std::vector<auth::api_key>& keys, utc_time now);
/// {"items": [...]}, one line.
std::string api_keys_as_json(const std::vector<auth::api_key>& keys, utc_time now);

}  // namespace haulcast::app
