// What a ledger-keeping worker sends next: seeded batches with duplicates, late and wrong positions among them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "haulcast/base/time.hpp"
#include "haulcast/client/dice.hpp"
#include "support/ledger.hpp"

namespace haulcast::support {

struct ledger_mix {
  std::size_t batch_max = 12;  // positions in one batch, 1 to this
  double duplicates = 0.08;    // share of positions that were sent before, half of them with another place
  double late = 0.08;          // ... of new ones older than the truck's newest
  double rejected = 0.05;      // ... of wrong ones (latitude beyond 90, longitude missing)
  double other_truck = 0.2;    // share of batches with a second truck in them
  double twice_at_once = 0.1;  // share of batches that go on two connections at once
  double large = 0;            // share of batches with up to `large_max` positions instead of `batch_max`
  std::size_t large_max = 500;
  std::size_t shift = 0;  // batches that one truck of a worker gives while its others are silent; 0: all drive at any time
  /// Trucks report every 5 s, drive 2 km and back, stand at both ends with a GPS that wanders, at times with the engine off,
  /// and are silent for an hour or so now and then. Two of three tell their speed.
  bool working_day = false;
};

struct planned_batch {
  ledger_batch batch;
  std::vector<told> expected;  // of each position, once all batches before it have their 200
  std::string body;
  bool twice_at_once = false;
};

/// One worker's trucks. Their positions are 100 ms apart and 40 km/h fast (but for `working_day`), so that no filter finds one
/// suspect; late ones lie between two others, on the way. Everything expected rests on this worker being the only one who posts
/// for these trucks, and on each batch having been acknowledged before the next is sent.
class ledger_plan {
 public:
  ledger_plan(std::uint64_t seed, const ledger_mix& mix, std::vector<std::uint32_t> trucks,
              const std::vector<std::string>& names, utc_time begin);

  planned_batch next();
  /// The newest timestamp planned: a caller holds back while it is ahead of the clock.
  utc_time newest() const noexcept { return newest_; }

 private:
  struct truck_book {
    std::uint32_t number;
    std::int64_t driven = 0;            // steps of a working day, without those of silence
    std::int64_t steps = 0;             // positions in order so far; the newest is at begin + steps * step_ms()
    std::vector<std::int64_t> recent;   // timestamps held, at most `recent_max`
    std::vector<std::int64_t> between;  // free places for late ones
  };
  std::int64_t step_ms() const noexcept { return mix_.working_day ? 5'000 : 100; }
  truck_book& any_truck();
  void plan_position(truck_book& t, planned_batch& into);
  void add(planned_batch& into, truck_book& t, std::int64_t at_ms, told expected, double off_degrees);

  client::dice dice_;
  ledger_mix mix_;
  std::vector<truck_book> trucks_;
  std::size_t on_shift_ = 0;
  std::size_t left_of_shift_ = 0;  // batches
  const std::vector<std::string>& names_;
  std::int64_t begin_ms_;
  utc_time newest_;
};

}  // namespace haulcast::support
