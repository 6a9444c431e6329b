#include "support/ledger_plan.hpp"

#include <algorithm>
#include <cmath>

#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::support {
namespace {

constexpr std::size_t recent_max = 64;
constexpr double degrees_per_ms = 1e-7;  // 11 m/s
constexpr double degrees_per_m = 9e-6;
constexpr std::int64_t drive_steps = 720;  // of a working day between two silences: an hour
constexpr std::int64_t silent_steps_max = 1'000;

double rounded(double degrees) { return std::round(degrees * 1e7) / 1e7; }

/// What a position of a working day says besides its time. The same for the same truck and time, whenever it is asked.
struct moment_of_day {
  double north_m = 0;
  double east_m = 0;
  double speed_kmh = 0;
  const char* engine_status = "running";
};

moment_of_day working_day(std::uint32_t truck, std::int64_t since_begin_ms) {
  constexpr std::int64_t drive_ms = 180'000, stand_ms = 120'000, round_ms = 2 * (drive_ms + stand_ms);
  constexpr double far_m = 1'980, speed_kmh = far_m * 3'600 / drive_ms;
  const std::int64_t clock = since_begin_ms + truck * 37'000;
  const std::int64_t at = clock % round_ms;
  const auto way = [](std::int64_t driven_ms) { return far_m * static_cast<double>(driven_ms) / drive_ms; };
  if (at < drive_ms) return {.north_m = way(at), .speed_kmh = speed_kmh};
  const bool back = at >= drive_ms + stand_ms;
  if (back && at < round_ms - stand_ms) return {.north_m = far_m - way(at - drive_ms - stand_ms), .speed_kmh = speed_kmh};
  client::dice wanders{client::mix(truck, static_cast<std::uint64_t>(clock))};
  const auto off = wanders.normal();
  const bool parked = clock / round_ms % 3 == 1;
  return {.north_m = (back ? 0 : far_m) + 6 * off.x, .east_m = 6 * off.y, .engine_status = parked ? "off" : "running"};
}

void append_working_day(std::string& body, std::uint32_t truck, const moment_of_day& of) {
  if (truck % 3 != 0) {
    body += R"(,"speed_kmh":)";
    wire::append_number(body, of.speed_kmh);
  }
  body += R"(,"engine_status":)";
  wire::append_string(body, of.engine_status);
}

void append_json(std::string& body, const std::string& truck_id, const ledger_position& p, bool without_longitude) {
  body += R"({"truck_id":)";
  wire::append_string(body, truck_id);
  body += R"(,"timestamp":")";
  wire::append_time(body, from_epoch_ms(p.timestamp_ms));
  body += R"(","latitude":)";
  wire::append_number(body, p.latitude);
  if (!without_longitude) {
    body += R"(,"longitude":)";
    wire::append_number(body, p.longitude);
  }
}

}  // namespace

ledger_plan::ledger_plan(std::uint64_t seed, const ledger_mix& mix, std::vector<std::uint32_t> trucks,
                         const std::vector<std::string>& names, utc_time begin)
    : dice_{seed}, mix_{mix}, names_{names}, begin_ms_{to_epoch_ms(begin)}, newest_{begin} {
  for (const std::uint32_t number : trucks) trucks_.push_back({.number = number, .recent = {}, .between = {}});
}

planned_batch ledger_plan::next() {
  planned_batch planned;
  planned.twice_at_once = dice_.chance(mix_.twice_at_once);
  planned.body = R"({"positions":[)";
  if (left_of_shift_ > 0) --left_of_shift_;
  truck_book& first = any_truck();
  truck_book& second = dice_.chance(mix_.other_truck) ? any_truck() : first;
  const bool large = mix_.large > 0 && dice_.chance(mix_.large);
  const std::size_t size = 1 + dice_.below(large ? mix_.large_max : mix_.batch_max);
  for (std::size_t i = 0; i < size; ++i) plan_position(dice_.chance(0.5) ? first : second, planned);
  planned.body += "]}";
  return planned;
}

ledger_plan::truck_book& ledger_plan::any_truck() {
  if (mix_.shift == 0) return trucks_[dice_.below(trucks_.size())];
  if (left_of_shift_ == 0) {
    left_of_shift_ = mix_.shift;
    on_shift_ = dice_.below(trucks_.size());
  }
  return trucks_[on_shift_];
}

void ledger_plan::plan_position(truck_book& t, planned_batch& into) {
  const double draw = dice_.fraction();
  double share = mix_.duplicates;
  if (draw < share && !t.recent.empty()) {
    const double elsewhere = dice_.chance(0.5) ? 0.001 : 0;  // the first one stands, wherever the second says it was
    return add(into, t, t.recent[dice_.below(t.recent.size())], told::duplicate, elsewhere);
  }
  share += mix_.late;
  if (draw < share && !t.between.empty()) {
    const std::size_t which = dice_.below(t.between.size());
    const std::int64_t at_ms = t.between[which];
    t.between.erase(t.between.begin() + static_cast<std::ptrdiff_t>(which));
    return add(into, t, at_ms, told::late, 0);
  }
  share += mix_.rejected;
  if (draw < share) return add(into, t, begin_ms_ + (t.steps + 1) * step_ms() + 25, told::rejected, 0);
  ++t.steps;
  if (mix_.working_day && ++t.driven % drive_steps == 0) t.steps += static_cast<std::int64_t>(dice_.below(silent_steps_max));
  const std::int64_t at_ms = begin_ms_ + t.steps * step_ms();
  newest_ = std::max(newest_, from_epoch_ms(at_ms));
  t.between.push_back(at_ms - step_ms() / 2);
  if (t.between.size() > recent_max) t.between.erase(t.between.begin());
  add(into, t, at_ms, told::accepted, 0);
}

void ledger_plan::add(planned_batch& into, truck_book& t, std::int64_t at_ms, told expected, double off_degrees) {
  ledger_position p;
  p.truck = t.number;
  p.timestamp_ms = at_ms;
  const auto moment = mix_.working_day ? working_day(t.number, at_ms - begin_ms_) : moment_of_day{};
  const double north =
      mix_.working_day ? moment.north_m * degrees_per_m : static_cast<double>(at_ms - begin_ms_) * degrees_per_ms;
  p.latitude = rounded(10 + t.number % 40 + north + off_degrees);
  p.longitude = rounded(20 + t.number / 40 * 0.01 + moment.east_m * degrees_per_m);
  const bool without_longitude = expected == told::rejected && dice_.chance(0.5);
  if (expected == told::rejected && !without_longitude) p.latitude = 90.5;
  if (expected == told::accepted || expected == told::late) {
    t.recent.push_back(at_ms);
    if (t.recent.size() > recent_max) t.recent.erase(t.recent.begin());
  }
  if (!into.expected.empty()) into.body += ',';
  append_json(into.body, names_[t.number], p, without_longitude);
  if (mix_.working_day) append_working_day(into.body, t.number, moment);
  into.body += '}';
  into.expected.push_back(expected);
  into.batch.positions.push_back(p);
}

}  // namespace haulcast::support
