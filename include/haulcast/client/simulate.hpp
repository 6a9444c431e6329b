// A fleet that does not exist: many trucks that drive through a city and post their positions as a driver's app would.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "haulcast/base/time.hpp"
#include "haulcast/client/base_url.hpp"

namespace haulcast::client {

struct simulate_options {
  std::string url = "http://127.0.0.1:8080";  // a path before /v1 is kept
  trust_files believed;
  std::string token;        // covers all the trucks: normally an admin's
  std::size_t trucks = 10;  // 1-1,000,000, named <prefix>1 ... <prefix>N with leading zeros
  std::string truck_prefix = "SIM-";
  milliseconds interval{5000};           // between two positions of a truck, on the trucks' clock; at least 100 ms
  std::uint64_t seed = 1;                // the same seed drives the same tracks
  std::optional<milliseconds> duration;  // wall time; none: until SIGINT or SIGTERM
  double speedup = 1;                    // trucks' time over wall time, 1-1000; above 1 it needs `duration`, and ends at now
  std::size_t connections = 32;          // kept alive and shared by the trucks, each truck in its own order
  milliseconds report_every{5000};       // a line of totals; 0: none
};

/// Runs until `duration` is over or SIGINT or SIGTERM comes, then sends what waits (for at most 3 s) and prints a summary.
/// Blocks; runs an event loop of its own and handles these two signals meanwhile. Lines of totals and the summary go to `out`,
/// troubles to `err`. While the server is away each truck keeps its newest 10,000 positions and retries with back-off. Returns
/// the exit code: 0 stopped as asked, 1 the token was refused, 2 options that cannot be.
int simulate(const simulate_options& options, std::ostream& out, std::ostream& err);

}  // namespace haulcast::client
