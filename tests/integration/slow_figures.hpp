// The figures of hours and days by slow code that knows only what was sent.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace haulcast::support {

struct figures {
  double km = 0, moving_h = 0, idle_min = 0;
  double max_kmh = -1;
  int count = 0;
};

/// Second by second, by hours since the epoch. `positions` in the order of time, at most an hour apart, each with its speed;
/// `timestamp` is in milliseconds. A parked truck's noise must stay within 50 m. Those with a `suspect` are counted, no more.
std::map<std::int64_t, figures> by_hour(const std::vector<nlohmann::json>& positions);
/// The sums of hours by the date on which they begin in that zone, which is the C library's reading of it.
std::map<std::string, figures> by_day(const std::map<std::int64_t, figures>& hours, const char* zone);

/// An item of /stats against them; distances on a sphere are not those of the ellipsoid.
void expect_figures(const nlohmann::json& told, const figures& f);

}  // namespace haulcast::support
