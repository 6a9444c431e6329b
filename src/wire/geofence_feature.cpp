#include <array>
#include <utility>

#include "geofence_members.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/wire/geofence_collection.hpp"

namespace haulcast::wire {

namespace {

namespace dom = simdjson::dom;

struct geometry_body {
  std::string type;
  std::optional<dom::element> coordinates;
};
struct feature_body {
  std::string type;
  std::string id;
  std::optional<geometry_body> geometry;
  std::optional<dom::object> properties;
};

template <class Into>
body_fault skip(const dom::element&, std::string_view, Into&) {
  return std::nullopt;
}

body_fault read_geometry(const dom::element& given, std::string_view name, feature_body& into) {
  static const std::array<body_member<geometry_body>, 3> members{
      {{"type", text_member<geometry_body>{&geometry_body::type, 32}},
       {"coordinates", other_member<geometry_body>{[](const dom::element& each, std::string_view, geometry_body& to) {
          to.coordinates = each;
          return body_fault{};
        }}},
       {"bbox", other_member<geometry_body>{skip<geometry_body>}}}};
  dom::object object;
  if (given.get(object) != simdjson::SUCCESS) return wrong_type(json_pointer_to(name), "an object");
  return under(json_pointer_to(name), read_members<geometry_body>(object, members, into.geometry.emplace()));
}

// GeoJSON lets it be a text or a number.
body_fault read_feature_id(const dom::element& given, std::string_view name, feature_body& into) {
  std::uint64_t number = 0;
  if (given.is<std::uint64_t>() && given.get(number) == simdjson::SUCCESS) {
    into.id = std::to_string(number);
    return std::nullopt;
  }
  return read_id(given, json_pointer_to(name), into.id);
}

body_fault read_properties(const dom::element& given, std::string_view name, feature_body& into) {
  if (given.get(into.properties.emplace()) != simdjson::SUCCESS) return wrong_type(json_pointer_to(name), "an object");
  return std::nullopt;
}

const std::array<body_member<feature_body>, 5> members{{
    {"type", text_member<feature_body>{&feature_body::type, 32}},
    {"id", other_member<feature_body>{read_feature_id}},
    {"geometry", other_member<feature_body>{read_geometry}},
    {"properties", other_member<feature_body>{read_properties}},
    {"bbox", other_member<feature_body>{skip<feature_body>}},
}};

struct geometry_kind {
  std::string_view type;     // of GeoJSON
  std::string_view becomes;  // of ours
};
constexpr std::array<geometry_kind, 3> kinds{{{"Point", "circle"}, {"Polygon", "polygon"}, {"LineString", "corridor"}}};

body_fault read_place(const geometry_body& from, geofence_body& into) {
  const auto kind = std::ranges::find(kinds, from.type, &geometry_kind::type);
  if (kind == kinds.end())
    return body_failure{from.type.empty() ? "member_missing" : "field_invalid", "/geometry/type",
                        "A geofence is a Point, a Polygon or a LineString; of several, each is a feature of its own."};
  if (!from.coordinates) return body_failure{"member_missing", "/geometry/coordinates", "coordinates are missing."};
  if (!into.type.empty() && into.type != kind->becomes)
    return body_failure{"field_invalid", "/properties/type", fmt::format("A {} is a {}.", kind->type, kind->becomes)};
  into.type = kind->becomes;
  if (kind->becomes == "polygon") return under("/geometry", read_rings(*from.coordinates, "coordinates", into));
  if (kind->becomes == "corridor") return under("/geometry", read_path(*from.coordinates, "coordinates", into));
  if (!read_point(*from.coordinates, into.center.emplace()))
    return wrong_type("/geometry/coordinates", "[longitude, latitude], numbers in degrees");
  return std::nullopt;
}

// Where in the feature stands what the API's JSON has there.
std::string in_feature(std::string_view pointer) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> places{
      {{"/center/longitude", "/geometry/coordinates/0"},
       {"/center/latitude", "/geometry/coordinates/1"},
       {"/center", "/geometry/coordinates"},
       {"/coordinates", "/geometry/coordinates"},
       {"/path", "/geometry/coordinates"},
       {"", "/properties"}}};
  for (const auto& [ours, theirs] : places) {
    if (pointer.starts_with(ours)) return std::string{theirs} + std::string{pointer.substr(ours.size())};
  }
  return std::string{pointer};
}

body_fault read_feature(const feature_body& from, geofence_body& into) {
  if (from.type != "Feature")
    return body_failure{from.type.empty() ? "member_missing" : "field_invalid", "/type", "The type is Feature."};
  if (!from.geometry) return body_failure{"member_missing", "/geometry", "A geofence has a geometry."};
  if (from.properties) {
    if (auto fault = read_members<geofence_body>(*from.properties, geofence_property_members(), into))
      return under("/properties", std::move(fault));
  }
  if (!from.id.empty() && !into.id.empty() && from.id != into.id)
    return body_failure{"field_invalid", "/properties/geofence_id", "The geofence_id differs from the id of the feature."};
  if (into.id.empty()) into.id = from.id;
  if (into.id.empty())
    return body_failure{"member_missing", "/id", "A geofence that is imported has an id, or a geofence_id in its properties."};
  if (auto fault = read_place(*from.geometry, into)) return fault;
  auto fault = complete(into);
  if (fault) fault->pointer = in_feature(fault->pointer);
  return fault;
}

}  // namespace

result<engine::geofence, body_failure> parse_geofence_feature(std::string_view text) {
  dom::parser parser;
  dom::object object;
  if (auto fault = parse_object(parser, text, object)) {
    if (fault->code == "field_type_invalid") fault->detail = "A feature is an object.";
    return *std::move(fault);
  }
  feature_body feature;
  if (auto fault = read_members<feature_body>(object, members, feature)) return *std::move(fault);
  geofence_body into;
  if (auto fault = read_feature(feature, into)) return *std::move(fault);
  return engine::geofence{std::move(into)};
}

}  // namespace haulcast::wire
