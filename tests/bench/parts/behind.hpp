// How far the store of a running server is behind its journal.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parts/stage.hpp"

namespace haulcast::bench {

/// Waits until the store has all that the journal has. Throws std::runtime_error when it does not come so far within 5 minutes,
/// or was given up.
void await_caught_up(const running& server);

/// The way there.
struct drained {
  double rows = 0;
  double seconds = 0;
  double cpu_s = 0;  // of the store's thread
};
/// The same, timed: from the first batch that was seen to be written, so that neither pauses between attempts nor making a
/// connection are part of it, to the last.
drained drain(const running& server);

/// Plans for a fleet that has driven until now, so that nothing is old to the store: hours are not settled while they are
/// measured. Each plan's positions lie behind those of the plans before. All of them together span `positions` of each truck.
class driving_fleet {
 public:
  driving_fleet(std::size_t connections, std::size_t trucks, std::uint32_t positions);

  std::size_t trucks() const { return each_ * connections_; }
  /// `batch` positions of so many trucks a request, `rate` requests a second.
  ingest_plan at_rate(std::size_t batch, double rate, double warm_up_s, double seconds);
  /// As many as are answered, at most `positions` a second.
  ingest_plan at_most(std::size_t batch, double positions, double seconds);

 private:
  ingest_plan next(std::size_t batch, double positions);

  std::size_t connections_;
  std::size_t each_;
  std::uint32_t next_;
};

}  // namespace haulcast::bench
