#include "geofences/engine_rounds.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <deque>
#include <string>
#include <string_view>

#include "geo/random_shapes.hpp"
#include "haulcast/engine/world.hpp"

namespace haulcast::bench {
namespace {

using namespace std::chrono_literals;

constexpr utc_time morning = from_epoch_ms(1'795'000'000'000);
constexpr std::size_t length = scene::track_length;

struct tracks {
  std::string name;
  std::vector<geo::point> at;  // one truck after the other
  milliseconds step;
};

/// 25 m each second, starting where the scene's trucks do.
tracks steady_tracks(const scene& on) {
  geo::random_shapes dice{9};
  tracks made{.name = "25 m", .at = {}, .step = 1s};
  for (std::size_t truck = 0; truck < on.tracks.size(); truck += length) {
    geo::point at = on.tracks[truck];
    double bearing = dice.between(0, 360);
    for (std::size_t i = 0; i < length; ++i) {
      made.at.push_back(at);
      bearing += dice.between(-15, 15);
      at = geo::walk(at, bearing, 25);
    }
  }
  return made;
}

/// Drives all trucks along their tracks, back in the next round, and so on.
class fleet {
 public:
  explicit fleet(const fence_list& fences) : world_{100'000} {
    world_.apply(engine::started{morning, {.filters = false}}, ++offset_, out_);
    for (const auto& each : fences) world_.restore_geofence(each);
  }

  /// CPU ns per position. Batches are made beforehand.
  double drive(const tracks& on, std::size_t round, bool one_truck_a_batch) {
    const auto batches = one_truck_a_batch ? batches_of_one(on, round) : batches_in_turns(on, round);
    timespec begin{}, end{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (const auto& each : batches) {
      out_.clear();
      world_.apply(each, ++offset_, out_);
      events += out_.events.size();
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    now_ += on.step * length;
    const double ns = static_cast<double>(end.tv_sec - begin.tv_sec) * 1e9 + static_cast<double>(end.tv_nsec - begin.tv_nsec);
    return ns / static_cast<double>(on.at.size());
  }

  std::size_t events = 0;

 private:
  engine::batch_position position(const tracks& on, std::size_t truck, std::size_t i, std::size_t round) const {
    const auto place = [&](std::size_t k) { return on.at[truck * length + (round % 2 == 0 ? k : length - 1 - k)]; };
    engine::batch_position p;
    p.where.timestamp = now_ + on.step * static_cast<int>(i);
    p.where.point = place(i);
    const double seconds = static_cast<double>(on.step.count()) / 1000;
    p.where.speed_kmh = geo::distance_m(place(i == 0 ? 1 : i - 1), place(i)) / seconds * 3.6;
    return p;
  }
  std::string id_of(const tracks& on, std::size_t truck) const { return fmt::format("{}-{:07}", on.name.substr(0, 2), truck); }

  std::deque<engine::batch> batches_of_one(const tracks& on, std::size_t round) {
    std::deque<engine::batch> all(on.at.size() / length);
    for (std::size_t truck = 0; truck < all.size(); ++truck) {
      all[truck].received_at = now_ + on.step * length;
      all[truck].trucks.push_back(all[truck].keep(id_of(on, truck)));
      for (std::size_t i = 0; i < length; ++i) all[truck].positions.push_back(position(on, truck, i, round));
    }
    return all;
  }
  std::deque<engine::batch> batches_in_turns(const tracks& on, std::size_t round) {
    constexpr std::size_t together = 100;
    std::deque<engine::batch> all;
    for (std::size_t i = 0; i < length; ++i) {
      for (std::size_t first = 0; first < on.at.size() / length; first += together) {
        auto& made = all.emplace_back();
        made.received_at = now_ + on.step * static_cast<int>(i);
        for (std::uint32_t k = 0; k < together && first + k < on.at.size() / length; ++k) {
          made.trucks.push_back(made.keep(id_of(on, first + k)));
          made.positions.push_back(position(on, first + k, i, round));
          made.positions.back().truck = k;
        }
      }
    }
    return all;
  }

  engine::world world_;
  engine::outcome out_;
  engine::offset_t offset_ = 0;
  utc_time now_ = morning;
};

nlohmann::json measure(const tracks& on, const fence_list& fences, std::size_t rounds, bool one_truck_a_batch) {
  struct contender {
    const char* name;
    fleet trucks;
  };
  std::array<contender, 3> all{contender{"without", fleet{{}}}, contender{"with", fleet{fences}},
                               contender{"again", fleet{fences}}};
  nlohmann::json said;
  for (std::size_t round = 0; round <= rounds; ++round) {  // the first one only warms up
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto& [name, trucks] = all[round % 2 == 0 ? i : all.size() - 1 - i];
      trucks.events = 0;
      const double ns = trucks.drive(on, round, one_truck_a_batch);
      if (round == 0) continue;
      said[name].push_back(ns);
      if (std::string_view{name} == "with") said["events"] = static_cast<double>(trucks.events) / static_cast<double>(on.at.size());
    }
  }
  return said;
}

}  // namespace

fence_list fences_of(const scene& on, const std::vector<geo::region>& regions, const std::vector<geo::cover>& covers) {
  fence_list all;
  for (std::size_t i = 0; i < on.fences.size(); ++i) {
    auto made = std::make_shared<engine::geofence>();
    made->id = fmt::format("fence-{:06}", i);
    made->shape = on.fences[i];
    made->alert_on.on_dwell = i % 5 == 0;
    made->version = 1;
    made->region = regions[i];
    made->cover = std::make_shared<const geo::cover>(covers[i]);
    all.push_back(std::move(made));
  }
  return all;
}

nlohmann::json measure_engine(const scene& on, const fence_list& fences, std::size_t rounds) {
  nlohmann::json said;
  const tracks own{.name = "0 to 125 m", .at = on.tracks, .step = 5s};
  for (const auto& each : {steady_tracks(on), own}) {
    said[each.name]["one truck a batch"] = measure(each, fences, rounds, true);
    said[each.name]["100 trucks a batch"] = measure(each, fences, rounds, false);
  }
  return said;
}

}  // namespace haulcast::bench
