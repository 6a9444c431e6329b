// JSON as tokens and key sets are read: nothing in it may be understood in two ways.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace haulcast::auth {

/// Nothing when the text is no JSON object of good UTF-8, repeats a member at any depth (the library would keep the last and
/// say nothing), or nests over 8. That is found out before anything is built, and at the first place where it is so: strangers
/// reach this with the headers of their tokens.
std::optional<nlohmann::json> parse_strictly(std::string_view text);

/// Null when it is not there.
const nlohmann::json* member(const nlohmann::json& object, const char* name);
/// Null when there is no value, or it is no text.
const std::string* text_of(const nlohmann::json* value);

/// Not empty and without control characters.
bool is_plain_text(std::string_view text) noexcept;

inline constexpr std::size_t kid_bytes_max = 256;
/// What may name a key: short plain text. It is compared, and used for nothing else.
bool is_kid(std::string_view text) noexcept;

}  // namespace haulcast::auth
