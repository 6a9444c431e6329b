#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "parts/fleet.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

constexpr double probe_interval_us = 1000;
constexpr std::uint32_t pass_after = 500'000;  // positions, whatever the interval

double passes(const running& server) { return server.told().value("haulcast_snapshot_passes_total"); }

void await_pass(const running& server, double more_than) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (passes(server) <= more_than) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"no snapshot pass came to its end"};
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

}  // namespace

longest_hold longest_hold::of(const metrics& told) {
  return {.cpu_us = told.value("haulcast_snapshot_longest_slice_seconds{clock=\"cpu\"}") * 1e6,
          .wall_us = told.value("haulcast_snapshot_longest_slice_seconds{clock=\"wall\"}") * 1e6};
}

void measure_snapshot(const stage& on, report& out) {
  const auto trucks = on.opts.scaled(100'000);
  fmt::print("\nsnapshot of {} trucks\n", trucks);
  const auto server = on.start(on.haulcast("haulcast", {{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "86400"}}));
  std::uint32_t sent = 0;
  // Every truck changes, and a pass begins by itself within a second.
  const auto touch_all = [&](std::size_t positions) {
    run_ingest(server->to, fill(on.opts.connections, trucks, positions, sent));
    sent += static_cast<std::uint32_t>(2 * positions);  // connections go at different speeds
  };
  const double before_all = passes(*server);
  touch_all(std::max<std::size_t>(40, pass_after / trucks + 1));
  await_pass(*server, before_all);
  std::vector<double> cpu, wall, itself, p99, quiet, passing;
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    std::this_thread::sleep_for(std::chrono::seconds{3});  // what was touched while the last pass was on has its own
    latencies without, with;
    run_probe(server->to, on.opts.seconds, probe_interval_us, without);
    const auto before = server->told();
    touch_all(pass_after / trucks + 1);
    run_probe(server->to, 2 * on.opts.seconds, probe_interval_us, with);
    await_pass(*server, before.value("haulcast_snapshot_passes_total"));
    const auto told = server->told();
    const auto held = longest_hold::of(told);
    if (!cpu.empty()) itself.push_back(held.cpu_us / cpu.back());
    cpu.push_back(held.cpu_us);
    wall.push_back(held.wall_us);
    p99.push_back(told.quantile("haulcast_snapshot_slice_seconds", 0.99, before) * 1e6);
    quiet.push_back(without.quantile(0.999));
    passing.push_back(with.quantile(0.999));
  }
  out.add({.work = fmt::format("snapshot of {} trucks: longest hold of the loop, CPU", trucks),
           .unit = " us",
           .value = spread_of(cpu),
           .wanted = {.must = 1000, .aim = {}},
           .against_itself = spread_of(itself),
           .void_because = {},
           .note = fmt::format("p99 of a slice {:.0f} us; GET /healthz p99.9 {:.0f} us with a pass on, {:.0f} us without",
                               median(p99), median(passing), median(quiet))});
  out.add({.work = "the same by the wall clock, other loads of the machine included",
           .unit = " us",
           .value = spread_of(wall),
           .wanted = {},
           .against_itself = {},
           .void_because = {},
           .note = {}});
}

}  // namespace haulcast::bench
