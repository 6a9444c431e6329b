#include "geofence_members.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "haulcast/geo/shape.hpp"

namespace haulcast::wire {

namespace {

namespace dom = simdjson::dom;
using engine::geofence;
using member = body_member<geofence_body>;
using number = number_member<geofence_body>;
using text = text_member<geofence_body>;
using other = other_member<geofence_body>;

body_fault read_flag(const dom::element& given, std::string_view name, bool& into) {
  if (given.get(into) != simdjson::SUCCESS) return wrong_type(json_pointer_to(name), "true or false");
  return std::nullopt;
}

// ---- what is told, and what holds inside

constexpr std::array<std::pair<std::string_view, bool engine::alerts::*>, 3> alerts_by_name{
    {{"enter", &engine::alerts::on_enter}, {"exit", &engine::alerts::on_exit}, {"dwell", &engine::alerts::on_dwell}}};

body_fault add_alert(const dom::element& given, std::string pointer, engine::alerts& into) {
  std::string_view name;
  if (given.get(name) != simdjson::SUCCESS) return wrong_type(std::move(pointer), "enter, exit or dwell");
  for (const auto& [known, at] : alerts_by_name) {
    if (name != known) continue;
    if (std::exchange(into.*at, true)) return wrong_value(std::move(pointer), "given twice");
    return std::nullopt;
  }
  return wrong_value(std::move(pointer), "enter, exit or dwell");
}

body_fault read_alerts(const dom::element& given, std::string_view name, geofence_body& into) {
  const std::string pointer = json_pointer_to(name);
  into.alert_on = {false, false, false};
  if (given.is_string()) return add_alert(given, pointer, into.alert_on);
  dom::array names;
  if (given.get(names) != simdjson::SUCCESS) return wrong_type(pointer, "a text or an array of them: enter, exit, dwell");
  std::size_t count = 0;
  for (const dom::element& each : names) {
    if (auto fault = add_alert(each, fmt::format("{}/{}", pointer, count++), into.alert_on)) return fault;
  }
  if (count == 0) return wrong_value(pointer, "one or several of enter, exit, dwell");
  return std::nullopt;
}

body_fault read_dwell(const dom::element& given, std::string_view name, geofence_body& into) {
  std::int64_t count = 0;
  if (given.get(count) != simdjson::SUCCESS) return wrong_type(json_pointer_to(name), "a whole number of seconds");
  if (count < 1 || count > geofence::dwell_max.count())
    return wrong_value(json_pointer_to(name), fmt::format("from 1 to {} seconds", geofence::dwell_max.count()));
  into.dwell = seconds{count};
  return std::nullopt;
}

body_fault read_trucks(const dom::element& given, std::string_view name, geofence_body& into) {
  const std::string pointer = json_pointer_to(name);
  dom::array ids;
  if (given.get(ids) != simdjson::SUCCESS) return wrong_type(pointer, "an array of truck ids");
  for (const dom::element& each : ids) {
    if (into.trucks.size() == geofence::trucks_max)
      return wrong_value(pointer, fmt::format("at most {} trucks", geofence::trucks_max));
    const std::string at = fmt::format("{}/{}", pointer, into.trucks.size());
    if (auto fault = read_id(each, at, into.trucks.emplace_back())) return fault;
  }
  std::ranges::sort(into.trucks);
  const auto again = std::ranges::unique(into.trucks);
  into.trucks.erase(again.begin(), again.end());
  return std::nullopt;
}

body_fault read_tags(const dom::element& given, std::string_view name, geofence_body& into) {
  const std::string pointer = json_pointer_to(name);
  dom::array tags;
  if (given.get(tags) != simdjson::SUCCESS) return wrong_type(pointer, "an array of texts");
  for (const dom::element& each : tags) {
    if (into.tags.size() == geofence::tags_max) return wrong_value(pointer, fmt::format("at most {} tags", geofence::tags_max));
    std::string tag;
    if (auto fault = read_text(each, name, geofence::tag_bytes_max, tag)) {
      fault->pointer = fmt::format("{}/{}", pointer, into.tags.size());
      return fault;
    }
    if (std::ranges::find(into.tags, tag) == into.tags.end()) into.tags.push_back(std::move(tag));
  }
  return std::nullopt;
}

body_fault read_rules(const dom::element& given, std::string_view name, geofence_body& into) {
  static const std::array<member, 4> members{{
      {"restricted", other{[](const dom::element& flag, std::string_view as, geofence_body& to) {
         return read_flag(flag, as, to.restricted);
       }}},
      {"speed_limit_kmh", number{&geofence_body::speed_limit_kmh, 1, 400}},
      {"trucks", other{read_trucks}},
      {"hysteresis_meters", number{&geofence_body::hysteresis_m, 0, geofence::hysteresis_max_m}},
  }};
  dom::object object;
  if (given.get(object) != simdjson::SUCCESS) return wrong_type(json_pointer_to(name), "an object");
  return under(json_pointer_to(name), read_members<geofence_body>(object, members, into));
}

const std::array<member, 14> members{{
    {"geofence_id", other{[](const dom::element& given, std::string_view name, geofence_body& into) {
       return read_id(given, json_pointer_to(name), into.id);
     }}},
    {"name", text{&geofence_body::name, geofence::name_bytes_max}},
    {"type", text{&geofence_body::type, 16}},
    {"center", other{read_center}},
    {"radius_meters", number{&geofence_body::radius_meters, geo::radius_min_m, geo::radius_max_m}},
    {"coordinates", other{read_rings}},
    {"path", other{read_path}},
    {"width_meters", number{&geofence_body::width_meters, geo::radius_min_m, geo::radius_max_m}},
    {"alert_on", other{read_alerts}},
    {"dwell_seconds", other{read_dwell}},
    {"rules", other{read_rules}},
    {"active", other{[](const dom::element& given, std::string_view name, geofence_body& into) {
       return read_flag(given, name, into.active);
     }}},
    {"tags", other{read_tags}},
    {"merchant_id", other{[](const dom::element& given, std::string_view name, geofence_body& into) {
       return read_id(given, json_pointer_to(name), into.merchant_id);
     }}},
}};

// ---- the shape

struct shape_member {
  std::string_view name;
  std::string_view type;  // to which it belongs
  bool given = false;
};

body_fault make_shape(geofence_body& from) {
  const std::array<shape_member, 5> parts{{{"center", "circle", from.center.has_value()},
                                           {"radius_meters", "circle", !std::isnan(from.radius_meters)},
                                           {"coordinates", "polygon", from.coordinates.has_value()},
                                           {"path", "corridor", from.path.has_value()},
                                           {"width_meters", "corridor", !std::isnan(from.width_meters)}}};
  if (from.type.empty()) return body_failure{"member_missing", "/type", "type is missing: circle, polygon or corridor."};
  if (std::ranges::none_of(parts, [&](const shape_member& m) { return m.type == from.type; }))
    return body_failure{"field_invalid", "/type", "type is circle, polygon or corridor."};
  for (const shape_member& m : parts) {
    if (m.given && m.type != from.type)
      return body_failure{"field_invalid", json_pointer_to(m.name), fmt::format("{} belongs to a {}.", m.name, m.type)};
    if (!m.given && m.type == from.type)
      return body_failure{"member_missing", json_pointer_to(m.name), fmt::format("A {} has {}.", m.type, m.name)};
  }
  if (from.center)
    from.shape = geo::circle{*from.center, from.radius_meters};
  else if (from.coordinates)
    from.shape = *std::move(from.coordinates);
  else
    from.shape = geo::corridor{*std::move(from.path), from.width_meters};
  return std::nullopt;
}

std::string pointer_to(const geo::shape& shape, const geo::shape_problem& at) {
  using enum geo::shape_problem::kind;
  if (at.what == radius_out_of_range) return "/radius_meters";
  if (at.what == width_out_of_range) return "/width_meters";
  const std::string_view coordinate = at.what == longitude_out_of_range ? "/0" : at.what == latitude_out_of_range ? "/1" : "";
  if (std::holds_alternative<geo::circle>(shape))
    return coordinate == "/0" ? "/center/longitude" : coordinate == "/1" ? "/center/latitude" : "/center";
  const bool whole = at.what == no_ring || at.what == too_many_vertices;
  const bool whole_part = at.what == too_few_vertices;
  if (std::holds_alternative<geo::corridor>(shape))
    return whole || whole_part ? "/path" : fmt::format("/path/{}{}", at.vertex, coordinate);
  if (whole) return "/coordinates";
  if (whole_part) return fmt::format("/coordinates/{}", at.ring);
  return fmt::format("/coordinates/{}/{}{}", at.ring, at.vertex, coordinate);
}

body_fault check_shape(const geo::shape& shape) {
  const auto problem = geo::problem_of(shape);
  if (!problem) return std::nullopt;
  std::string pointer = pointer_to(shape, *problem);
  if (problem->what == geo::shape_problem::kind::too_many_vertices) return too_complex(std::move(pointer));
  return body_failure{"field_invalid", std::move(pointer),
                      fmt::format("This is no shape of a geofence: {}.", geo::to_text(problem->what))};
}

// Not there until the first is read: other static objects may read geofences before.
std::vector<member> without_places() {
  std::vector<member> some;
  for (const member& m : members) {
    if (m.name != "center" && m.name != "coordinates" && m.name != "path") some.push_back(m);
  }
  return some;
}

}  // namespace

std::span<const member> geofence_members() { return members; }

std::span<const member> geofence_property_members() {
  static const std::vector<member> some = without_places();
  return some;
}

body_fault complete(geofence_body& from) {
  if (from.alert_on.on_dwell && !from.dwell) from.dwell = geofence::default_dwell;
  if (auto fault = make_shape(from)) return fault;
  return check_shape(from.shape);
}

}  // namespace haulcast::wire
