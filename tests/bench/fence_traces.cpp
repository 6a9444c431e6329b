// What hysteresis does to recorded traces: circles around the places where vehicles stopped, and what is told of them by plain
// geometry, without hysteresis, and with it; what is gone and why.
//   fence_traces FILE [RADIUS_M]
// FILE: "trace,elapsed_ms,latitude,longitude,activity" a line, a trace's lines together and in order; .gz or not.
#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/engine/world.hpp"

namespace {

using namespace haulcast;
using namespace std::chrono_literals;

constexpr utc_time morning = from_epoch_ms(1'795'000'000'000);
constexpr double stop_radius_m = 25;
constexpr milliseconds stop_after = 60s;

struct fix {
  utc_time when;
  geo::point where;
  bool on_foot = false;
};
using traces = std::map<std::string, std::vector<fix>>;

template <class Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) throw std::runtime_error{"not a number: " + std::string{text}};
  return value;
}

traces read(const char* path) {
  const gzFile file = gzopen(path, "rb");
  if (file == nullptr) throw std::runtime_error{fmt::format("{} cannot be read", path)};
  traces all;
  char line[256];
  gzgets(file, line, sizeof line);  // the names
  while (gzgets(file, line, sizeof line) != nullptr) {
    std::string_view rest{line};
    const auto next = [&rest] {
      const auto end = std::min(rest.find_first_of(",\r\n"), rest.size());
      const auto part = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      return part;
    };
    const std::string trace{next()};
    fix f;
    f.when = morning + milliseconds{number<std::int64_t>(next())};
    f.where.latitude = number<double>(next());
    f.where.longitude = number<double>(next());
    f.on_foot = next() == "OnFoot";
    all[trace].push_back(f);
  }
  gzclose(file);
  return all;
}

/// Where a trace's vehicle stayed within 25 m of one position for a minute; each place once. Traces may lie over one another
/// without having met, so each has places of its own.
struct place {
  std::string trace;
  geo::point where;
};
std::vector<place> places_of(const traces& all, double apart_m) {
  std::vector<place> places;
  for (const auto& [id, trace] : all) {
    for (std::size_t begin = 0; begin < trace.size();) {
      std::size_t end = begin;
      geo::point sum{};
      while (end < trace.size() && geo::distance_m(trace[begin].where, trace[end].where) <= stop_radius_m) {
        sum.latitude += trace[end].where.latitude;
        sum.longitude += trace[end].where.longitude;
        ++end;
      }
      if (trace[end - 1].when - trace[begin].when < stop_after) {
        ++begin;
        continue;
      }
      const auto count = static_cast<double>(end - begin);
      const geo::point middle{sum.latitude / count, sum.longitude / count};
      if (std::ranges::none_of(places,
                               [&](const place& p) { return p.trace == id && geo::distance_m(p.where, middle) < apart_m; })) {
        places.push_back({id, middle});
      }
      begin = end;
    }
  }
  return places;
}

struct rules {
  const char* name;
  double hysteresis_m;
  double accuracy_m;
};

struct stay {
  utc_time entered, exited = utc_time::max();
  double entered_after_s = 0, exited_after_s = 0;  // the crossing, until it was told
};
/// By truck and geofence, each in order.
using stays = std::map<std::pair<std::string, std::string>, std::vector<stay>>;

stays follow(const traces& all, const std::vector<place>& places, double radius_m, const rules& by) {
  engine::world world{1'000};
  engine::outcome out;
  engine::offset_t offset = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    engine::geofence g{.id = fmt::format("place-{:04}", i), .shape = geo::circle{places[i].where, radius_m}};
    g.trucks = {places[i].trace};
    g.hysteresis_m = by.hysteresis_m;
    out.clear();
    world.apply(engine::command{morning, engine::put_geofence{.what = g}, {}}, ++offset, out);
  }
  stays told;
  for (const auto& [id, trace] : all) {
    for (const fix& f : trace) {
      engine::batch sent;
      sent.received_at = f.when;
      sent.trucks.push_back(sent.keep(id));
      engine::batch_position p;
      p.where.timestamp = f.when;
      p.where.point = f.where;
      p.where.accuracy_m = by.accuracy_m;
      sent.positions.push_back(p);
      out.clear();
      world.apply(sent, ++offset, out);
      for (const engine::event& e : out.events) {
        if (!e.fence) continue;
        const double after_s = static_cast<double>((f.when - e.time).count()) / 1000;
        auto& its = told[{id, e.fence->geofence_id}];
        if (e.type == engine::event_type::geofence_entered) {
          its.push_back({.entered = e.time, .entered_after_s = after_s});
        } else {
          its.back().exited = e.time;
          its.back().exited_after_s = after_s;
        }
      }
    }
  }
  return told;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}
double part(std::vector<double> values, double of) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(of * static_cast<double>(values.size() - 1))];
}

void print_counts(const char* name, const stays& told) {
  std::size_t visits = 0, again = 0, brief = 0;
  std::vector<double> in_after, out_after;
  for (const auto& [who, its] : told) {
    for (std::size_t i = 0; i < its.size(); ++i) {
      ++visits;
      in_after.push_back(its[i].entered_after_s);
      if (its[i].exited != utc_time::max()) {
        out_after.push_back(its[i].exited_after_s);
        brief += its[i].exited - its[i].entered < 15s ? 1 : 0;
      }
      again += i > 0 && its[i].entered - its[i - 1].exited < 60s ? 1 : 0;
    }
  }
  fmt::print("{:<28} {:>7} {:>17} {:>14} {:>12.1f} s {:>9.1f} s\n", name, visits, again, brief, mean(in_after),
             mean(out_after));
}

/// What plain geometry tells of and others do not, seen in the positions themselves.
struct losses {
  std::vector<double> deepest_m, lasted_s;  // of visits that are gone
  std::vector<double> out_by_m, away_s;     // of the time between two visits that have become one
};

losses compare(const traces& all, const std::vector<place>& places, double radius_m, const stays& plain, const stays& by) {
  losses found;
  for (const auto& [who, its] : plain) {
    const auto& trace = all.at(who.first);
    const geo::point middle = places[number<std::size_t>(std::string_view{who.second}.substr(6))].where;
    const auto other = by.find(who);
    const auto farthest = [&](utc_time from, utc_time to, double sign) {
      double most = 0;
      for (const fix& f : trace) {
        if (f.when >= from && f.when <= to) most = std::max(most, sign * (geo::distance_m(f.where, middle) - radius_m));
      }
      return most;
    };
    const auto seconds = [&](utc_time from, utc_time to) {
      return static_cast<double>((std::min(to, trace.back().when) - from).count()) / 1000;
    };
    const stay* last = nullptr;  // of the others
    for (std::size_t i = 0; i < its.size(); ++i) {
      const stay* same = nullptr;
      if (other != by.end()) {
        const auto meets = [&](const stay& s) { return s.entered <= its[i].exited && its[i].entered <= s.exited; };
        const auto at = std::ranges::find_if(other->second, meets);
        if (at != other->second.end()) same = &*at;
      }
      if (same == nullptr) {
        found.deepest_m.push_back(farthest(its[i].entered, its[i].exited, -1));
        found.lasted_s.push_back(seconds(its[i].entered, its[i].exited));
      } else if (same == last) {
        found.out_by_m.push_back(farthest(its[i - 1].exited, its[i].entered, 1));
        found.away_s.push_back(seconds(its[i - 1].exited, its[i].entered));
      }
      last = same;
    }
  }
  return found;
}

void print_losses(const char* name, const losses& l) {
  fmt::print(
      "{}: {} visits of plain geometry are not told: inside by {:.0f} m at most (median; nine of ten {:.0f} m) for {:.0f} s "
      "({:.0f} s); {} go on in the one before: out by {:.0f} m ({:.0f} m) for {:.0f} s ({:.0f} s)\n",
      name, l.deepest_m.size(), part(l.deepest_m, 0.5), part(l.deepest_m, 0.9), part(l.lasted_s, 0.5), part(l.lasted_s, 0.9),
      l.out_by_m.size(), part(l.out_by_m, 0.5), part(l.out_by_m, 0.9), part(l.away_s, 0.5), part(l.away_s, 0.9));
}

int run(const char* path, double radius_m) {
  const auto all = read(path);
  const auto places = places_of(all, radius_m);
  std::size_t positions = 0;
  for (const auto& [id, trace] : all) positions += trace.size();
  fmt::print("{} traces, {} positions; a circle of {} m around each of {} places\n\n", all.size(), positions, radius_m,
             places.size());
  fmt::print("{:<28} {:>7} {:>17} {:>14} {:>14} {:>11}\n", "", "visits", "within a minute", "under 15 s", "told after", "");
  fmt::print("{:<28} {:>7} {:>17} {:>14} {:>14} {:>11}\n", "", "", "of the one before", "", "entering", "leaving");
  constexpr rules plain{"plain geometry", 0, 0.5};
  const auto as_plain = follow(all, places, radius_m, plain);
  print_counts(plain.name, as_plain);
  std::vector<std::pair<const char*, losses>> lost;
  for (const auto& by :
       {rules{"10 m of accuracy assumed", 0, engine::unknown}, rules{"and 20 m of hysteresis", 20, engine::unknown},
        rules{"and 50 m of hysteresis", 50, engine::unknown}}) {
    const auto told = follow(all, places, radius_m, by);
    print_counts(by.name, told);
    lost.emplace_back(by.name, compare(all, places, radius_m, as_plain, told));
  }
  fmt::print("\n");
  for (const auto& [name, what] : lost) print_losses(name, what);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fmt::print(stderr, "usage: fence_traces FILE [RADIUS_M]\n");
    return 2;
  }
  try {
    return run(argv[1], argc > 2 ? std::strtod(argv[2], nullptr) : 50);
  } catch (const std::exception& error) {
    fmt::print(stderr, "fence_traces: {}\n", error.what());
    return 1;
  }
}
