// What 100,000 geofences cost: CPU ns per position of trucks on tracks, beside an R-tree with other exact tests in the same
// rounds; how long one change holds its caller; memory. Prints one line of JSON; scripts/bench makes rows of it.
//   geofence_bench [ROUNDS [FENCES [TRUCKS [engine]]]]: with the last word only what following costs the engine
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "geo/random_shapes.hpp"
#include "geofences/engine_rounds.hpp"
#include "geofences/peers.hpp"
#include "geofences/scene.hpp"
#include "haulcast/geo/region_index.hpp"

namespace {

using namespace haulcast;
using namespace haulcast::bench;

struct sizes {
  std::size_t rounds = 5;
  std::size_t fences = 100'000;
  std::size_t trucks = 2'000;
  bool only_engine = false;
};

/// CPU time of this thread: other loads on the machine count little.
double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

template <class F>
double cpu_ns_of(F&& work) {
  const double begin = cpu_ns();
  work();
  return cpu_ns() - begin;
}

struct contender {
  std::string name;
  counter count;
  std::size_t positions_max;  // the slow ones are asked about fewer
};

/// As a server asks: each truck keeps its memo from one batch to the next.
class with_memos {
 public:
  with_memos(const geo::region_index& index, const scene& on) : index_{index}, first_{on.tracks.data()} {
    memos_.resize(on.tracks.size() / scene::track_length);
    sizes_.resize(memos_.size());
  }

  std::size_t operator()(const geo::point* p, std::size_t count) {
    std::size_t sum = 0;
    for (const auto* end = p + count; p != end; ++p) {
      const auto truck = static_cast<std::size_t>(p - first_) / scene::track_length;
      if (index_.containing(*p, memos_[truck], found_)) sizes_[truck] = found_.size();
      sum += sizes_[truck];
    }
    return sum;
  }

 private:
  const geo::region_index& index_;
  const geo::point* first_;
  std::vector<geo::region_index::memo> memos_;
  std::vector<std::size_t> sizes_;  // what the truck is in, as far as this program wants to know
  std::vector<std::uint32_t> found_;
};

std::size_t without_memos(const geo::region_index& index, const geo::point* p, std::size_t count) {
  static std::vector<std::uint32_t> found;
  std::size_t sum = 0;
  for (const auto* end = p + count; p != end; ++p) {
    index.containing(*p, found);
    sum += found.size();
  }
  return sum;
}

/// All that may matter on the way from the position before, and within 30 m of it, for a truck that is remembered.
std::size_t along_tracks(const geo::region_index& index, const geo::point* p, std::size_t count) {
  static std::vector<geo::region_index::candidate> found;
  std::size_t sum = 0;
  geo::region_index::memo memo;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % scene::track_length == 0) memo = {};
    index.along(p[i % scene::track_length == 0 ? i : i - 1], p[i], 30, memo, found);
    sum += found.size();
  }
  return sum;
}

/// The tracks, position by position: every truck once, then every truck again. Memory is as cold as it gets.
std::vector<geo::point> in_turns(const scene& of) {
  std::vector<geo::point> all;
  for (std::size_t i = 0; i < scene::track_length; ++i) {
    for (std::size_t at = i; at < of.tracks.size(); at += scene::track_length) all.push_back(of.tracks[at]);
  }
  return all;
}

nlohmann::json measure_positions(const scene& on, const geo::region_index& index, const std::vector<geo::region>& regions,
                                 const sizes& wanted) {
  const auto turns = in_turns(on);
  std::vector<contender> all{
      {"haulcast", with_memos{index, on}, on.tracks.size()},
      {"haulcast again", with_memos{index, on}, on.tracks.size()},
      {"without memos", [&](const geo::point* p, std::size_t n) { return without_memos(index, p, n); }, on.tracks.size()},
      {"on the way, 30 m", [&](const geo::point* p, std::size_t n) { return along_tracks(index, p, n); }, on.tracks.size()},
      {"trucks in turns, without memos",
       [&](const geo::point*, std::size_t n) { return without_memos(index, turns.data(), n); }, on.tracks.size()},
      {"rtree + region::contains", rtree_and_region(regions), on.tracks.size() / 4},
      {"rtree + spherical Boost", rtree_and_spherical(on.fences), on.tracks.size() / 40},
  };
  if (auto geos = prepared_geos(on.fences)) all.push_back({"GEOS prepared", std::move(geos), on.tracks.size() / 10});
  nlohmann::json said;
  for (std::size_t round = 0; round <= wanted.rounds; ++round) {  // the first one only warms up
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto& [name, count, positions] = all[round % 2 == 0 ? i : all.size() - 1 - i];
      std::size_t found = 0;
      const double took = cpu_ns_of([&] { found = count(on.tracks.data(), positions); });
      if (round == 0) {
        said[name]["positions"] = positions;
        said[name]["found"] = found;
        said[name]["expected"] = without_memos(index, on.tracks.data(), positions);
      } else {
        said[name]["ns"].push_back(took / static_cast<double>(positions));
      }
    }
  }
  return said;
}

/// For how long one change holds whoever makes it: with the cover made beforehand, as for a request, and with its making.
struct hold {
  double longest_us = 0;
  double longest_with_cover_us = 0;
  double sum_us = 0;
  std::size_t changes = 0;

  void replace(geo::region_index& index, std::uint32_t key, const geo::region& by) {
    geo::cover its_cover;
    const double covering = cpu_ns_of([&] { its_cover = geo::cover_of(by); }) / 1000;
    const double took = cpu_ns_of([&] {
                          index.erase(key);
                          index.insert(key, by, its_cover);
                        }) /
                        1000;
    longest_us = std::max(longest_us, took);
    longest_with_cover_us = std::max(longest_with_cover_us, took + covering);
    sum_us += took + covering;
    ++changes;
  }
  nlohmann::json told() const {
    return {{"longest_us", longest_us},
            {"longest_with_cover_us", longest_with_cover_us},
            {"mean_with_cover_us", sum_us / static_cast<double>(changes)}};
  }
};

geo::polygon large_polygon(std::size_t corners, double size) {
  geo::random_shapes dice{3};
  geo::ring ring;
  for (std::size_t i = 0; i < corners; ++i) {
    const double bearing = 360.0 * static_cast<double>(i) / static_cast<double>(corners);
    ring.push_back(geo::walk({50, 8}, bearing, size * dice.between(0.9, 1)));
  }
  ring.push_back(ring.front());
  return {{ring}};
}

geo::corridor long_corridor() {
  geo::random_shapes dice{4};
  geo::corridor made{{{46, 1}}, 400};
  while (made.path.size() < geo::vertices_max) made.path.push_back(geo::walk(made.path.back(), dice.between(0, 100), 150));
  return made;
}

nlohmann::json measure_changes(geo::region_index& index, const std::vector<geo::region>& regions) {
  nlohmann::json said;
  hold usual;
  for (std::uint32_t key = 0; key < regions.size(); key += 7) usual.replace(index, key, regions[key]);
  said["as the others"] = usual.told();
  const auto spare = static_cast<std::uint32_t>(regions.size());
  const auto with = [&](const char* name, const geo::shape& s) {
    const geo::region made{s};
    hold took;
    for (int i = 0; i < 50; ++i) took.replace(index, spare, made);
    index.erase(spare);
    said[name] = took.told();
  };
  with("a circle of 1,000 km", geo::circle{{50, 8}, geo::radius_max_m});
  with("a circle of 1,000 km around a pole", geo::circle{{89, 8}, geo::radius_max_m});
  with("a polygon of 10,000 vertices", large_polygon(geo::vertices_max, 5'000));
  with("a polygon of 10,000 vertices, 1,000 km", large_polygon(geo::vertices_max, 1'000'000));
  with("a corridor of 10,000 vertices", long_corridor());
  return said;
}

nlohmann::json measure(const scene& on, const sizes& wanted) {
  std::vector<geo::region> regions;
  std::vector<geo::cover> covers;
  nlohmann::json said;
  const double shapes_ns = cpu_ns_of([&] {
    for (const auto& fence : on.fences) regions.emplace_back(fence);
  });
  const double covers_ns = cpu_ns_of([&] {
    for (const auto& one : regions) covers.push_back(geo::cover_of(one));
  });
  geo::region_index index;
  constexpr std::uint32_t slice = 64;
  double longest = 0;
  double sum = 0;
  for (std::uint32_t key = 0; key < regions.size();) {
    const double took = cpu_ns_of([&] {
      for (std::uint32_t i = 0; i < slice && key < regions.size(); ++i, ++key) index.insert(key, regions[key], covers[key]);
    });
    longest = std::max(longest, took);
    sum += took;
  }
  const auto count = static_cast<double>(regions.size());
  std::size_t shape_bytes = 0;
  std::size_t parts = 0;
  for (const auto& one : regions) shape_bytes += one.bytes();
  for (const auto& one : covers) parts += one.size();
  said["import"] = {{"slice", slice},
                    {"longest_us", longest / 1000},
                    {"insert_us", sum / count / 1000},
                    {"cover_us", covers_ns / count / 1000},
                    {"region_us", shapes_ns / count / 1000}};
  said["bytes"] = {{"index", static_cast<double>(index.bytes()) / count},
                   {"region", static_cast<double>(shape_bytes) / count},
                   {"parts", static_cast<double>(parts) / count}};
  if (wanted.only_engine) return {{"engine", measure_engine(on, fences_of(on, regions, covers), wanted.rounds)}};
  said["positions"] = measure_positions(on, index, regions, wanted);
  said["changes"] = measure_changes(index, regions);
  said["engine"] = measure_engine(on, fences_of(on, regions, covers), wanted.rounds);
  return said;
}

}  // namespace

int main(int argc, char** argv) {
  sizes wanted;
  if (argc > 1) wanted.rounds = std::strtoul(argv[1], nullptr, 10);
  if (argc > 2) wanted.fences = std::strtoul(argv[2], nullptr, 10);
  if (argc > 3) wanted.trucks = std::strtoul(argv[3], nullptr, 10);
  wanted.only_engine = argc > 4;
  nlohmann::json said;
  for (const auto& on : {uniform_scene(wanted.fences, wanted.trucks), clustered_scene(wanted.fences, wanted.trucks)}) {
    said[on.name] = measure(on, wanted);
  }
  fmt::print("{}\n", said.dump());
  return 0;
}
