#include "kml_placemark.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "haulcast/base/id.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::client {
namespace {

enum class kind { value, list };  // a list: cut at commas
struct known_datum {
  std::string_view name;
  kind how = kind::value;
  bool in_rules = false;
};
constexpr std::array known_data{
    known_datum{"name"},
    known_datum{"type"},
    known_datum{"radius_meters"},
    known_datum{"width_meters"},
    known_datum{"alert_on", kind::list},
    known_datum{"dwell_seconds"},
    known_datum{"active"},
    known_datum{"tags", kind::list},
    known_datum{"merchant_id"},
    known_datum{"restricted", kind::value, true},
    known_datum{"speed_limit_kmh", kind::value, true},
    known_datum{"trucks", kind::list, true},
    known_datum{"hysteresis_meters", kind::value, true},
};

constexpr std::array texts{std::string_view{"name"}, std::string_view{"type"}, std::string_view{"merchant_id"}};

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<double> to_number(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

void append_value(std::string& out, std::string_view name, std::string_view text) {
  const bool is_text = std::ranges::find(texts, name) != texts.end();
  if (!is_text && (text == "true" || text == "false")) {
    out += text;
  } else if (const auto number = to_number(text); number && !is_text) {
    wire::append_number(out, *number);
  } else {
    wire::append_string(out, text);
  }
}

void append_list(std::string& out, std::string_view text) {
  out += '[';
  for (bool first = true; !text.empty(); first = false) {
    const auto comma = std::min(text.find(','), text.size());
    if (!first) out += ',';
    wire::append_string(out, trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  out += ']';
}

void append_member(std::string& out, const known_datum& what, std::string_view text) {
  if (!out.empty()) out += ',';
  wire::append_string(out, what.name);
  out += ':';
  what.how == kind::list ? append_list(out, text) : append_value(out, what.name, text);
}

std::string id_of_name(std::string_view name) {
  std::string id;
  for (const char c : name) {
    const bool fits = is_id({&c, 1});
    if (fits)
      id += c;
    else if (!id.empty() && id.back() != '-')
      id += '-';
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id.substr(0, 100);
}

std::string_view datum(const kml_placemark& from, std::string_view name) {
  for (const auto& [key, value] : from.data) {
    if (key == name) return trimmed(value);
  }
  return {};
}

}  // namespace

result<std::string> read_kml_coordinates(std::string_view text) {
  std::string points{"["};
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    const std::string_view tuple = text.substr(0, text.find_first_of(" \t\r\n"));
    text.remove_prefix(tuple.size());
    const auto comma = tuple.find(',');
    const std::string_view behind = comma == tuple.npos ? std::string_view{} : tuple.substr(comma + 1);
    const auto longitude = to_number(tuple.substr(0, comma));
    const auto latitude = to_number(behind.substr(0, behind.find(',')));
    if (!longitude || !latitude)
      return failure{"coordinates are longitude,latitude or longitude,latitude,altitude with blanks between them"};
    points += points.size() > 1 ? ",[" : "[";
    wire::append_number(points, *longitude);
    points += ',';
    wire::append_number(points, *latitude);
    points += ']';
  }
  points += ']';
  return result<std::string>{boost::system::in_place_value, std::move(points)};
}

// One that is given is taken as it is, so that the server may say that it is there twice.
std::string kml_writer::choose_id(const kml_placemark& from, std::size_t part) {
  const std::string_view given = datum(from, "geofence_id");
  const bool made = given.empty() && from.id.empty();
  std::string id{given.empty() ? std::string_view{from.id} : given};
  if (made) id = id_of_name(from.name);
  if (id.empty()) id = "placemark-" + std::to_string(placemarks_);
  if (part == 0 && !made) return taken_.insert(id), id;
  std::string numbered = part == 0 ? id : id + '-' + std::to_string(part + 1);
  for (std::size_t number = part + 2; !taken_.insert(numbered).second; ++number) numbered = id + '-' + std::to_string(number);
  return numbered;
}

void kml_writer::add(const kml_placemark& from) {
  ++placemarks_;
  for (std::size_t i = 0; i < from.parts.size(); ++i) add_part(from, from.parts[i], choose_id(from, i));
  if (from.parts.empty()) return;
  for (const auto& [name, value] : from.data) {
    if (name != "geofence_id" && std::ranges::find(known_data, name, &known_datum::name) == known_data.end())
      ++made_.skipped[name];
  }
}

void kml_writer::add_part(const kml_placemark& from, const kml_placemark::part& part, const std::string& id) {
  std::string& out = made_.geo_json;
  out += made_.count++ > 0 ? ",\n{" : "\n{";
  out += R"("type":"Feature","id":)";
  wire::append_string(out, id);
  using enum kml_placemark::shape;
  out += R"(,"geometry":{"type":)";
  out += part.what == point ? R"("Point")" : part.what == line ? R"("LineString")" : R"("Polygon")";
  out += R"(,"coordinates":)";
  if (part.what == polygon) {
    out += '[';
    for (std::size_t i = 0; i < part.lines.size(); ++i) {
      if (i > 0) out += ',';
      out += part.lines[i];
    }
    out += ']';
  } else {
    std::string_view points = part.lines.empty() ? std::string_view{"[]"} : std::string_view{part.lines.front()};
    if (part.what == point && points.size() > 2) points = points.substr(1, points.size() - 2);
    out += points;
  }
  out += R"(},"properties":{)";
  append_properties(from, part.what);
  out += "}}";
}

void kml_writer::append_properties(const kml_placemark& from, kml_placemark::shape what) {
  std::string members;
  std::string rules;
  for (const known_datum& known : known_data) {
    std::string_view text = datum(from, known.name);
    if (known.name == "name" && text.empty()) text = trimmed(from.name);
    if (known.name == "radius_meters" && text.empty() && what == kml_placemark::shape::point) text = defaults_.radius_meters;
    if (known.name == "width_meters" && text.empty() && what == kml_placemark::shape::line) text = defaults_.width_meters;
    if (!text.empty()) append_member(known.in_rules ? rules : members, known, text);
  }
  if (!rules.empty()) members += (members.empty() ? R"("rules":{)" : R"(,"rules":{)") + rules + '}';
  made_.geo_json += members;
}

kml_features kml_writer::finish() {
  made_.geo_json += "\n]}\n";
  return std::move(made_);
}

}  // namespace haulcast::client
