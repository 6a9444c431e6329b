#include "haulcast/store/hours.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace haulcast::store {

namespace {

using std::chrono::hours;

constexpr double slow_kmh = 5;
constexpr double place_radius_m = 50;       // a parked truck's noise stays within it
constexpr milliseconds silence = hours{1};  // longer segments say nothing of how the truck spent them
constexpr hours near{3};                    // hours so close together are read in one go: each takes its neighbours too

bool same_number(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same_letters(std::string_view text, std::string_view small) noexcept {
  return std::ranges::equal(text, small, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
}

double speed_between_kmh(double metres, milliseconds time) noexcept {
  return metres * 3'600 / static_cast<double>(time.count());
}

double radius_of(const track_point& p) noexcept { return p.accuracy_m > place_radius_m ? p.accuracy_m : place_radius_m; }

}  // namespace

bool engine_is_off(std::string_view engine_status) noexcept {
  return same_letters(engine_status, "off") || same_letters(engine_status, "stopped");
}

track_point track_point_of(const engine::position& p, bool suspect) noexcept {
  return {.when = p.timestamp,
          .where = p.point,
          .speed_kmh = p.speed_kmh,
          .accuracy_m = p.accuracy_m,
          .engine_off = engine_is_off(p.engine_status),
          .suspect = suspect};
}

bool operator==(const hour_figures& a, const hour_figures& b) noexcept {
  return a.hour == b.hour && a.distance_m == b.distance_m && same_number(a.max_speed_kmh, b.max_speed_kmh) &&
         a.moving == b.moving && a.idle == b.idle && a.count == b.count;
}

utc_time hour_of(utc_time t) noexcept { return std::chrono::floor<hours>(t); }

hour_figures& hour_fold::at(utc_time hour) {
  if (hours_.empty() || hours_.back().hour < hour) {
    hours_.push_back({.hour = hour});
    return hours_.back();
  }
  // Segments reach back over the hours since the position before.
  const auto found = std::ranges::lower_bound(hours_, hour, {}, &hour_figures::hour);
  return found->hour == hour ? *found : *hours_.insert(found, {.hour = hour});
}

void hour_fold::add(const track_point& p) {
  if (!p.suspect) {
    if (last_) segment(*last_, p);
    if (!last_ || hour_of(last_->when) != hour_of(p.when)) place_ = p.where;
    last_ = p;
  }
  hour_figures& here = at(hour_of(p.when));
  ++here.count;
  if (!p.suspect && !std::isnan(p.speed_kmh)) here.max_speed_kmh = std::fmax(here.max_speed_kmh, p.speed_kmh);
}

void hour_fold::segment(const track_point& from, const track_point& to) {
  const milliseconds time = to.when - from.when;
  const double length = geo::distance_m(from.where, to.where);
  const bool says = !std::isnan(from.speed_kmh) && time <= silence;
  const bool slow = says ? from.speed_kmh < slow_kmh : speed_between_kmh(length, time) < slow_kmh;
  double distance = length;
  if (!says || slow) {
    const double gone = geo::distance_m(place_, to.where);
    const bool left = to.speed_kmh >= slow_kmh || gone > radius_of(to);
    distance = left ? gone : 0;
  }
  if (distance > 0) place_ = to.where;
  const bool idle = slow && !from.engine_off && time <= silence;
  if (distance == 0 && slow && !idle) return;
  for (utc_time begin = from.when; begin < to.when;) {
    const utc_time hour = hour_of(begin);
    const utc_time end = std::min<utc_time>(hour + hours{1}, to.when);
    hour_figures& part = at(hour);
    part.distance_m += distance * static_cast<double>((end - begin).count()) / static_cast<double>(time.count());
    if (!slow) part.moving += end - begin;
    if (idle) part.idle += end - begin;
    begin = end;
  }
}

std::vector<hour_figures> hour_fold::take() {
  last_.reset();
  return std::exchange(hours_, {});
}

settled_hours settle(track& positions, utc_time first, utc_time last) {
  settled_hours made{.from = hour_of(first), .to = hour_of(last), .figures = {}};
  if (const auto before = positions.before(made.from)) made.from = hour_of(*before);
  if (const auto after = positions.from(made.to + hours{1})) made.to = hour_of(*after);
  // What leads into the first of these hours and out of the last one; the place is known from the beginning of an hour on.
  const auto led_in = positions.before(made.from);
  const auto led_out = positions.from(made.to + hours{1});
  const utc_time begin = led_in ? hour_of(*led_in) : made.from;
  const utc_time end = led_out ? *led_out : made.to + hours{1} - milliseconds{1};
  hour_fold fold;
  positions.read(begin, end, [&](const track_point& p) { fold.add(p); });
  made.figures = fold.take();
  std::erase_if(made.figures, [&](const hour_figures& f) { return f.hour < made.from || f.hour > made.to; });
  return made;
}

joined_track::joined_track(track& stored, const std::vector<track_point>& unstored) : stored_{stored} {
  std::map<utc_time, track_point> by_time;  // of one time the first stands
  for (const track_point& p : unstored) by_time.emplace(p.when, p);
  for (const auto& [when, p] : by_time) unstored_.push_back(p);
}

std::optional<utc_time> joined_track::before(utc_time t) {
  auto found = stored_.before(t);
  for (auto at = std::ranges::lower_bound(unstored_, t, {}, &track_point::when); at != unstored_.begin();) {
    if ((--at)->suspect) continue;
    if (!found || *found < at->when) found = at->when;
    break;
  }
  return found;
}

std::optional<utc_time> joined_track::from(utc_time t) {
  auto found = stored_.from(t);
  for (auto at = std::ranges::lower_bound(unstored_, t, {}, &track_point::when); at != unstored_.end(); ++at) {
    if (at->suspect) continue;
    if (!found || at->when < *found) found = at->when;
    break;
  }
  return found;
}

void joined_track::read(utc_time from, utc_time to, const std::function<void(const track_point&)>& take) {
  auto next = std::ranges::lower_bound(unstored_, from, {}, &track_point::when);
  stored_.read(from, to, [&](const track_point& p) {
    for (; next != unstored_.end() && next->when < p.when; ++next) take(*next);
    if (next != unstored_.end() && next->when == p.when) ++next;
    take(p);
  });
  for (; next != unstored_.end() && next->when <= to; ++next) take(*next);
}

std::vector<hour_run> runs_of(const std::vector<utc_time>& unsettled) {
  std::vector<hour_run> runs;
  for (const utc_time hour : unsettled) {
    if (!runs.empty() && hour - runs.back().last <= near)
      runs.back().last = hour;
    else
      runs.push_back({hour, hour});
  }
  return runs;
}

std::vector<hour_figures> current_figures(track& positions, std::vector<hour_figures> kept, std::vector<utc_time> unsettled,
                                          utc_time from, utc_time to) {
  std::ranges::sort(unsettled);
  const auto repeated = std::ranges::unique(unsettled);
  unsettled.erase(repeated.begin(), repeated.end());
  for (const hour_run& run : runs_of(unsettled)) {
    settled_hours made = settle(positions, run.first, run.last);
    std::erase_if(made.figures, [&](const hour_figures& f) { return f.hour < from || f.hour > to; });
    const auto begin = std::ranges::lower_bound(kept, made.from, {}, &hour_figures::hour);
    const auto end = std::ranges::upper_bound(kept, made.to, {}, &hour_figures::hour);
    kept.insert(kept.erase(begin, end), made.figures.begin(), made.figures.end());
  }
  return kept;
}

}  // namespace haulcast::store
