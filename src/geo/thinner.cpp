#include "haulcast/geo/thinner.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace haulcast::geo {

namespace {

using std::numbers::pi;

constexpr double radians(double degrees) noexcept { return degrees * pi / 180; }

// In which the great circle leaves; radians from north.
double direction(point from, point to) noexcept {
  const double lat1 = radians(from.latitude), lat2 = radians(to.latitude), turn = radians(to.longitude - from.longitude);
  return std::atan2(std::sin(turn) * std::cos(lat2),
                    std::cos(lat1) * std::sin(lat2) - std::sin(lat1) * std::cos(lat2) * std::cos(turn));
}

// Within [-pi, pi].
double turned(double angle) noexcept { return std::remainder(angle, 2 * pi); }

}  // namespace

bool thinner::add(point next) noexcept {
  if (!previous_) {
    previous_ = next;
    return false;
  }
  pass_near(*previous_);
  if (leads_to(next)) {
    previous_ = next;
    return false;
  }
  kept_ = *previous_;
  previous_ = next;
  bound_ = false;
  farthest_m_ = 0;
  return true;
}

void thinner::pass_near(point left_out) noexcept {
  const double away = distance_m(kept_, left_out);
  if (away <= tolerance_m_) return;  // near kept_, wherever the line leads
  farthest_m_ = std::max(farthest_m_, away);
  const double toward = direction(kept_, left_out);
  const double half = std::asin(tolerance_m_ / away);
  if (!bound_) {
    bound_ = true;
    reference_ = toward;
    from_ = -half;
    to_ = half;
    return;
  }
  const double off = turned(toward - reference_);
  from_ = std::max(from_, off - half);
  to_ = std::min(to_, off + half);
}

// A line that ends nearer than what was left out would not pass it.
bool thinner::leads_to(point next) const noexcept {
  if (!bound_) return true;
  if (distance_m(kept_, next) < farthest_m_) return false;
  const double off = turned(direction(kept_, next) - reference_);
  return off >= from_ && off <= to_;
}

}  // namespace haulcast::geo
