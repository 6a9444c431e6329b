// Bytes <-> base64url (RFC 4648 section 5), the strict form that tokens use: no padding, no white space, one text per value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace haulcast::auth {

/// Never padded. O(n), one allocation.
std::string to_base64url(std::string_view bytes);

/// Nothing when the text is padded, holds another character, has a length no encoder makes (4n + 1), or ends in bits that are
/// not zero: two texts never stand for the same bytes, so a token has exactly one spelling.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace haulcast::auth
