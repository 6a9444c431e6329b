// How a client shows who it is.
#pragma once

#include <string>
#include <utility>

namespace haulcast::client {

/// The header field for a token, or for an API key: those begin with `hk_`, which no token does. Name and value.
std::pair<std::string, std::string> credential_field(const std::string& token);

}  // namespace haulcast::client
