#include "slow_hours.hpp"

#include <algorithm>
#include <numbers>

namespace haulcast::support {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// Along the sphere, from the chord between two unit vectors.
double metres(const slow_point& a, const slow_point& b) {
  const auto vector = [](const slow_point& p) {
    const double phi = p.latitude * std::numbers::pi / 180, lambda = p.longitude * std::numbers::pi / 180;
    return std::vector{std::cos(phi) * std::cos(lambda), std::cos(phi) * std::sin(lambda), std::sin(phi)};
  };
  const auto u = vector(a), v = vector(b);
  return 2 * 6'371'008.8 * std::asin(std::min(1.0, std::hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2]) / 2));
}

bool is_off(std::string status) {
  for (char& c : status) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return status == "off" || status == "stopped";
}

/// What leads from one position to the next that is not suspect.
struct leg {
  const slow_point* from;
  const slow_point* to;
  const slow_point* stood_at;  // where the truck was when it last moved in this hour, or the hour's first position
  double counted_m = 0;
  bool moving = false;
  bool idle = false;

  std::int64_t ms() const { return to->at_ms - from->at_ms; }
};

void judge(leg& l) {
  const double straight = metres(*l.from, *l.to);
  const bool silence = l.ms() > hour_ms;
  const bool told = !silence && !std::isnan(l.from->speed_kmh);
  const double speed = told ? l.from->speed_kmh : straight / 1'000 / (static_cast<double>(l.ms()) / hour_ms);
  l.moving = !(speed < 5);
  l.idle = speed < 5 && !silence && !is_off(l.from->engine_status);
  if (told && speed >= 5) {
    l.counted_m = straight;
    return;
  }
  const double gone = metres(*l.stood_at, *l.to);
  const double radius = std::isnan(l.to->accuracy_m) ? 50 : std::max(50.0, l.to->accuracy_m);
  if (gone > radius || l.to->speed_kmh >= 5) l.counted_m = gone;
}

std::vector<leg> legs_of(const std::vector<slow_point>& track) {
  std::vector<leg> legs;
  const slow_point* before = nullptr;
  for (const slow_point& p : track) {
    if (p.suspect) continue;
    if (before != nullptr) {
      leg next{.from = before, .to = &p, .stood_at = before};
      const bool same_hour = !legs.empty() && legs.back().from->at_ms / hour_ms == before->at_ms / hour_ms;
      if (same_hour && !(legs.back().counted_m > 0)) next.stood_at = legs.back().stood_at;
      judge(next);
      legs.push_back(next);
    }
    before = &p;
  }
  return legs;
}

}  // namespace

bool slow_hour::same_as(const slow_hour& other) const noexcept {
  const bool same_speed = std::isnan(max_speed_kmh) ? std::isnan(other.max_speed_kmh) : max_speed_kmh == other.max_speed_kmh;
  return std::abs(distance_m - other.distance_m) < 0.01 && same_speed && moving_ms == other.moving_ms &&
         idle_ms == other.idle_ms && count == other.count;
}

std::map<std::int64_t, slow_hour> slow_hours(const std::vector<slow_point>& track) {
  std::map<std::int64_t, slow_hour> hours;
  if (track.empty()) return hours;
  const auto legs = legs_of(track);
  for (std::int64_t hour = track.front().at_ms / hour_ms; hour <= track.back().at_ms / hour_ms; ++hour) {
    const std::int64_t begin = hour * hour_ms, end = begin + hour_ms;
    slow_hour sum;
    bool any = false;
    for (const slow_point& p : track) {
      if (p.at_ms < begin || p.at_ms >= end) continue;
      any = true;
      ++sum.count;
      if (!p.suspect) sum.max_speed_kmh = std::fmax(sum.max_speed_kmh, p.speed_kmh);
    }
    for (const leg& l : legs) {
      const std::int64_t within = std::min(end, l.to->at_ms) - std::max(begin, l.from->at_ms);
      if (within <= 0 || !(l.moving || l.idle || l.counted_m > 0)) continue;
      any = true;
      sum.distance_m += l.counted_m * (static_cast<double>(within) / static_cast<double>(l.ms()));
      if (l.moving) sum.moving_ms += within;
      if (l.idle) sum.idle_ms += within;
    }
    if (any) hours.emplace(hour, sum);
  }
  return hours;
}

}  // namespace haulcast::support
