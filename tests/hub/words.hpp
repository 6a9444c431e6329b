// Words for telling what waits for a subscriber: trucks by letter, positions by number.
#pragma once

#include <string>
#include <vector>

#include "haulcast/hub/hub.hpp"

namespace haulcast::hub::words {

inline constexpr utc_time morning = from_epoch_ms(1'795'000'000'000);

inline shared_text text_of(std::string bytes) { return new text{std::move(bytes)}; }

inline engine::position at(geo::point where, double speed_kmh = engine::unknown) {
  engine::position p;
  p.timestamp = morning;
  p.point = where;
  p.speed_kmh = speed_kmh;
  return p;
}
inline engine::position driving(double speed_kmh) { return at({47.3769, 8.5417}, speed_kmh); }

/// "TRK-1 30, TRK-2 31": the trucks and speeds in frames, in their order.
inline std::string speeds_in(std::string_view json) {
  std::string all;
  const std::string_view id_key = R"("truck_id":")";
  const std::string_view speed_key = R"("speed_kmh":)";
  for (std::size_t from = json.find(id_key); from != std::string_view::npos; from = json.find(id_key, from)) {
    from += id_key.size();
    const std::string_view rest = json.substr(from);
    const std::string_view next = rest.substr(0, rest.find(id_key));
    if (!all.empty()) all += ", ";
    all += rest.substr(0, rest.find('"'));
    if (const auto speed = next.find(speed_key); speed != std::string_view::npos) {
      all += ' ';
      all += next.substr(speed + speed_key.size(), next.find_first_of(",}", speed) - speed - speed_key.size());
    }
  }
  return all;
}

inline engine::event online(std::string truck_id) {
  engine::event e;
  e.type = engine::event_type::truck_online;
  e.time = morning;
  e.truck_id = std::move(truck_id);
  return e;
}
inline engine::event offline(std::string truck_id) {
  engine::event e = online(std::move(truck_id));
  e.type = engine::event_type::truck_offline;
  return e;
}

class viewer : public subscriber {
 public:
  explicit viewer(outbox_options options = {}) : subscriber{options} {}
  void wake() override {
    ++woken;
    if (on_wake) on_wake();
  }
  void overflow() override { ++overflown; }

  std::string positions() {
    std::string joined;
    while (waiting.has_positions()) waiting.take_positions(joined, 1);
    return speeds_in(joined);
  }
  /// Types of the waiting events, without what they are about.
  std::string event_types() {
    std::string frames;
    waiting.take_events(frames, static_cast<std::size_t>(-1));
    std::string all;
    const std::string_view key = R"(,"type":")";
    for (std::size_t from = frames.find(key); from != std::string::npos; from = frames.find(key, from)) {
      from = frames.find('.', from) + 1;
      if (!all.empty()) all += ", ";
      all += frames.substr(from, frames.find('"', from) - from);
    }
    return all;
  }

  int woken = 0;
  int overflown = 0;
  std::function<void()> on_wake;
};

}  // namespace haulcast::hub::words
