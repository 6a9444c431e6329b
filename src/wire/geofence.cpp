#include "haulcast/wire/geofence.hpp"

#include <utility>

#include "geofence_members.hpp"

namespace haulcast::wire {

result<engine::geofence, body_failure> parse_geofence(std::string_view body, std::string_view id_in_path) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  geofence_body into;
  if (auto fault = parse_object(parser, body, object)) return *std::move(fault);
  if (auto fault = read_members<geofence_body>(object, geofence_members(), into)) return *std::move(fault);
  if (!id_in_path.empty() && !into.id.empty() && into.id != id_in_path)
    return body_failure{"field_invalid", "/geofence_id", "The geofence_id differs from the one in the path."};
  if (!id_in_path.empty()) into.id = id_in_path;
  if (auto fault = complete(into)) return *std::move(fault);
  return engine::geofence{std::move(into)};
}

}  // namespace haulcast::wire
