#include "strict_json.hpp"

#include <set>
#include <string>
#include <vector>

namespace haulcast::auth {
namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 8;

}  // namespace

std::optional<json> parse_strictly(std::string_view text) {
  std::vector<std::set<std::string>> members;
  std::size_t depth = 0;
  bool acceptable = true;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    using enum json::parse_event_t;
    if (event == object_start) members.emplace_back();
    if (event == object_start || event == array_start) acceptable = acceptable && ++depth <= depth_max;
    if (event == key) acceptable = acceptable && members.back().insert(parsed.get<std::string>()).second;
    if (event == object_end || event == array_end) --depth;
    if (event == object_end) members.pop_back();
    return acceptable;
  };
  auto object = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!acceptable || !object.is_object()) return std::nullopt;
  return object;
}

}  // namespace haulcast::auth
