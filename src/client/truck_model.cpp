#include "haulcast/client/truck_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace haulcast::client {
namespace {

constexpr double tick_s = 0.1;
constexpr double turn_mps = 20 / 3.6;
constexpr double stop_line_m = 4;       // before a crossing with a red light
constexpr double close_enough_m = 0.5;  // where a stop counts as reached
constexpr double dwell_min_s = 180;
constexpr double dwell_max_s = 1200;
constexpr double noise_memory_s = 30;  // after which the error of the phone has forgotten itself

double rounded(double value, double per_unit) noexcept { return std::round(value * per_unit) / per_unit; }

}  // namespace

truck_model::truck_model(std::uint64_t seed, const city& where)
    : city_{&where},
      dice_{seed},
      odometer_m_{dice_.between(5e6, 4e8)},
      briskness_{dice_.between(0.85, 1.05)},
      noise_m_{dice_.between(3, 8)} {
  from_ = city_->site(dice_.below(city::sites));
  choose_target();
  // A fleet that is met in the middle of its day: some stand at sites, the others are on their way.
  if (dice_.chance(0.3)) dwell_left_s_ = dice_.between(0, dwell_max_s);
  const auto [east, north] = dice_.normal();
  noise_east_m_ = noise_m_ * east;
  noise_north_m_ = noise_m_ * north;
}

model_report truck_model::step(utc_time now) {
  if (!started_) started_ = now;
  const auto due = (now - *started_) / tick;
  while (ticks_ < due) advance();
  model_report r = report();
  r.where.timestamp = std::max(now, *started_ + ticks_ * tick);
  return r;
}

void truck_model::advance() {
  ++ticks_;
  wander();
  if (dwell_left_s_ > 0) {
    dwell_left_s_ -= tick_s;
    return;
  }
  drive();
}

/// A Gauss-Markov walk, with its steps bounded.
void truck_model::wander() {
  constexpr double keep = 1 - tick_s / noise_memory_s;
  const double kick = noise_m_ * std::sqrt(1 - keep * keep);
  constexpr double most = noise_max_mps * tick_s;
  const auto [east, north] = dice_.normal();
  noise_east_m_ += std::clamp(noise_east_m_ * (keep - 1) + kick * east, -most, most);
  noise_north_m_ += std::clamp(noise_north_m_ * (keep - 1) + kick * north, -most, most);
}

void truck_model::drive() {
  const double wanted = std::min(permitted_mps(), speed_mps_ + accelerate_mps2 * tick_s);
  speed_mps_ = std::max({wanted, speed_mps_ - brake_hard_mps2 * tick_s, 0.0});
  along_m_ += speed_mps_ * tick_s;
  odometer_m_ += speed_mps_ * tick_s;
  const bool at_site = next_in(way_, from_) == target_;
  if (at_site && speed_mps_ == 0 && city::block_m - along_m_ <= close_enough_m) return arrive();
  if (along_m_ >= city::block_m) reach_crossing();
}

/// The fastest that still stops, or slows for the turn, where it has to.
double truck_model::permitted_mps() const noexcept {
  const double limit = city_->limit_kmh(from_, way_) / 3.6 * briskness_;
  const double left_m = city::block_m - along_m_;
  if (next_in(way_, from_) == target_)
    return left_m <= close_enough_m ? 0 : std::min(limit, std::sqrt(2 * brake_mps2 * left_m));
  if (must_stop()) {
    const double to_line_m = left_m - stop_line_m;
    return to_line_m <= close_enough_m ? 0 : std::min(limit, std::sqrt(2 * brake_mps2 * to_line_m));
  }
  // The next block may be a slower one, and a corner is slower still.
  const double beyond = then_ == way_ ? city_->limit_kmh(next_in(way_, from_), then_) / 3.6 * briskness_ : turn_mps;
  return std::min(limit, std::sqrt(beyond * beyond + 2 * brake_mps2 * std::max(left_m, 0.0)));
}

/// A light that turns red when there is no room left to brake is driven through.
bool truck_model::must_stop() const noexcept {
  const double to_line_m = city::block_m - along_m_ - stop_line_m;
  if (to_line_m < 0 || speed_mps_ * speed_mps_ > 2 * brake_hard_mps2 * to_line_m + 1) return false;
  return city_->red(next_in(way_, from_), way_, static_cast<double>(ticks_) * tick_s);
}

void truck_model::reach_crossing() {
  along_m_ -= city::block_m;
  from_ = next_in(way_, from_);
  way_ = then_;
  then_ = choose_way();
}

void truck_model::arrive() {
  from_ = target_;
  along_m_ = 0;
  dwell_left_s_ = dice_.between(dwell_min_s, dwell_max_s);
  choose_target();
}

void truck_model::choose_target() {
  do target_ = city_->site(dice_.below(city::sites));
  while (target_ == from_);
  // Away from the site in any useful way: a standing truck may turn.
  if (target_.east != from_.east)
    way_ = target_.east > from_.east ? direction::east : direction::west;
  else
    way_ = target_.north > from_.north ? direction::north : direction::south;
  then_ = choose_way();
}

/// From the end of this block on: straight if that helps, else a turn that helps, else around the block, never back. A tenth
/// of the crossings are taken by the other useful way, so that trucks do not all drive the same L.
direction truck_model::choose_way() const noexcept {
  const crossing at = next_in(way_, from_);
  std::array<direction, 2> useful{};
  std::size_t n = 0;
  if (target_.east != at.east) useful[n++] = target_.east > at.east ? direction::east : direction::west;
  if (target_.north != at.north) useful[n++] = target_.north > at.north ? direction::north : direction::south;
  const bool straight_helps = std::find(useful.begin(), useful.begin() + n, way_) != useful.begin() + n;
  const bool vary = mix(static_cast<std::uint64_t>(ticks_)) % 10 == 0;
  if (straight_helps && !(vary && n == 2)) return way_;
  for (std::size_t i = 0; i < n; ++i)
    if (useful[i] != way_ && useful[i] != opposite(way_)) return useful[i];
  return straight_helps ? way_ : right_of(way_);
}

model_report truck_model::report() const {
  double east_m = from_.east * city::block_m;
  double north_m = from_.north * city::block_m;
  switch (way_) {
    case direction::north: north_m += along_m_; break;
    case direction::east: east_m += along_m_; break;
    case direction::south: north_m -= along_m_; break;
    case direction::west: east_m -= along_m_; break;
  }
  model_report r;
  r.covered = city_->covered(east_m, north_m);
  const geo::point seen = city_->to_point(east_m + noise_east_m_, north_m + noise_north_m_);
  r.where.point = {rounded(seen.latitude, 1e7), rounded(seen.longitude, 1e7)};
  r.where.speed_kmh = rounded(speed_mps_ * 3.6, 10);
  if (speed_mps_ > 0.5) r.where.heading = city_->heading(way_);  // a phone that stands does not know
  r.where.accuracy_m = rounded(noise_m_, 10);
  r.where.odometer_km = rounded(odometer_m_ / 1000, 1000);
  r.where.engine_status = dwelling() ? "off" : speed_mps_ == 0 ? "idle" : "running";
  return r;
}

}  // namespace haulcast::client
