#include "haulcast/queries/stats.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "haulcast/queries/history.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"
#include "page_end.hpp"

namespace haulcast::queries {

namespace {

using store::hour_figures;

double rounded(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

void append_figure(std::string& out, std::string_view name, double value) {
  out.append(",\"").append(name).append("\":");
  wire::append_number(out, value);  // null where it is not known
}

void add(hour_figures& sum, const hour_figures& hour) {
  sum.distance_m += hour.distance_m;
  if (std::isnan(sum.max_speed_kmh) || hour.max_speed_kmh > sum.max_speed_kmh) sum.max_speed_kmh = hour.max_speed_kmh;
  sum.moving += hour.moving;
  sum.idle += hour.idle;
  sum.count += hour.count;
}

double average_kmh(const hour_figures& f) {
  if (f.moving.count() == 0) return engine::unknown;
  return rounded(f.distance_m * 3600 / static_cast<double>(f.moving.count()), 100);
}

}  // namespace

std::vector<figures_span> by_day(const std::vector<hour_figures>& hours, const calendar& days) {
  std::vector<figures_span> spans;
  utc_time ends{};
  for (const hour_figures& hour : hours) {
    if (spans.empty() || hour.hour >= ends) {
      spans.push_back({.begins = days.day_of(hour.hour), .sum = {}});
      ends = days.day_after(hour.hour);
    }
    add(spans.back().sum, hour);
  }
  return spans;
}

store::store_result<bool> stats::step(store::reader& from) {
  const auto days = asked_.days_of ? calendar_of(*asked_.days_of) : nullptr;
  no_such_zone_ = asked_.days_of && !days;
  if (no_such_zone_) return false;
  auto at = from.checkpoint();
  if (!at) return at.error();
  if (auto reached = tail_.reach(*at); !reached) return reached.error();
  complete_until = tail_.complete_until();
  const auto begin_of = [&](utc_time t) { return days ? days->day_of(t) : store::hour_of(t); };
  const auto end_of = [&](utc_time t) { return days ? days->day_after(t) : store::hour_of(t) + std::chrono::hours{1}; };
  const utc_time first = asked_.after ? std::max(begin_of(asked_.from), end_of(*asked_.after)) : begin_of(asked_.from);
  auto page = from.hours({.truck_id = asked_.truck_id, .from = first, .to = end_of(asked_.to) - milliseconds{1}},
                         points_in(tail_, asked_.truck_id));
  if (!page) return page.error();
  std::vector<figures_span> spans;
  if (days)
    spans = by_day(page->rows, *days);
  else
    for (const hour_figures& hour : page->rows) spans.push_back({.begins = hour.hour, .sum = hour});
  if (spans.size() > asked_.limit) {
    spans.resize(asked_.limit);
    next_cursor = cursor_of(spans.back().begins);
  }
  text = R"({"items":[)";
  for (const auto& span : spans) append(span, days.get());
  append_page_end(text, next_cursor, complete_until);
  return false;
}

void stats::append(const figures_span& span, const calendar* days) {
  if (text.back() == '}') text += ',';
  text += R"({"truck_id":)";
  wire::append_string(text, asked_.truck_id);
  text += days != nullptr ? R"(,"day":")" : R"(,"hour":")";
  if (days != nullptr)
    text += days->date_of(span.begins);
  else
    wire::append_time(text, span.begins);
  text += '"';
  append_figure(text, "total_distance_km", rounded(span.sum.distance_m / 1000, 1000));
  append_figure(text, "average_speed_kmh", average_kmh(span.sum));
  append_figure(text, "max_speed_kmh", span.sum.max_speed_kmh);
  append_figure(text, "idle_time_minutes", rounded(static_cast<double>(span.sum.idle.count()) / 60'000, 1000));
  text += R"(,"coordinates_count":)";
  wire::append_number(text, span.sum.count);
  text += '}';
}

}  // namespace haulcast::queries
