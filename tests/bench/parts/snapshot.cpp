#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "parts/fleet.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

constexpr double probe_interval_us = 1000;
constexpr std::uint32_t pass_after = 500'000;  // positions, whatever the interval

struct held {
  double worst_us = 0;
  double p999_us = 0;
  double passes = 0;  // completed meanwhile
};

held probe(const running& server, double seconds) {
  const auto passes = [&] { return server.told().value("haulcast_snapshot_passes_total"); };
  const double before = passes();
  latencies found;
  run_probe(server.to, seconds, probe_interval_us, found);
  return {.worst_us = found.quantile(1), .p999_us = found.quantile(0.999), .passes = passes() - before};
}

void await_quiet(const running& server) {
  for (double entities = -1; entities != server.told().value("haulcast_snapshot_entities_total");) {
    entities = server.told().value("haulcast_snapshot_entities_total");
    std::this_thread::sleep_for(std::chrono::milliseconds{2500});
  }
}

}  // namespace

void measure_snapshot(const stage& on, report& out) {
  const auto trucks = on.opts.scaled(100'000);
  const double seconds = on.opts.quick ? 2 : 6;
  fmt::print("\nsnapshot of {} trucks, GET /healthz every ms\n", trucks);
  const auto who = on.haulcast("haulcast", {{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "86400"}});
  const auto server = on.start(who);
  std::uint32_t sent = 0;
  const auto touch_all = [&](std::size_t positions) {
    run_ingest(server->to, fill(on.opts.connections, trucks, positions, sent));
    sent += static_cast<std::uint32_t>(2 * positions);  // connections go at different speeds
  };
  touch_all(40);
  std::vector<double> quiet, passing, quiet_p999, passing_p999;
  double passes = 0;
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    await_quiet(*server);
    const auto without = probe(*server, seconds);
    quiet.push_back(without.worst_us);
    quiet_p999.push_back(without.p999_us);
    touch_all(std::max<std::size_t>(1, (pass_after + trucks) / trucks));
    const auto with = probe(*server, seconds);
    passing.push_back(with.worst_us);
    passing_p999.push_back(with.p999_us);
    passes += with.passes;
  }
  const auto noise = spread_of(quiet);
  out.say(
      fmt::format("worst {:.0f} us without a pass ({:.0f} to {:.0f}), p99.9 {:.0f} us; worst {:.0f} us with one, p99.9 "
                  "{:.0f} us; {:.0f} passes in {} rounds",
                  noise.median, noise.least, noise.greatest, median(quiet_p999), median(passing), median(passing_p999), passes,
                  on.opts.pairs));
  out.add({.work = fmt::format("snapshot of {} trucks: longest hold of the loop, worst GET /healthz", trucks),
           .unit = " us",
           .value = spread_of(passing),
           .wanted = {.must = 1000, .aim = {}},
           .against_itself = {},
           .void_because = passes < static_cast<double>(on.opts.pairs) ? "not every round had a pass" : "",
           .note = fmt::format("without a pass {:.0f} us ({:.0f}..{:.0f}): that is noise; p99.9 {:.0f} us with, {:.0f} without",
                               noise.median, noise.least, noise.greatest, median(passing_p999), median(quiet_p999))});
}

}  // namespace haulcast::bench
