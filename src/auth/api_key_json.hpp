// API keys <-> the text of their file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "haulcast/auth/api_key.hpp"
#include "haulcast/base/result.hpp"

namespace haulcast::auth {

/// Error: a sentence without a subject, such as "key 3 has a member that is not known: colour".
result<std::vector<api_key>> parse_api_keys(std::string_view text);

std::string write_api_keys(const std::vector<api_key>& keys);

}  // namespace haulcast::auth
