// Words for telling the engine a truck's day: seconds since the morning, metres north of the depot.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "haulcast/engine/world.hpp"

namespace haulcast::engine::story {

using namespace std::chrono_literals;

inline constexpr utc_time morning = from_epoch_ms(1'795'000'000'000);
inline constexpr geo::point depot{47.3769, 8.5417};
inline constexpr double degrees_per_metre = 1 / 111'195.0797;  // of latitude, on the sphere that distance_m walks

inline geo::point north(double metres) { return {depot.latitude + metres * degrees_per_metre, depot.longitude}; }

inline position at(milliseconds t, double metres_north = 0, double speed_kmh = unknown) {
  position p;
  p.timestamp = morning + t;
  p.point = north(metres_north);
  p.speed_kmh = speed_kmh;
  return p;
}

inline position exact_to(double accuracy_m, position p) {
  p.accuracy_m = accuracy_m;
  return p;
}

inline position at_point(milliseconds t, geo::point where) {
  position p = at(t);
  p.point = where;
  return p;
}

using reports = std::vector<std::pair<std::string, position>>;

inline std::shared_ptr<batch> batch_of(utc_time received_at, const reports& sent) {
  auto b = std::make_shared<batch>();
  b->received_at = received_at;
  for (const auto& [id, p] : sent) {
    std::uint32_t truck = 0;
    while (truck < b->trucks.size() && b->trucks[truck] != id) ++truck;
    if (truck == b->trucks.size()) b->trucks.push_back(b->keep(id));
    batch_position next{static_cast<std::uint32_t>(b->positions.size()), truck, p};
    for (auto text : {&position::engine_status, &position::trip_id, &position::driver_id, &position::attributes}) {
      next.where.*text = b->keep(p.*text);
    }
    b->positions.push_back(next);
  }
  return b;
}

/// "truck.online TRK-1 @12.5": what the engine told, with the seconds since the morning.
inline std::string told(const event& e) {
  const auto ms = (e.time - morning).count();
  std::string seconds_text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) seconds_text += "." + std::to_string(1000 + ms % 1000).substr(1);
  return std::string{to_string(e.type)} + " " + e.truck_id + " @" + seconds_text;
}
inline std::vector<std::string> told(const std::vector<event>& events) {
  std::vector<std::string> all;
  for (const event& e : events) all.push_back(told(e));
  return all;
}

/// Rows of retry keys as snapshots hold them: one that is taken again replaces the one before.
class retry_rows {
 public:
  /// Takes the next block of the pass. False: there is none.
  bool take(world& from) {
    const auto block = from.take_changed_retries();
    if (!block) return false;
    std::string& row = rows_[from.retries().row_of(*block)];
    row.clear();
    byte_writer out{row};
    from.retries().save_block(*block, out);
    return true;
  }
  std::vector<std::string_view> views() const {
    std::vector<std::string_view> all;
    for (const auto& [number, bytes] : rows_) all.push_back(bytes);
    return all;
  }

 private:
  std::map<std::uint64_t, std::string> rows_;
};

/// A world whose records are numbered as they come. Each call answers with what came out.
class day {
 public:
  explicit day(options rules = {}, utc_time now = morning) { start(rules, now); }

  const outcome& hear(const reports& sent, milliseconds received_at) {
    out.clear();
    world_.apply(*batch_of(morning + received_at, sent), ++offset_, out);
    return out;
  }
  const outcome& hear(const position& p, milliseconds received_at) { return hear({{"TRK-1", p}}, received_at); }
  /// Heard the moment it was measured.
  judgement hear(const position& p) { return hear(p, p.timestamp - morning).judgements.at(0); }

  const outcome& tick_at(milliseconds now, std::size_t max = 1000) {
    out.clear();
    const auto due = world_.due(morning + now, max);
    if (!due.empty()) world_.apply(tick{morning + now, due}, ++offset_, out);
    return out;
  }
  const outcome& start(const options& rules, utc_time now) {
    out.clear();
    world_.apply(started{now, rules}, ++offset_, out);
    return out;
  }
  const truck& trk(const std::string& id = "TRK-1") const { return world_.at(world_.find(id).value()); }

  /// Everything saved and restored into another world, as by a restart.
  void restart() {
    engine::world next{100};
    std::string bytes;
    byte_writer out_bytes{bytes};
    for (truck_index i = 0; i < world_.size(); ++i) {
      bytes.clear();
      world_.save_truck(i, out_bytes);
      if (!next.restore_truck(bytes)) throw std::logic_error{"a truck was not restored"};
    }
    bytes.clear();
    world_.save_rules(out_bytes);
    if (!next.restore_rules(bytes)) throw std::logic_error{"the rules were not restored"};
    retry_rows rows;
    world_.mark_retries_changed();
    world_.begin_pass();
    while (rows.take(world_)) continue;
    if (!next.restore_retries(rows.views())) throw std::logic_error{"the retry keys were not restored"};
    for (const auto& [id, fence] : world_.geofences().all()) {
      bytes.clear();
      fence->save(out_bytes);
      if (!next.restore_geofence(read_geofence(bytes))) throw std::logic_error{"a geofence was not restored"};
    }
    world_ = std::move(next);
  }

  engine::world world_{100};
  offset_t offset_ = 0;
  outcome out;
};

/// All of a world's state as bytes, trucks in the order of their ids, then retry keys, geofences last.
inline std::string state_of(const world& w) {
  std::vector<std::pair<std::string, std::string>> trucks;
  for (truck_index i = 0; i < w.size(); ++i) {
    std::string bytes;
    byte_writer out{bytes};
    w.save_truck(i, out);
    trucks.emplace_back(w.at(i).id, bytes);
  }
  std::sort(trucks.begin(), trucks.end());
  std::string all;
  byte_writer out{all};
  w.save_rules(out);
  for (const auto& [id, bytes] : trucks) all += bytes;
  w.retries().save(out);
  for (const auto& [id, fence] : w.geofences().all()) fence->save(out);
  return all;
}

}  // namespace haulcast::engine::story
