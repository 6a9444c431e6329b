// The request target: "/v1/trucks/TRK%201?limit=5" -> path and query, strictly decoded.
#pragma once

#include <optional>
#include <string_view>

#include "haulcast/http/request.hpp"

namespace haulcast::http {

/// Decodes %XX into the request's own memory, or returns `text` itself when there is nothing to decode. Nullopt: an incomplete
/// escape, a control character, or not UTF-8.
std::optional<std::string_view> percent_decode(request& owner, std::string_view text);

/// Fills `path` and the query of `r` from its `target`. Returns what is wrong with it in one sentence, or nullptr. What passes
/// is the origin form ("/..."), the absolute one ("http://host/..."), of which `target` keeps what follows the host, and "*"
/// for OPTIONS. O(length + fields).
const char* parse_target(request& r);

}  // namespace haulcast::http
