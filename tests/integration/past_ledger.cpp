#include "integration/past_ledger.hpp"

#include <cmath>

#include "haulcast/base/time.hpp"
#include "haulcast/wire/time.hpp"
#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using nlohmann::json;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr int truck_count = 5;
constexpr double degrees_a_minute = 1.0 / 111.0;  // 60 km/h
constexpr double origin = 46.8;

double rounded(double degrees) { return std::round(degrees * 1e7) / 1e7; }

}  // namespace

past_ledger::past_ledger(unsigned seed, std::int64_t begin_ms, int days) : dice_{seed} {
  for (int i = 0; i < truck_count; ++i) {
    trucks_.push_back({.id = "PAST-" + std::to_string(i), .ahead = {}, .behind = {}, .newest_ms = 0});
    plan_days(trucks_.back(), begin_ms + i * 7 * minute_ms, days);
  }
}

std::vector<std::string> past_ledger::trucks() const {
  std::vector<std::string> all;
  for (const auto& each : tracks_) all.push_back(each.first);
  return all;
}

json past_ledger::a_position(const truck_plan& of, std::int64_t at_ms, double latitude, double speed_kmh, const char* engine) {
  json p{{"truck_id", of.id},
         {"timestamp", rfc3339(at_ms)},
         {"latitude", rounded(latitude)},
         {"longitude", 8.5 + 0.01 * static_cast<double>(of.id.back() - '0')},
         {"speed_kmh", speed_kmh},
         {"engine_status", engine}};
  if (chance(0.5)) p["heading"] = static_cast<double>(below(3600)) / 10;
  if (chance(0.5)) p["accuracy_m"] = 3 + static_cast<double>(below(80)) / 10;
  if (chance(0.3)) p["altitude_m"] = 408.5 - static_cast<double>(below(1000));
  if (chance(0.2)) p["odometer_km"] = 120'345.6;
  if (chance(0.2)) p["fuel_level_pct"] = below(101);
  if (chance(0.2)) p["battery_pct"] = below(101);
  if (chance(0.2)) p["trip_id"] = "T-" + std::to_string(below(5));
  if (chance(0.2)) p["driver_id"] = "D:" + std::to_string(below(5));
  if (chance(0.1)) p["attributes"] = {{"note", "a, \"b\" <&> Zürich"}, {"reefer_c", -18.5}, {"door", chance(0.5)}};
  return p;
}

// North for some time, a break with the engine on, back south, and parked for some hours with a GPS that wanders.
void past_ledger::plan_days(truck_plan& of, std::int64_t begin_ms, int days) {
  double latitude = origin;
  std::int64_t at = begin_ms;
  const auto step = [&](std::int64_t by_ms, double degrees, double speed, const char* engine) {
    at += by_ms + static_cast<std::int64_t>(below(999));
    latitude += degrees * static_cast<double>(by_ms) / minute_ms;
    of.ahead.push_back(a_position(of, at, latitude + (speed > 0 ? 0 : 1e-5 * static_cast<double>(below(10))), speed, engine));
  };
  while (at < begin_ms + days * day_ms) {
    const auto legs = 40 + below(40);
    const std::int64_t every = chance(0.5) ? minute_ms : 30'000;
    for (std::int64_t gone = 0; gone < static_cast<std::int64_t>(legs) * minute_ms; gone += every)
      step(every, degrees_a_minute, 60, "running");
    step(minute_ms, 0, 0, "running");
    for (auto i = below(20); i > 0; --i) step(minute_ms, 0, 0, "running");
    for (std::int64_t gone = 0; gone < static_cast<std::int64_t>(legs) * minute_ms; gone += every)
      step(every, -degrees_a_minute, 60, "running");
    for (auto i = 5 + below(15); i > 0; --i) step(10 * minute_ms, 0, 0, "off");
  }
}

std::vector<json> past_ledger::next() {
  std::vector<json> batch;
  refused_of_last_ = 0;
  std::vector<truck_plan*> moving;
  for (auto& each : trucks_) {
    if (!each.ahead.empty() || !each.behind.empty()) moving.push_back(&each);
  }
  if (moving.empty()) return batch;
  for (auto size = 1 + below(40); batch.size() < size;) give_one(*moving[below(moving.size())], batch);
  return batch;
}

void past_ledger::give_one(truck_plan& of, std::vector<json>& into) {
  const auto& told = tracks_[of.id];
  if (!told.empty() && chance(0.06)) {  // again, a little or a long way back; half of them say another place
    json again = std::next(told.begin(), static_cast<std::ptrdiff_t>(below(told.size())))->second;
    again.erase("late");
    again.erase("suspect");
    if (chance(0.5)) again["latitude"] = again["latitude"].get<double>() + 0.0005;
    into.push_back(std::move(again));
    return;
  }
  if (chance(0.03)) return refuse(of, a_position(of, of.newest_ms + 1, origin, 0, "off"), into);
  if (!of.behind.empty() && (of.ahead.empty() || chance(0.1))) {
    const auto which = of.behind.begin() + static_cast<std::ptrdiff_t>(below(of.behind.size()));
    json late = std::move(*which);
    of.behind.erase(which);
    return give(of, std::move(late), into);
  }
  if (of.ahead.empty()) return;
  json next = std::move(of.ahead.front());
  of.ahead.pop_front();
  if (of.newest_ms > 0 && chance(0.12)) {
    of.behind.push_back(std::move(next));
    return;
  }
  if (of.newest_ms > 0 && chance(0.02)) {
    json nowhere = a_position(of, of.newest_ms + 2, 0, 50, "running");
    nowhere["longitude"] = 0;
    nowhere["latitude"] = 0;
    nowhere.erase("accuracy_m");
    give(of, std::move(nowhere), into, "null_island");
  }
  if (of.newest_ms > 0 && chance(0.02)) {
    json vague = next;
    vague["accuracy_m"] = 5'000;
    vague["timestamp"] = rfc3339(of.newest_ms + 3);
    give(of, std::move(vague), into, "inaccurate");
  }
  give(of, std::move(next), into);
}

void past_ledger::give(truck_plan& of, json sent, std::vector<json>& into, const char* suspect) {
  const auto at_ms = to_epoch_ms(wire::parse_time(sent.at("timestamp").get<std::string>()).value());
  json told = sent;
  if (suspect != nullptr)
    told["suspect"] = suspect;
  else if (at_ms < of.newest_ms)
    told["late"] = true;
  else
    of.newest_ms = at_ms;
  tracks_[of.id].emplace(at_ms, std::move(told));
  into.push_back(std::move(sent));
}

void past_ledger::refuse(truck_plan& of, json wrong, std::vector<json>& into) {
  std::string code, truck = of.id;
  switch (below(4)) {
    case 0: wrong["latitude"] = 91, code = "latitude_out_of_range"; break;
    case 1: wrong["speed_kmh"] = 900, code = "speed_out_of_range"; break;
    case 2: wrong.erase("timestamp"), code = "timestamp_missing"; break;
    default: wrong["truck_id"] = "", truck.clear(), code = "truck_id_invalid"; break;
  }
  refused_.push_back({.index = into.size(), .code = code, .truck_id = truck, .raw = wrong.dump()});
  ++refused_of_last_;
  into.push_back(std::move(wrong));
}

}  // namespace haulcast::support
