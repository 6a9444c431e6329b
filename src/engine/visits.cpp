#include "haulcast/engine/visits.hpp"

#include <algorithm>

#include "haulcast/base/bytes.hpp"

namespace haulcast::engine {

namespace {

// Written to snapshots: append, never renumber.
enum : std::uint8_t {
  inside_bit = 1,
  dwelled_bit = 2,
  trespassing_bit = 4,
  speeding_bit = 8,
  run_bit = 16,
  between_bit = 32,
  tells_exit_bit = 64,
  doubt_bit = 128,  // every run has it but those of engine version 5
};
constexpr double doubt_before_m = 10;

void save_point(geo::point p, byte_writer& out) {
  out.raw(p.latitude);
  out.raw(p.longitude);
}

geo::point load_point(byte_reader& in) {
  geo::point p;
  p.latitude = in.raw();
  p.longitude = in.raw();
  return p;
}

void save_visit(const visit& v, byte_writer& out) {
  out.text(v.geofence_id);
  out.varint(v.version);
  out.u8(static_cast<std::uint8_t>((v.inside ? inside_bit : 0) | (v.dwelled ? dwelled_bit : 0) |
                                   (v.trespassing ? trespassing_bit : 0) | (v.speeding ? speeding_bit : 0) |
                                   (v.run > 0 ? run_bit : 0) | (v.tells_exit ? tells_exit_bit : 0) |
                                   (v.run > 0 && v.since.between ? between_bit : 0) | (v.run > 0 ? doubt_bit : 0)));
  out.text(v.geofence_name);
  out.svarint(v.dwell_after.count());
  if (v.inside) out.svarint(to_epoch_ms(v.entered_at));
  if (v.run == 0) return;
  out.varint(v.run);
  out.raw(v.evidence);
  out.svarint(to_epoch_ms(v.since.when));
  save_point(v.since.where, out);
  save_point(v.from, out);
  out.raw(v.doubt_m);
}

bool load_visit(visit& v, byte_reader& in) {
  v.geofence_id = in.text();
  v.version = in.varint();
  const std::uint8_t flags = in.u8();
  v.inside = (flags & inside_bit) != 0;
  v.dwelled = (flags & dwelled_bit) != 0;
  v.trespassing = (flags & trespassing_bit) != 0;
  v.speeding = (flags & speeding_bit) != 0;
  v.tells_exit = (flags & tells_exit_bit) != 0;
  v.geofence_name = in.text();
  v.dwell_after = seconds{in.svarint()};
  if (v.dwell_after < seconds{0} || v.dwell_after > geofence::dwell_max) return false;
  if (v.inside) v.entered_at = from_epoch_ms(in.svarint());
  if ((flags & run_bit) == 0) return in.ok();
  v.run = static_cast<std::uint32_t>(in.varint());
  v.evidence = in.raw();
  v.since.when = from_epoch_ms(in.svarint());
  v.since.where = load_point(in);
  v.since.between = (flags & between_bit) != 0;
  v.from = load_point(in);
  v.doubt_m = (flags & doubt_bit) != 0 ? in.raw() : doubt_before_m;
  return in.ok() && v.run > 0;
}

}  // namespace

void visit::judge_by(const geofence& g) {
  geofence_name = g.name;
  tells_exit = g.alert_on.on_exit;
  dwell_after = g.dwell_after();
  version = g.version;
  found(g);
}

void visit::found(const geofence& g) {
  fence = &g;
  speed_limit_kmh = g.speed_limit_kmh;
}

visit* visits::find(std::string_view geofence_id) noexcept {
  const auto at = std::ranges::lower_bound(all_, geofence_id, std::less<>{}, &visit::geofence_id);
  return at != all_.end() && at->geofence_id == geofence_id ? &*at : nullptr;
}

const visit* visits::of(const geofence* g) const noexcept {
  const auto at = std::ranges::find(all_, g, &visit::fence);
  return at != all_.end() ? &*at : nullptr;
}

visit& visits::add(const geofence& g) {
  const auto at = std::ranges::lower_bound(all_, g.id, std::less<>{}, &visit::geofence_id);
  visit& made = *all_.emplace(at);
  made.geofence_id = g.id;
  made.judge_by(g);
  return made;
}

void visits::drop(std::string_view geofence_id) {
  if (const visit* const v = find(geofence_id)) all_.erase(all_.begin() + (v - all_.data()));
}

std::optional<utc_time> visits::dwells_at() const noexcept {
  std::optional<utc_time> first;
  for (const visit& v : all_) {
    if (const auto due = v.dwells_at(); due && (!first || *due < *first)) first = due;
  }
  return first;
}

void visits::save(byte_writer& out) const {
  out.varint(all_.size());
  for (const visit& v : all_) save_visit(v, out);
}

bool visits::load(byte_reader& in) {
  const std::size_t count = in.count();
  if (count > most) return false;
  all_.resize(count);
  for (visit& v : all_) {
    if (!load_visit(v, in)) return false;
  }
  return std::ranges::is_sorted(all_, std::less<>{}, &visit::geofence_id);
}

}  // namespace haulcast::engine
