// JSON as strictly as a door should read it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace haulcast::auth {

/// The library keeps the last of two members with one name and says nothing; a second `role` must not pass. Nothing when the
/// text is no JSON object, repeats a member at any depth, or nests deeper than 8.
std::optional<nlohmann::json> parse_strictly(std::string_view text);

}  // namespace haulcast::auth
