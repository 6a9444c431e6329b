#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "load/process.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

using nlohmann::json;

constexpr std::size_t fences = 100'000;
constexpr std::size_t trucks = 2'000;

std::vector<double> ns(const json& positions, const std::string& who) { return positions.at(who).at("ns"); }

/// Round by round.
std::vector<double> over(const json& positions, const std::string& who, const std::string& other) {
  auto ratio = ns(positions, who);
  const auto by = ns(positions, other);
  for (std::size_t i = 0; i < ratio.size(); ++i) ratio[i] /= by[i];
  return ratio;
}

/// Shapes on another model of the earth agree but for few positions; ours with itself in all.
std::string flaw(const json& positions, const std::string& who, double tolerance) {
  const double found = positions.at(who).at("found");
  const double expected = positions.at(who).at("expected");
  if (std::abs(found - expected) <= tolerance * expected) return {};
  return fmt::format("{} found {} where {} are", who, found, expected);
}

void add_positions(report& out, const std::string& where, const json& positions, const goal& wanted) {
  const auto itself = spread_of(over(positions, "haulcast", "haulcast again"));
  auto us = ns(positions, "haulcast");
  for (double& value : us) value /= 1000;
  const double containing =
      positions.at("haulcast").at("expected").get<double>() / positions.at("haulcast").at("positions").get<double>();
  out.add({.work = fmt::format("{} geofences, {}: CPU per position on a track", fences, where),
           .unit = " us",
           .value = spread_of(us),
           .wanted = wanted,
           .against_itself = itself,
           .void_because = flaw(positions, "haulcast", 0),
           .note = fmt::format(
               "{:.1f} geofences contain a position; without memos {:.0f} ns; trucks in turns, which is cold memory, "
               "{:.0f} ns; all that is on the way or within 30 m of it {:.0f} ns",
               containing, median(ns(positions, "without memos")), median(ns(positions, "trucks in turns, without memos")),
               median(ns(positions, "on the way, 30 m")))});
  struct peer {
    const char* name;
    goal wanted;
    double tolerance;
  };
  for (const auto& [name, limit, tolerance] :
       {peer{"rtree + region::contains", {.must = 0.7, .aim = {}}, 0},
        peer{"rtree + spherical Boost", {.must = 0.1, .aim = {}}, 0.03}, peer{"GEOS prepared", {}, 0.03}}) {
    if (!positions.contains(name)) {
      out.missing(name, "it is not installed");
      continue;
    }
    out.add({.work = fmt::format("the same over {}", name),
             .unit = "x",
             .value = spread_of(over(positions, "haulcast", name)),
             .wanted = limit,
             .against_itself = itself,
             .void_because = flaw(positions, name, tolerance),
             .note = fmt::format("{:.0f} ns", median(ns(positions, name)))});
  }
}

/// In rounds: with geofences, less without.
std::vector<double> part_of(const json& costs, const std::string& who) {
  std::vector<double> part = costs.at(who);
  const std::vector<double> without = costs.at("without");
  for (std::size_t i = 0; i < part.size(); ++i) part[i] -= without[i];
  return part;
}

void add_engine(report& out, const std::string& where, const json& engine, const goal& wanted) {
  for (const auto& [track, batches] : engine.items()) {
    for (const auto& [how, costs] : batches.items()) {
      auto us = part_of(costs, "with");
      auto itself = part_of(costs, "again");
      for (std::size_t i = 0; i < us.size(); ++i) {
        itself[i] /= us[i];
        us[i] /= 1000;
      }
      out.add({.work = fmt::format("the engine's geofence part, {} geofences, {}, {} a step, {}", fences, where, track, how),
               .unit = " us",
               .value = spread_of(us),
               .wanted = wanted,
               .against_itself = spread_of(itself),
               .void_because = {},
               .note = fmt::format("{:.0f} ns a position in all, {:.0f} ns without geofences; {:.3f} events a position",
                                   median(costs.at("with")), median(costs.at("without")), costs.at("events").get<double>())});
    }
  }
}

void add_changes(report& out, const std::string& where, const json& said) {
  double longest = 0;
  std::string note;
  for (const auto& [what, took] : said.at("changes").items()) {
    longest = std::max(longest, took.at("longest_us").get<double>());
    note += fmt::format("{}{}: {:.0f} us, {:.0f} us with its cover", note.empty() ? "" : "; ", what,
                        took.at("longest_us").get<double>(), took.at("longest_with_cover_us").get<double>());
  }
  const auto once = [&](std::string work, std::string unit, double value, goal wanted, std::string said_too) {
    out.add({.work = std::move(work),
             .unit = std::move(unit),
             .value = {.median = value, .least = value, .greatest = value},
             .wanted = wanted,
             .against_itself = {},
             .void_because = {},
             .note = std::move(said_too)});
  };
  once(fmt::format("one geofence of {} replaced, {}: longest hold", fences, where), " us", longest, {.must = 1000, .aim = {}},
       note);
  const auto& import = said.at("import");
  once(fmt::format("{} geofences put into the index, {}: longest slice of {}", fences, where, import.at("slice").get<int>()),
       " us", import.at("longest_us"), {.must = 1000, .aim = {}},
       fmt::format("{:.1f} us each; made beforehand: cover {:.0f} us, region {:.1f} us", import.at("insert_us").get<double>(),
                   import.at("cover_us").get<double>(), import.at("region_us").get<double>()));
  once(fmt::format("bytes of the index per geofence, {}", where), " B", said.at("bytes").at("index"), {},
       fmt::format("and {:.0f} B of its shape; {:.1f} tiles name it", said.at("bytes").at("region").get<double>(),
                   said.at("bytes").at("parts").get<double>()));
}

}  // namespace

void measure_geofences(const stage& on, report& out) {
  fmt::print("\ngeofences: {} of them, tracks of {} trucks\n", fences, trucks);
  const auto said = json::parse(output_of({(on.opts.tools / "geofence_bench").string(), std::to_string(on.opts.pairs),
                                           std::to_string(on.opts.scaled(fences)), std::to_string(on.opts.scaled(trucks))},
                                          {}));
  add_positions(out, "uniform", said.at("uniform").at("positions"), {.must = 0.2, .aim = 0.042});
  add_positions(out, "clustered", said.at("clustered").at("positions"), {.must = 0.5, .aim = 0.136});
  add_engine(out, "uniform", said.at("uniform").at("engine"), {.must = 0.2, .aim = 0.042});
  add_engine(out, "clustered", said.at("clustered").at("engine"), {.must = 0.5, .aim = 0.136});
  add_changes(out, "uniform", said.at("uniform"));
  add_changes(out, "clustered", said.at("clustered"));
}

}  // namespace haulcast::bench
