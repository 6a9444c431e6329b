// Phases of load with something and without it, by turns in one run: what it costs whoever posts positions.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "load/load.hpp"
#include "parts/rows.hpp"

namespace haulcast::bench {

/// The share of the maximum rate that phases are loaded with.
inline constexpr double share_of_maximum = 0.30;

struct phase {
  double p50_us = 0;  // of acknowledgements
  double p99_us = 0;
  double cost_us = 0;  // CPU a position, of all threads but the store's
};

/// Why a run with a rate is worth nothing: not all was accepted, or the rate was not held. Empty: it is worth something.
std::string flaw_of_paced(const load_result& r, double rate);

/// Two pairs a round, the order turned each round. A ratio is taken within a pair, and what differs between the two phases of a
/// kind in one round is noise.
class phase_pairs {
 public:
  /// `run(with, turn)`: the phase with it or without it, the first of this round or the second.
  phase_pairs(std::size_t rounds, const std::function<phase(bool with, std::size_t turn)>& run);

  spread ratio(double phase::* what) const;
  spread noise(double phase::* what) const;
  double with(double phase::* what) const;
  double without(double phase::* what) const;

  /// Three rows: p50 and p99 of acknowledgements and CPU a position. "`work`: p50". Each must be unchanged, or at most
  /// `cost_must`.
  void tell(report& out, const std::string& work, const std::string& voided, const std::string& note,
            goal cost_must = {}) const;

 private:
  std::vector<phase> with_;     // of one round and turn at the place of
  std::vector<phase> without_;  // the one it is compared with
};

}  // namespace haulcast::bench
