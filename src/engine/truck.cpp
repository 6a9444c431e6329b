#include "haulcast/engine/truck.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "haulcast/engine/codec.hpp"

namespace haulcast::engine {

namespace {

constexpr double metres_per_degree = 111'320;  // of latitude, rounded up; of longitude nowhere more
constexpr double assumed_accuracy_m = 10;      // where a phone gives none
constexpr double slack_m = 100;                // noise, urban canyons, and the rounding of the window

double seconds_between(utc_time a, utc_time b) noexcept {
  return static_cast<double>(std::abs(to_epoch_ms(b) - to_epoch_ms(a))) / 1000;
}

double accuracy_or_assumed(const position& p) noexcept { return std::isnan(p.accuracy_m) ? assumed_accuracy_m : p.accuracy_m; }

// Could a truck have come from one to the other in the time between? The sum of both differences in degrees bounds the
// distance from above, which spares the trigonometry for nearly all.
bool drivable(utc_time from_time, geo::point from, const position& to, const options& rules) noexcept {
  const double reach = rules.filter_max_speed_kmh / 3.6 * seconds_between(from_time, to.timestamp) + slack_m +
                       assumed_accuracy_m + std::min(accuracy_or_assumed(to), rules.filter_max_accuracy_m);
  const double bound =
      metres_per_degree * (std::fabs(to.point.latitude - from.latitude) + std::fabs(to.point.longitude - from.longitude));
  return bound <= reach || geo::distance_m(from, to.point) <= reach;
}

// Slow by its own word or, where it gives none, by the ground covered since the position before: the newest, or its rival
// where that is the one `p` makes win.
bool is_slow(const truck& t, const position& p, const options& rules) noexcept {
  if (!std::isnan(p.speed_kmh)) return p.speed_kmh < rules.stop_speed_kmh;
  if (!t.has_position) return true;
  const std::pair before{t.newest.timestamp(), t.newest.point()};
  const bool rival_wins = t.agreeing + 1 >= truck::agreeing_to_win && !drivable(before.first, before.second, p, rules);
  const auto [time, point] = rival_wins ? std::pair{t.against.timestamp, t.against.point} : before;
  return geo::distance_m(point, p.point) * 3.6 < rules.stop_speed_kmh * seconds_between(time, p.timestamp);
}

}  // namespace

std::string_view to_string(suspicion reason) noexcept {
  static constexpr std::array<std::string_view, 4> names{"", "null_island", "inaccurate", "implausible_speed"};
  return names[static_cast<std::size_t>(reason)];
}

std::string_view to_string(truck_status status) noexcept {
  static constexpr std::array<std::string_view, 3> names{"moving", "stopped", "offline"};
  return names[static_cast<std::size_t>(status)];
}

judgement truck::judge(const position& p, const options& rules) const {
  if (window.contains(p.timestamp)) return {verdict::duplicate};
  if (rules.filters) {
    if (p.point == geo::point{}) return {verdict::suspect, suspicion::null_island};
    if (p.accuracy_m > rules.filter_max_accuracy_m) return {verdict::suspect, suspicion::inaccurate};
  }
  if (!has_position) return {verdict::live};
  constexpr judgement implausible{verdict::suspect, suspicion::implausible_speed};
  if (p.timestamp > newest.timestamp()) {
    if (!rules.filters || drivable(newest.timestamp(), newest.point(), p, rules)) return {verdict::live};
    const bool agrees = agreeing > 0 && p.timestamp > against.timestamp && drivable(against.timestamp, against.point, p, rules);
    return agrees && agreeing + 1 >= agreeing_to_win ? judgement{verdict::live} : implausible;
  }
  if (rules.filters) {
    const auto [before, after] = window.around(p.timestamp);
    if (before && !drivable(before->timestamp, before->point, p, rules)) return implausible;
    if (after && !drivable(after->timestamp, after->point, p, rules)) return implausible;
  }
  return {verdict::late};
}

void truck::apply(const position& p, judgement j, utc_time received_at, const options& rules) {
  if (j.what == verdict::duplicate) return;
  if (j.what == verdict::live) {
    if (!is_slow(*this, p, rules)) {
      slow_since.reset();
      moving = true;
    } else {
      if (!slow_since) slow_since = p.timestamp;
      if (p.timestamp - *slow_since >= rules.stop_after) moving = false;
    }
    newest.assign(p);
    newest_received_at = received_at;
    has_position = true;
    agreeing = 0;
  } else if (j.why == suspicion::implausible_speed && p.timestamp > newest.timestamp()) {
    const bool agrees = agreeing > 0 && p.timestamp > against.timestamp && drivable(against.timestamp, against.point, p, rules);
    against = {p.timestamp, p.point};
    agreeing = static_cast<std::uint8_t>(agrees ? agreeing + 1 : 1);
  }
  // Identity is exact as far back as the window reaches, and an older position must not push out a newer one.
  const utc_time oldest = (has_position ? newest.timestamp() : p.timestamp) - rules.identity_window;
  if (p.timestamp >= oldest) {
    window.insert({p.timestamp, p.point, j.what == verdict::suspect});
    window.trim(oldest, rules.identity_bytes_max);
  }
}

namespace {
enum : std::uint8_t {
  online_bit = 1,
  moving_bit = 2,
  position_bit = 4,
  slow_bit = 8,
  rival_bit = 16,
  removed_bit = 32,
  speeding_bit = 64
};
}  // namespace

void truck::save(byte_writer& out) const {
  out.text(id);
  out.varint(changed_at);
  out.svarint(to_epoch_ms(heard_at));
  out.u8(static_cast<std::uint8_t>((online ? online_bit : 0) | (moving ? moving_bit : 0) | (has_position ? position_bit : 0) |
                                   (slow_since ? slow_bit : 0) | (agreeing > 0 ? rival_bit : 0) | (removed ? removed_bit : 0) |
                                   (speeding ? speeding_bit : 0)));
  if (has_position) {
    position_encoder{heard_at}.encode(out, newest.get());
    out.svarint(to_epoch_ms(newest_received_at));
  }
  if (slow_since) out.svarint(to_epoch_ms(*slow_since));
  if (agreeing > 0) {
    out.svarint(to_epoch_ms(against.timestamp));
    out.raw(against.point.latitude);
    out.raw(against.point.longitude);
    out.u8(agreeing);
  }
  window.save(out);
}

bool truck::load(byte_reader& in) {
  id = in.text();
  changed_at = in.varint();
  heard_at = from_epoch_ms(in.svarint());
  const std::uint8_t flags = in.u8();
  online = (flags & online_bit) != 0;
  moving = (flags & moving_bit) != 0;
  has_position = (flags & position_bit) != 0;
  removed = (flags & removed_bit) != 0;
  speeding = (flags & speeding_bit) != 0;
  if (has_position) {
    newest.assign(position_decoder{heard_at}.decode(in));
    newest_received_at = from_epoch_ms(in.svarint());
  }
  if ((flags & slow_bit) != 0) slow_since = from_epoch_ms(in.svarint());
  if ((flags & rival_bit) != 0) {
    against.timestamp = from_epoch_ms(in.svarint());
    against.point.latitude = in.raw();
    against.point.longitude = in.raw();
    agreeing = in.u8();
  }
  return window.load(in) && in.ok();
}

}  // namespace haulcast::engine
