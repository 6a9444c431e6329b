// A geofence as reads show it: in the words of the API, and as a Feature of GeoJSON.
#include <cmath>
#include <variant>

#include "haulcast/wire/geofence.hpp"
#include "haulcast/wire/json_out.hpp"

namespace haulcast::wire {

namespace {

using engine::geofence;

void append_place(std::string& out, geo::point p) {
  out += '[';
  append_number(out, p.longitude);
  out += ',';
  append_number(out, p.latitude);
  out += ']';
}

template <class Range, class Append>
void append_array(std::string& out, const Range& of, Append append) {
  out += '[';
  bool first = true;
  for (const auto& each : of) {
    if (!first) out += ',';
    first = false;
    append(out, each);
  }
  out += ']';
}

void append_line(std::string& out, const std::vector<geo::point>& points) { append_array(out, points, append_place); }
void append_texts(std::string& out, const std::vector<std::string>& texts) {
  append_array(out, texts, [](std::string& to, const std::string& text) { append_string(to, text); });
}

struct in_our_words {
  std::string& out;

  void operator()(const geo::circle& c) const {
    out += R"(,"type":"circle","center":{"latitude":)";
    append_number(out, c.center.latitude);
    out += R"(,"longitude":)";
    append_number(out, c.center.longitude);
    out += R"(},"radius_meters":)";
    append_number(out, c.radius_m);
  }
  void operator()(const geo::polygon& p) const {
    out += R"(,"type":"polygon","coordinates":)";
    append_array(out, p.rings, append_line);
  }
  void operator()(const geo::corridor& c) const {
    out += R"(,"type":"corridor","path":)";
    append_line(out, c.path);
    out += R"(,"width_meters":)";
    append_number(out, c.width_m);
  }
};

struct as_geometry {
  std::string& out;

  void operator()(const geo::circle& c) const {
    out += R"({"type":"Point","coordinates":)";
    append_place(out, c.center);
  }
  void operator()(const geo::polygon& p) const {
    out += R"({"type":"Polygon","coordinates":)";
    append_array(out, p.rings, append_line);
  }
  void operator()(const geo::corridor& c) const {
    out += R"({"type":"LineString","coordinates":)";
    append_line(out, c.path);
  }
};

struct beside_the_geometry {
  std::string& out;

  void operator()(const geo::circle& c) const {
    out += R"(,"radius_meters":)";
    append_number(out, c.radius_m);
  }
  void operator()(const geo::polygon&) const {}
  void operator()(const geo::corridor& c) const {
    out += R"(,"width_meters":)";
    append_number(out, c.width_m);
  }
};

void append_alerts(std::string& out, engine::alerts on) {
  const std::size_t before = out.size();
  out += R"(,"alert_on":[)";
  const std::size_t empty = out.size();
  const auto add = [&](bool is_on, std::string_view name) {
    if (!is_on) return;
    if (out.size() > empty) out += ',';
    out += name;
  };
  add(on.on_enter, R"("enter")");
  add(on.on_exit, R"("exit")");
  add(on.on_dwell, R"("dwell")");
  if (out.size() == empty)
    out.resize(before);  // none can be asked for
  else
    out += ']';
}

void append_rules(std::string& out, const geofence& g) {
  out += R"(,"rules":{"restricted":)";
  out += g.restricted ? "true" : "false";
  if (!std::isnan(g.speed_limit_kmh)) {
    out += R"(,"speed_limit_kmh":)";
    append_number(out, g.speed_limit_kmh);
  }
  if (!g.trucks.empty()) {
    out += R"(,"trucks":)";
    append_texts(out, g.trucks);
  }
  out += R"(,"hysteresis_meters":)";
  append_number(out, g.hysteresis_m);
  out += '}';
}

void append_head(std::string& out, const geofence& g) {
  out += R"({"geofence_id":)";
  append_string(out, g.id);
  if (g.name.empty()) return;
  out += R"(,"name":)";
  append_string(out, g.name);
}

void append_rest(std::string& out, const geofence& g) {
  append_alerts(out, g.alert_on);
  if (g.dwell) {
    out += R"(,"dwell_seconds":)";
    append_number(out, g.dwell->count());
  }
  append_rules(out, g);
  out += R"(,"active":)";
  out += g.active ? "true" : "false";
  if (!g.tags.empty()) {
    out += R"(,"tags":)";
    append_texts(out, g.tags);
  }
  if (!g.merchant_id.empty()) {
    out += R"(,"merchant_id":)";
    append_string(out, g.merchant_id);
  }
  out += '}';
}

}  // namespace

void append_geofence(std::string& out, const geofence& g) {
  append_head(out, g);
  std::visit(in_our_words{out}, g.shape);
  append_rest(out, g);
}

void append_geofence_feature(std::string& out, const geofence& g) {
  out += R"({"type":"Feature","id":)";
  append_string(out, g.id);
  out += R"(,"geometry":)";
  std::visit(as_geometry{out}, g.shape);
  out += R"(},"properties":)";
  append_head(out, g);
  std::visit(beside_the_geometry{out}, g.shape);
  append_rest(out, g);
  out += '}';
}

}  // namespace haulcast::wire
