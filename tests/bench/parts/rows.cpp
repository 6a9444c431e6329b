#include "parts/rows.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace haulcast::bench {
namespace {

/// Three figures that count, and no more.
std::string figure(double value) {
  const double size = std::abs(value);
  return size == 0     ? "0"
         : size >= 100 ? fmt::format("{:.0f}", value)
         : size >= 10  ? fmt::format("{:.1f}", value)
         : size >= 0.1 ? fmt::format("{:.2f}", value)
                       : fmt::format("{:.2g}", value);
}

std::string range(const spread& s) { return fmt::format("{}..{}", figure(s.least), figure(s.greatest)); }

bool holds(double value, double limit, bool at_most) { return at_most ? value <= limit : value >= limit; }

std::string limit(const std::optional<double>& value, bool at_most) {
  return value ? (at_most ? "<=" : ">=") + figure(*value) : "";
}

}  // namespace

double median(std::vector<double> values) { return spread_of(std::move(values)).median; }

spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return {.median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2,
          .least = values.front(),
          .greatest = values.back()};
}

void report::say(const std::string& line) const { fmt::print("  {}\n", line); }

void report::add(row r) {
  fmt::print("  => {}: {}{} ({}) {}\n", r.work, figure(r.value.median), r.unit, range(r.value), verdict(r));
  rows_.push_back(std::move(r));
}

std::string report::verdict(const row& r) const {
  if (!r.void_because.empty()) return "VOID: " + r.void_because;
  if (!judged_) return "not judged";
  const auto& [must, aim, at_most] = r.wanted;
  if (!must && !aim) return "reported";
  const double value = r.value.median;
  if (must && !holds(value, *must, at_most)) {
    const double by = at_most ? value / *must : *must / value;
    return fmt::format("MISSES MUST by x{:.2f}", by);
  }
  if (aim && !holds(value, *aim, at_most)) return must ? "must met, misses aim" : "misses aim";
  return aim ? "aim met" : "must met";
}

void report::print() const {
  fmt::print("\n{:<76} {:>10} {:>15} {:>11} {:>8} {:>8}  {}\n", "work", "measured", "range", "A/A", "must", "aim", "");
  for (const auto& r : rows_) {
    fmt::print("{:<76} {:>10} {:>15} {:>11} {:>8} {:>8}  {}{}\n", r.work, figure(r.value.median) + r.unit, range(r.value),
               r.against_itself ? range(*r.against_itself) : "", limit(r.wanted.must, r.wanted.at_most),
               limit(r.wanted.aim, r.wanted.at_most), verdict(r), r.note.empty() ? "" : "; " + r.note);
  }
}

std::string report::json() const {
  using nlohmann::ordered_json;
  const auto as_json = [](const spread& s) {
    return ordered_json{{"median", s.median}, {"least", s.least}, {"greatest", s.greatest}};
  };
  const auto optional = [](const std::optional<double>& value) { return value ? ordered_json(*value) : ordered_json(nullptr); };
  auto all = ordered_json::array();
  for (const auto& r : rows_) {
    all.push_back({{"work", r.work},
                   {"unit", r.unit},
                   {"value", as_json(r.value)},
                   {"against_itself", r.against_itself ? as_json(*r.against_itself) : ordered_json(nullptr)},
                   {"must", optional(r.wanted.must)},
                   {"aim", optional(r.wanted.aim)},
                   {"at_most", r.wanted.at_most},
                   {"verdict", verdict(r)},
                   {"note", r.note}});
  }
  return all.dump(2) + "\n";
}

}  // namespace haulcast::bench
