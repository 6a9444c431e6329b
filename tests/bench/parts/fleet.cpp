#include "parts/fleet.hpp"

#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

// The newest records stay in memory whatever the fleet: no part of a truck.
const environment little_else{{"HAULCAST_JOURNAL__MEMORY_BYTES", "1048576"},
                              {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "86400"}};

void weigh(const stage& on, report& out, std::size_t trucks, std::size_t positions, const std::string& what, double must) {
  const auto server = on.start(on.haulcast("haulcast", little_else));
  const double before = resident_bytes(server->to.server);
  const auto r = run_ingest(server->to, fill(on.opts.connections, trucks, positions));
  std::this_thread::sleep_for(std::chrono::seconds{3});  // a snapshot pass ends
  const auto told = server->told();
  const double known = told.value("haulcast_trucks");
  const double each = (resident_bytes(server->to.server) - before) / known;
  out.add({.work = fmt::format("{} trucks {}: resident bytes per truck", trucks, what),
           .unit = " B",
           .value = {each, each, each},
           .wanted = {.must = must, .aim = {}},
           .against_itself = {},
           .void_because = known < 0.99 * static_cast<double>(trucks) ? fmt::format("only {:.0f} are known", known) : "",
           .note = fmt::format("{:.0f} of them windows; {} positions in {:.1f} s",
                               told.value("haulcast_truck_window_bytes") / known, r.positions, r.seconds)});
}

/// CPU per position once every truck of the fleet is known.
double cost(const stage& on, std::size_t trucks, bool mixed) {
  const auto server = on.start(on.haulcast("haulcast", little_else));
  auto plan = fill(on.opts.connections, trucks, 2);
  run_ingest(server->to, plan);
  plan.batch = 100;
  plan.mixed = mixed;
  plan.requests = 0;
  plan.first_position = 10;
  plan.seconds = on.opts.seconds;
  const auto r = run_ingest(server->to, plan);
  return sample_of(r, r.positions).cost;
}

void compare(const stage& on, report& out, std::size_t trucks, bool mixed) {
  std::vector<double> ratio, itself, small, large;
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    small.push_back(cost(on, 1000, mixed));
    large.push_back(cost(on, trucks, mixed));
    ratio.push_back(large.back() / small.back());
    itself.push_back(cost(on, 1000, mixed) / small.back());
  }
  out.add({.work = fmt::format("CPU per position with {} trucks over 1,000, batches of 100 of {}", trucks,
                               mixed ? "100 trucks" : "one truck"),
           .unit = "x",
           .value = spread_of(ratio),
           .wanted = {.must = 1.5, .aim = {}},
           .against_itself = spread_of(itself),
           .void_because = {},
           .note = fmt::format("{:.3f} us against {:.3f} us", median(large), median(small))});
}

}  // namespace

void measure_fleet(const stage& on, report& out) {
  const auto active = on.opts.scaled(100'000);
  const auto registered = on.opts.scaled(1'000'000);
  fmt::print("\nlarge fleets\n");
  weigh(on, out, active, 200, "with 200 positions each", 65536);
  weigh(on, out, registered, 1, "with one position each", 2048);
  compare(on, out, active, true);
  compare(on, out, active, false);
}

}  // namespace haulcast::bench
