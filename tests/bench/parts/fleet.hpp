// Fleets brought to a state by posting: so many trucks with so many positions each.
#pragma once

#include <cstdint>

#include "load/load.hpp"
#include "load/metrics.hpp"

namespace haulcast::bench {

/// A plan that brings each of `trucks` about `positions` more positions, in batches of 1,000 different trucks. The fleet is
/// divided among the connections, so the trucks become a multiple of their number.
inline ingest_plan fill(std::size_t connections, std::size_t trucks, std::size_t positions, std::uint32_t first_position = 0) {
  const std::size_t each = (trucks + connections - 1) / connections;
  return {.connections = connections,
          .batch = 1000,
          .trucks_per_connection = each,
          .mixed = true,
          .first_position = first_position,
          .requests = (each * connections * positions + 999) / 1000};
}

/// The same in batches of 1,000 positions of one truck: quicker, for long windows. `positions` is a multiple of 1,000.
inline ingest_plan fill_in_runs(std::size_t connections, std::size_t trucks, std::size_t positions) {
  auto plan = fill(connections, trucks, positions);
  plan.mixed = false;
  return plan;
}

/// For how long the newest snapshot pass held the loop at most, as the server says.
struct longest_hold {
  double cpu_us = 0;
  double wall_us = 0;
  static longest_hold of(const metrics& told);
};

}  // namespace haulcast::bench
