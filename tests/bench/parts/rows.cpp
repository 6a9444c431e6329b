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

std::string range(const spread& s) {
  return s.least == s.greatest ? "-" : fmt::format("{}..{}", figure(s.least), figure(s.greatest));
}

bool holds(double value, double limit, bool at_most) { return at_most ? value <= limit : value >= limit; }

std::string limit(const std::optional<double>& value, bool at_most) {
  return value ? (at_most ? "<=" : ">=") + figure(*value) : "";
}

/// Some rounds hold the limit and others do not: noise decides.
bool straddles(const spread& s, double limit) { return s.least < limit && limit < s.greatest; }

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

goal unchanged(const spread& noise) { return {.must = std::max({1.1, noise.greatest, 1 / noise.least}), .aim = {}}; }

void report::say(const std::string& line) const { fmt::print("  {}\n", line); }

void report::add(row r) {
  fmt::print("  => {}: {}{} ({}) {}\n", r.work, figure(r.value.median), r.unit, range(r.value), verdict(r));
  rows_.push_back(std::move(r));
}

void report::missing(const std::string& part, const std::string& why) {
  fmt::print("  {} could not be measured: {}\n", part, why);
  missing_.push_back(fmt::format("{} could not be measured: {}", part, why));
}

std::string report::verdict(const row& r) const {
  if (!r.void_because.empty()) return "VOID: " + r.void_because;
  if (!judged_) return "not judged";
  const auto& [must, aim, at_most] = r.wanted;
  if (!must && !aim) return "reported";
  const double value = r.value.median;
  if (must && !holds(value, *must, at_most)) {
    const double by = at_most ? value / *must : *must / value;
    return fmt::format("MISSES MUST by x{:.2f}{}", by, straddles(r.value, *must) ? " (not in every round)" : "");
  }
  const std::string doubt = must && straddles(r.value, *must) ? " (not in every round)" : "";
  if (aim && !holds(value, *aim, at_most)) return must ? "must met" + doubt + ", misses aim" : "misses aim";
  return aim ? "aim met" : "must met" + doubt;
}

void report::print() const {
  constexpr auto line = "{:<{}} {:>9} {:>15} {:>10} {:>7} {:>7}  {}\n";
  std::size_t width = 0;
  for (const auto& r : rows_) width = std::max(width, r.work.size());
  fmt::print("\n");
  fmt::print(line, "work", width, "median", "range", "A/A", "must", "aim", "verdict");
  std::vector<std::string> notes;
  for (const auto& r : rows_) {
    if (!r.note.empty()) notes.push_back(r.note);
    fmt::print(line, r.work, width, figure(r.value.median) + r.unit, range(r.value),
               r.against_itself ? range(*r.against_itself) : "-", limit(r.wanted.must, r.wanted.at_most),
               limit(r.wanted.aim, r.wanted.at_most), verdict(r) + (r.note.empty() ? "" : fmt::format(" [{}]", notes.size())));
  }
  for (const auto& part : missing_) fmt::print("{}\n", part);
  for (std::size_t i = 0; i < notes.size(); ++i) fmt::print("{:>4} {}\n", fmt::format("[{}]", i + 1), notes[i]);
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
