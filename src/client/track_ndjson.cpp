#include <nlohmann/json.hpp>
#include <optional>

#include "track_readers.hpp"

namespace haulcast::client {
namespace {

using nlohmann::json;
constexpr int depth_max = 16;  // the server refuses deeper ones, and a dump of 100,000 overflows the stack

std::optional<json> parse_object(std::string_view line) {
  bool deep = false;
  const auto shallow = [&](int depth, json::parse_event_t, json&) {
    deep = deep || depth > depth_max;
    return !deep;
  };
  try {
    json parsed = json::parse(line, shallow, true);
    if (deep || !parsed.is_object()) return std::nullopt;
    return parsed;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::optional<std::int64_t> moment_of(const json& value) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string()) return read_moment(value.get_ref<const std::string&>());
  return std::nullopt;
}

std::string members_of(const json& object) {
  std::string members;
  for (const auto& [name, value] : object.items()) {
    if (name == "truck_id" || name == "timestamp") continue;
    if (!members.empty()) members += ',';
    members += json(name).dump() + ':' + value.dump();
  }
  return members;
}

}  // namespace

result<track> read_ndjson(std::string_view text, std::string_view name, const track_options& options) {
  track_builder builder;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;

    const auto object = parse_object(line);
    if (!object) return at_line(name, number, "not a JSON object");
    const auto id = object->find("truck_id");
    if ((id == object->end() || !id->is_string()) && options.truck_id.empty()) return at_line(name, number, "no truck_id");
    const auto when = object->find("timestamp");
    const auto at = when == object->end() ? std::nullopt : moment_of(*when);
    if (!at) return at_line(name, number, "no timestamp, or not a time");
    const bool named = id != object->end() && id->is_string();
    builder.add(named ? std::string_view{id->get_ref<const std::string&>()} : options.truck_id, *at, members_of(*object));
  }
  return builder.finish();
}

}  // namespace haulcast::client
