#include "haulcast/wire/geofence_collection.hpp"

#include <array>
#include <utility>

#include "geofence_members.hpp"

namespace haulcast::wire {

namespace {

namespace dom = simdjson::dom;

struct collection_body {
  std::string type;
  bool has_features = false;
};
using other = other_member<collection_body>;

body_fault skip(const dom::element&, std::string_view, collection_body&) { return std::nullopt; }

// The elements are not in it any more.
body_fault read_features(const dom::element& given, std::string_view name, collection_body& into) {
  into.has_features = given.is_array();
  return into.has_features ? std::nullopt : body_fault{wrong_type(json_pointer_to(name), "an array of features")};
}

// As old files name what GeoJSON is in anyway.
body_fault read_crs(const dom::element& given, std::string_view, collection_body&) {
  std::string_view named;
  const bool known =
      given["properties"]["name"].get(named) == simdjson::SUCCESS && (named.ends_with(":CRS84") || named.ends_with(":4326"));
  return known ? std::nullopt : body_fault{wrong_value("/crs", "left out: GeoJSON is in WGS 84, longitude first")};
}

const std::array<body_member<collection_body>, 6> members{{
    {"type", text_member<collection_body>{&collection_body::type, 32}},
    {"features", other{read_features}},
    {"bbox", other{skip}},
    {"name", other{skip}},
    {"next_cursor", other{skip}},
    {"crs", other{read_crs}},
}};

body_fault check_rest(const std::string& rest) {
  dom::parser parser;
  dom::object object;
  collection_body into;
  if (auto fault = parse_object(parser, rest, object)) return fault;
  if (auto fault = read_members<collection_body>(object, members, into)) return fault;
  if (into.type != "FeatureCollection")
    return body_failure{into.type.empty() ? "member_missing" : "field_invalid", "/type", "The type is FeatureCollection."};
  if (!into.has_features) return body_failure{"member_missing", "/features", "features are missing."};
  return std::nullopt;
}

body_failure failure_of(feature_splitter::fault wrong, std::size_t place, std::size_t feature_bytes_max) {
  using enum feature_splitter::fault;
  if (wrong == feature_too_long)
    return {"body_too_large", fmt::format("/features/{}", place),
            fmt::format("A feature has at most {} bytes.", feature_bytes_max)};
  if (wrong == rest_too_long)
    return {"body_too_large", "",
            fmt::format("Beside its features a collection has at most {} bytes.", feature_splitter::rest_bytes_max)};
  return {"malformed_json", "", fmt::format("Something else than a comma or the end stands beside feature {}.", place)};
}

}  // namespace

bool geofence_collection_reader::fail(body_failure why) {
  failure_ = std::move(why);
  ids_.clear();
  return false;
}

bool geofence_collection_reader::feed(std::string_view piece) {
  if (failure_) return false;
  const auto wrong = splitter_.feed(piece, [this](std::string_view feature) { return take(feature); });
  if (wrong == feature_splitter::fault::none) return true;
  return failure_ ? false : fail(failure_of(wrong, splitter_.count(), limits_.feature_bytes_max));
}

bool geofence_collection_reader::take(std::string_view feature) {
  const std::string pointer = fmt::format("/features/{}", splitter_.count() - 1);
  const auto refuse = [&](body_failure why) {
    why.pointer.insert(0, pointer);
    return fail(std::move(why));
  };
  if (ids_.size() == limits_.features_max)
    return refuse({"too_many_geofences", "", fmt::format("The server has at most {} geofences.", limits_.features_max)});
  auto read = parse_geofence_feature(feature);
  if (!read) return refuse(std::move(read).error());
  if (!ids_.insert(read->id).second) return refuse({"duplicate_id", "/id", "Another feature has this id."});
  if (auto refused = take_(*std::move(read))) return refuse(*std::move(refused));
  return true;
}

bool geofence_collection_reader::finish() {
  if (failure_) return false;
  if (auto fault = check_rest(splitter_.rest())) return fail(*std::move(fault));
  return true;
}

}  // namespace haulcast::wire
