// Where a geofence lies, as JSON says it.
#include <array>
#include <cmath>
#include <utility>

#include "geofence_members.hpp"
#include "haulcast/base/id.hpp"
#include "haulcast/geo/shape.hpp"

namespace haulcast::wire {

namespace dom = simdjson::dom;

body_failure wrong_type(std::string pointer, std::string_view wanted) {
  return {"field_type_invalid", std::move(pointer), fmt::format("This is {}.", wanted)};
}
body_failure wrong_value(std::string pointer, std::string_view wanted) {
  return {"field_invalid", std::move(pointer), fmt::format("This is {}.", wanted)};
}

body_failure too_complex(std::string pointer) {
  return {"geofence_too_complex", std::move(pointer), fmt::format("A geofence has at most {} vertices.", geo::vertices_max)};
}

body_fault under(std::string_view pointer, body_fault fault) {
  if (fault) fault->pointer.insert(0, pointer);
  return fault;
}

body_fault read_id(const dom::element& given, std::string pointer, std::string& into) {
  std::string_view id;
  if (given.get(id) != simdjson::SUCCESS) return wrong_type(std::move(pointer), "a text");
  if (!is_id(id)) return wrong_value(std::move(pointer), "1 to 128 of A-Z a-z 0-9 . _ : -");
  into = id;
  return std::nullopt;
}

body_fault read_center(const dom::element& given, std::string_view name, geofence_body& into) {
  using coordinate = number_member<geo::point>;
  static const std::array<body_member<geo::point>, 2> members{
      {{"latitude", coordinate{&geo::point::latitude, -90, 90}}, {"longitude", coordinate{&geo::point::longitude, -180, 180}}}};
  const std::string pointer = json_pointer_to(name);
  dom::object object;
  if (given.get(object) != simdjson::SUCCESS) return wrong_type(pointer, "an object of latitude and longitude");
  geo::point p{engine::unknown, engine::unknown};
  if (auto fault = read_members<geo::point>(object, members, p)) return under(pointer, std::move(fault));
  if (std::isnan(p.latitude)) return body_failure{"member_missing", pointer + "/latitude", "latitude is missing."};
  if (std::isnan(p.longitude)) return body_failure{"member_missing", pointer + "/longitude", "longitude is missing."};
  into.center = p;
  return std::nullopt;
}

bool read_point(const dom::element& given, geo::point& into) {
  dom::array numbers;
  if (given.get(numbers) != simdjson::SUCCESS) return false;
  std::size_t count = 0;
  double altitude = 0;
  const std::array<double*, 3> places{&into.longitude, &into.latitude, &altitude};
  for (const dom::element& each : numbers) {
    if (count == places.size() || each.get(*places[count++]) != simdjson::SUCCESS) return false;
  }
  return count >= 2;
}

namespace {

// `left`: vertices that the shape may still have.
body_fault read_points(const dom::element& given, const std::string& pointer, std::size_t& left,
                       std::vector<geo::point>& into) {
  dom::array points;
  if (given.get(points) != simdjson::SUCCESS) return wrong_type(pointer, "an array of [longitude, latitude]");
  for (const dom::element& each : points) {
    if (left == 0) return too_complex(pointer);
    --left;
    if (!read_point(each, into.emplace_back()))
      return wrong_type(fmt::format("{}/{}", pointer, into.size() - 1), "[longitude, latitude], numbers in degrees");
  }
  return std::nullopt;
}

}  // namespace

body_fault read_rings(const dom::element& given, std::string_view name, geofence_body& into) {
  const std::string pointer = json_pointer_to(name);
  dom::array rings;
  if (given.get(rings) != simdjson::SUCCESS) return wrong_type(pointer, "an array of rings");
  std::size_t left = geo::vertices_max;
  auto& made = into.coordinates.emplace().rings;
  for (const dom::element& each : rings) {
    if (made.size() == geo::vertices_max) return too_complex(pointer);
    const std::string ring = fmt::format("{}/{}", pointer, made.size());
    if (auto fault = read_points(each, ring, left, made.emplace_back())) {
      if (fault->code == "geofence_too_complex") fault->pointer = pointer;
      return fault;
    }
  }
  return std::nullopt;
}

body_fault read_path(const dom::element& given, std::string_view name, geofence_body& into) {
  std::size_t left = geo::vertices_max;
  return read_points(given, json_pointer_to(name), left, into.path.emplace());
}

}  // namespace haulcast::wire
