// A day that makes little sense: whatever may come over the wire, in an order drawn by a seed.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/fences.hpp"
#include "engine/story.hpp"

namespace haulcast::engine::story {

/// One input as the journal would keep it, with what came out when it was applied first.
struct input {
  offset_t offset = 0;
  std::shared_ptr<batch> sent;     // or
  std::shared_ptr<command> asked;  // or
  std::optional<started> begun;    // or
  utc_time ticked_at;              // with
  std::vector<std::string> ticked_trucks;
  std::optional<std::uint32_t> trimmed_to;  // then it was no tick, but a trim of these trucks
  outcome first;

  void apply_to(world& w, outcome& out) const {
    out.clear();
    if (sent) return w.apply(*sent, offset, out);
    if (asked) return apply_command(w, out);
    if (begun) return w.apply(*begun, offset, out);
    if (trimmed_to) return w.apply(as_trim(), offset, out);
    w.apply(as_tick(), offset, out);
  }
  void apply_command(world& w, outcome& out) const {
    w.apply(*asked, offset, out);
    if (out.partly_skipped) w.recall(*asked, first.decided.what, offset);
  }
  trim as_trim() const { return {ticked_at, *trimmed_to, {ticked_trucks.begin(), ticked_trucks.end()}}; }
  tick as_tick() const { return {ticked_at, {ticked_trucks.begin(), ticked_trucks.end()}}; }
};

class random_day {
 public:
  explicit random_day(unsigned seed) : dice_{seed} {}

  /// Applies the next input to the world and remembers it. A tick that finds nothing due is none, nor is a command that changes
  /// nothing.
  const input& next() {
    for (;;) {
      now_ += milliseconds{upto(10) == 0 ? upto(900'000) : upto(20'000)};
      if (upto(200) == 0) now_ += 23h + milliseconds{upto(7'200'000)};
      input i;
      i.offset = inputs.size() + 1;
      const auto kind = upto(40);
      if (inputs.empty() || kind == 0) {
        i.begun = started{now_, any_rules()};
      } else if (kind == 1) {
        i.trimmed_to = static_cast<std::uint32_t>(upto(1'000));
        for (const auto id : live.trimmable(hand_, 2, *i.trimmed_to, upto(2) == 0)) i.ticked_trucks.emplace_back(id);
        if (i.ticked_trucks.empty()) continue;
        i.ticked_at = now_;
      } else if (kind < 10) {
        for (const auto id : live.due(now_, 1 + upto(5))) i.ticked_trucks.emplace_back(id);
        if (i.ticked_trucks.empty()) continue;
        i.ticked_at = now_;
      } else if (kind < 14) {
        i.asked = any_command_at_all();
      } else {
        i.sent = any_batch();
      }
      i.apply_to(live, i.first);
      if (i.asked && !i.first.decided.changed()) continue;
      inputs.push_back(std::move(i));
      return inputs.back();
    }
  }
  void play(std::size_t count) {
    while (count-- > 0) next();
  }
  std::size_t upto(std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(dice_); }

  world live{100};
  std::vector<input> inputs;

 private:
  truck_index hand_ = 0;

  options any_rules() {
    options rules;
    rules.identity_window = seconds{600 + upto(7200)};
    rules.identity_bytes_max = 200 + static_cast<std::uint32_t>(upto(4000));
    rules.stop_after = seconds{upto(200)};
    rules.offline_after = seconds{30 + upto(600)};
    rules.filters = upto(4) != 0;
    rules.max_segment = seconds{1 + upto(600)};
    if (upto(2) == 0) rules.default_speed_limit_kmh = 20 + static_cast<double>(upto(100));
    return rules;
  }

  position any_position(std::size_t truck) {
    auto& clock = clocks_[truck];
    position p;
    const auto how = upto(20);
    if (how == 0) {
      p.timestamp = clock - milliseconds{upto(9'000'000)};
    } else if (how == 1) {
      p.timestamp = clock;
    } else {
      clock = std::max(clock + 1ms, now_ - milliseconds{upto(10'000)});
      p.timestamp = clock;
    }
    auto& metres = places_[truck];
    metres += static_cast<double>(upto(200)) - 80;
    p.point = north(metres);
    if (const auto odd = upto(15); odd == 0) {
      p.point = {};
    } else if (odd < 3) {
      p.point.longitude += 3;  // a rival place; several in a row win
      if (upto(2) == 0) p.point.latitude = std::uniform_real_distribution{-90.0, 90.0}(dice_);
    }
    if (upto(2) == 0) p.speed_kmh = static_cast<double>(upto(1200)) / 10;
    if (upto(3) == 0) p.accuracy_m = static_cast<double>(upto(1100));
    if (upto(3) == 0) p.heading = std::uniform_real_distribution{0.0, 360.0}(dice_);
    if (upto(4) == 0) p.trip_id = "T-1";
    if (upto(4) == 0) p.attributes = R"({"reefer_c":-18.5})";
    return p;
  }

  precondition any_precondition(std::string_view id) {
    const auto known = live.find(id);
    const auto present = known && live.registration_of(*known) ? live.registration_of(*known)->version : 0;
    precondition p;
    if (upto(3) == 0) p.match = version_set{upto(4) == 0, {present, present + 1}};
    if (upto(5) == 0) p.none_match = version_set{upto(2) == 0, {present + upto(2)}};
    return p;
  }

  std::shared_ptr<command> any_command_at_all() {
    auto asked = any_command_without_key();
    if (upto(3) != 0) asked->retry = retry_key{{upto(20), 1}, {upto(2), 2}};
    return asked;
  }

  precondition any_fence_precondition(std::string_view id) {
    const auto there = live.geofences().find(id);
    const auto present = there ? there->version : 0;
    precondition p;
    if (upto(4) == 0) p.match = version_set{upto(4) == 0, {present, present + 1}};
    if (upto(6) == 0) p.none_match = version_set{upto(2) == 0, {present + upto(2)}};
    return p;
  }

  geofence any_geofence(std::string id) {
    const double metres = static_cast<double>(upto(4'000)) - 1'000;
    geofence g = upto(3) == 0 ? strip(metres, metres + 1 + static_cast<double>(upto(2'000)), std::move(id))
                              : geofence{.id = std::move(id),
                                         .shape = geo::circle{north(metres), 1.0 + static_cast<double>(upto(1'500))}};
    g.alert_on = {upto(4) != 0, upto(4) != 0, upto(2) == 0};
    if (g.alert_on.on_dwell) g.dwell = seconds{1 + upto(600)};
    g.restricted = upto(4) == 0;
    if (upto(3) == 0) g.speed_limit_kmh = 30;
    if (upto(3) == 0) g.hysteresis_m = static_cast<double>(upto(2)) * 50;
    if (upto(4) == 0) g.trucks = {"TRK-1", "TRK-2", "TRK-3"};
    g.active = upto(6) != 0;
    return g;
  }

  std::shared_ptr<command> any_fence_command() {
    const auto id = "fence-" + std::to_string(upto(8));
    const std::string merchant = upto(3) == 0 ? "M-" + std::to_string(upto(2)) : "";
    if (upto(3) == 0)
      return std::make_shared<command>(command{now_, remove_geofence{id, merchant, any_fence_precondition(id)}});
    put_geofence asked{any_geofence(id), upto(4) == 0, merchant, any_fence_precondition(id)};
    asked.what.merchant_id = merchant;
    return std::make_shared<command>(command{now_, std::move(asked)});
  }

  std::shared_ptr<command> any_command_without_key() {
    if (upto(2) == 0) return any_fence_command();
    const auto id = "TRK-" + std::to_string(upto(fleet + 3));  // some of them never drive
    if (upto(3) == 0) return std::make_shared<command>(command{now_, remove_truck{id, any_precondition(id)}});
    registration said;
    if (upto(2) == 0) said.name = "Zürich " + std::to_string(upto(3));
    if (upto(2) == 0) said.plate = "ZH 1";
    if (upto(3) == 0) said.max_speed_kmh = 80;
    if (upto(4) == 0) said.weight_kg = std::uniform_real_distribution{1.0, 4e4}(dice_);
    if (upto(4) == 0) said.attributes = R"({"reefer":true})";
    return std::make_shared<command>(command{now_, register_truck{id, said, any_precondition(id)}});
  }

  std::shared_ptr<batch> any_batch() {
    reports sent;
    for (std::size_t trucks = 1 + upto(3); trucks-- > 0;) {
      const auto truck = upto(fleet);
      const auto id = "TRK-" + std::to_string(truck);
      for (std::size_t n = 1 + upto(25); n-- > 0;) sent.emplace_back(id, any_position(truck));
    }
    if (upto(3) == 0) std::shuffle(sent.begin(), sent.end(), dice_);
    if (upto(5) == 0) std::reverse(sent.begin(), sent.end());
    return batch_of(now_, sent);
  }

  static constexpr std::size_t fleet = 12;
  std::mt19937 dice_;
  utc_time now_ = morning;
  std::vector<utc_time> clocks_ = std::vector<utc_time>(fleet, morning);
  std::vector<double> places_ = std::vector<double>(fleet, 0.0);
};

}  // namespace haulcast::engine::story
