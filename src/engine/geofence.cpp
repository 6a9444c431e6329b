#include "haulcast/engine/geofence.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <variant>

#include "haulcast/base/bytes.hpp"

namespace haulcast::engine {

namespace {

// Written to journals and snapshots: append, never reorder.
enum : std::uint64_t {
  on_enter_bit = 1,
  on_exit_bit = 2,
  on_dwell_bit = 4,
  dwell_bit = 8,
  restricted_bit = 16,
  speed_limit_bit = 32,
  inactive_bit = 64,
  changed_bit = 128,  // since it was created; without it that is taken to be its version
  known_bits = 255,
};

void save_point(geo::point p, byte_writer& out) {
  out.raw(p.latitude);
  out.raw(p.longitude);
}

// What no shape without a problem has, so that nobody meets it who takes that for granted.
bool is_degrees(geo::point p) noexcept { return std::fabs(p.latitude) <= 90 && std::fabs(p.longitude) <= 180; }

bool load_point(geo::point& p, byte_reader& in) {
  p.latitude = in.raw();
  p.longitude = in.raw();
  return in.ok() && is_degrees(p);
}

void save_points(const std::vector<geo::point>& points, byte_writer& out) {
  out.varint(points.size());
  for (const geo::point p : points) save_point(p, out);
}

bool load_points(std::vector<geo::point>& points, std::size_t least, byte_reader& in) {
  const std::size_t count = in.count();
  if (count < least || count > geo::vertices_max) return false;
  points.resize(count);
  return std::ranges::all_of(points, [&in](geo::point& p) { return load_point(p, in); });
}

bool load_length(double& metres, byte_reader& in) {
  metres = in.raw();
  return in.ok() && metres >= geo::radius_min_m && metres <= geo::radius_max_m;
}

void save_shape(const geo::circle& c, byte_writer& out) {
  save_point(c.center, out);
  out.raw(c.radius_m);
}
bool load_shape(geo::circle& c, byte_reader& in) { return load_point(c.center, in) && load_length(c.radius_m, in); }

void save_shape(const geo::polygon& p, byte_writer& out) {
  out.varint(p.rings.size());
  for (const geo::ring& r : p.rings) save_points(r, out);
}
bool load_shape(geo::polygon& p, byte_reader& in) {
  const std::size_t count = in.count();
  if (count == 0 || count > geo::vertices_max) return false;
  p.rings.resize(count);
  return std::ranges::all_of(p.rings, [&in](geo::ring& r) { return load_points(r, 4, in) && r.front() == r.back(); });
}

void save_shape(const geo::corridor& c, byte_writer& out) {
  save_points(c.path, out);
  out.raw(c.width_m);
}
bool load_shape(geo::corridor& c, byte_reader& in) { return load_points(c.path, 2, in) && load_length(c.width_m, in); }

template <std::size_t... Place>
bool load_alternative(geo::shape& shape, std::uint64_t place, byte_reader& in, std::index_sequence<Place...>) {
  return ((Place == place && load_shape(shape.emplace<Place>(), in)) || ...);
}

void save_texts(const std::vector<std::string>& texts, byte_writer& out) {
  out.varint(texts.size());
  for (const std::string& text : texts) out.text(text);
}

bool load_texts(std::vector<std::string>& texts, byte_reader& in) {
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.ok(); ++i) texts.emplace_back(in.text());
  return in.ok();
}

bool same(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

bool geofence::concerns(std::string_view truck_id) const noexcept {
  return trucks.empty() || std::ranges::binary_search(trucks, truck_id, std::less<>{});
}

void geofence::prepare() {
  if (!region) region.emplace(shape);
  if (!cover) cover = std::make_shared<const geo::cover>(geo::cover_of(*region));
}

void geofence::save(byte_writer& out) const {
  out.text(id);
  out.varint(version);
  const bool limited = !std::isnan(speed_limit_kmh);
  out.varint((alert_on.on_enter ? on_enter_bit : 0) | (alert_on.on_exit ? on_exit_bit : 0) |
             (alert_on.on_dwell ? on_dwell_bit : 0) | (dwell ? dwell_bit : 0) | (restricted ? restricted_bit : 0) |
             (limited ? speed_limit_bit : 0) | (active ? 0 : inactive_bit) | (created != version ? changed_bit : 0));
  if (created != version) out.varint(created);
  out.text(name);
  out.text(merchant_id);
  out.raw(hysteresis_m);
  if (dwell) out.svarint(dwell->count());
  if (limited) out.raw(speed_limit_kmh);
  save_texts(trucks, out);
  save_texts(tags, out);
  out.varint(shape.index());
  std::visit([&out](const auto& each) { save_shape(each, out); }, shape);
}

bool geofence::load(byte_reader& in) {
  id = in.text();
  version = in.varint();
  const std::uint64_t flags = in.varint();
  if ((flags & ~known_bits) != 0) return false;
  alert_on = {(flags & on_enter_bit) != 0, (flags & on_exit_bit) != 0, (flags & on_dwell_bit) != 0};
  restricted = (flags & restricted_bit) != 0;
  active = (flags & inactive_bit) == 0;
  created = (flags & changed_bit) != 0 ? in.varint() : version;
  name = in.text();
  merchant_id = in.text();
  hysteresis_m = in.raw();
  if ((flags & dwell_bit) != 0) dwell = seconds{in.svarint()};
  if ((flags & speed_limit_bit) != 0) speed_limit_kmh = in.raw();
  if (!load_texts(trucks, in) || !load_texts(tags, in)) return false;
  constexpr auto places = std::make_index_sequence<std::variant_size_v<geo::shape>>{};
  return load_alternative(shape, in.varint(), in, places) && in.ok() && hysteresis_m >= 0 && hysteresis_m <= hysteresis_max_m &&
         dwell_after() > seconds{0} && dwell_after() <= dwell_max;
}

std::shared_ptr<const geofence> read_geofence(std::string_view bytes) {
  byte_reader in{bytes};
  auto made = std::make_shared<geofence>();
  if (!made->load(in) || !in.done()) return nullptr;
  made->prepare();
  return made;
}

bool same(const geofence& a, const geofence& b) noexcept {
  return a.id == b.id && a.name == b.name && a.alert_on == b.alert_on && a.dwell == b.dwell && a.restricted == b.restricted &&
         same(a.speed_limit_kmh, b.speed_limit_kmh) && a.hysteresis_m == b.hysteresis_m && a.trucks == b.trucks &&
         a.active == b.active && a.tags == b.tags && a.merchant_id == b.merchant_id && a.shape == b.shape;
}

}  // namespace haulcast::engine
