// What `watch` shows: the newest position of each truck, as lines.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include "haulcast/base/time.hpp"
#include "haulcast/client/live_frame.hpp"

namespace haulcast::client {

/// "TRK-1            45.5 km/h   47.37690,   8.54170   3 s ago" (`now` is this machine's clock).
std::string position_line(const live_position& p, utc_time now);
/// "geofence.entered  truck/TRK-1  2026-11-20T10:30:00.000Z"
std::string event_line(const live_event& e);

/// A place on screen of a bounded height. No I/O, no clock.
class watch_board {
 public:
  static constexpr std::size_t events_kept = 5;

  /// False when it was known: a snapshot repeats what was seen before a reconnect.
  bool update(const live_position& p);
  void add(const live_event& e);

  /// The trucks heard of last, as many as fit into `rows`, in the order of their ids; then the newest events. Nothing is longer
  /// than `columns`.
  std::string draw(utc_time now, std::size_t rows, std::size_t columns, bool colour) const;
  std::size_t trucks() const noexcept { return newest_.size(); }

 private:
  struct entry {
    live_position position;
    std::uint64_t turn = 0;  // of the update
  };
  std::map<std::string, entry, std::less<>> newest_;
  std::deque<live_event> events_;
  std::uint64_t turn_ = 0;
};

}  // namespace haulcast::client
