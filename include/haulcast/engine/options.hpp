// What the rules of the engine are set to. Options are input: they are recorded when they change, so that a replay judges
// each position by those that held then.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "haulcast/base/time.hpp"

namespace haulcast {
class byte_reader;
class byte_writer;
}  // namespace haulcast

namespace haulcast::engine {

/// Grows whenever the same input may lead to another outcome; recorded beside the options.
inline constexpr std::uint32_t version = 7;  // 2: commands, removed trucks; 3: retry keys; 4: geofences; 5: visits; 6: imports,
                                             // what an inexact position proves, exits first, a limit for all; 7: crossings of
                                             // short ways, geofences deleted and created again

struct options {
  seconds identity_window{21'600};            // how far behind a truck's newest position duplicates are told exactly
  std::uint32_t identity_bytes_max = 61'440;  // a truck's window of recent positions; its oldest part goes when it is fuller
  double stop_speed_kmh = 5;                  // slower than this, or over the ground where no speed is given …
  seconds stop_after{120};                    // … for this long is a stop
  seconds offline_after{600};                 // silence
  bool filters = true;                        // mark suspect positions
  double filter_max_speed_kmh = 300;          // faster than this between two positions no truck drives
  double filter_max_accuracy_m = 1'000;       // worse than this is no place
  seconds max_segment{120};                   // the longest gap between two positions in which a crossing is interpolated
  std::optional<double> default_speed_limit_kmh{};  // where no geofence gives one

  friend bool operator==(const options&, const options&) = default;
};

void save(const options& o, byte_writer& out);
/// `by`: the engine version that saved them. False: bytes that no save wrote.
bool load(options& o, byte_reader& in, std::uint32_t by = version);

}  // namespace haulcast::engine
