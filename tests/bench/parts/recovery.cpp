#include <fmt/core.h>

#include <cstdlib>
#include <string>

#include "parts/fleet.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

constexpr std::size_t window_positions = 5000;  // 7 h at 5 s: more than ingest.identity_window_s
constexpr std::size_t record_positions = 100;

struct replay {
  double records = 0;
  double positions = 0;
};

/// "replayed  N records with M positions ..."
replay replay_of(const stage& on) {
  const auto line = on.ask("verify", "replayed");
  const auto at = line.find("with ");
  if (at == line.npos) return {};
  return {.records = std::strtod(line.c_str() + 9, nullptr), .positions = std::strtod(line.c_str() + at + 5, nullptr)};
}

/// Posts in small steps until about `tail` positions follow the newest complete snapshot, then kills. A pass begins by itself
/// after 500,000 positions whatever the configuration says, so the tail has to be caught while it is long enough: what was
/// caught is asked of `haulcast verify` afterwards.
void catch_tail(const stage& on, running& server, std::size_t trucks, double tail) {
  const std::size_t each = (trucks + on.opts.connections - 1) / on.opts.connections;
  ingest_plan step{.connections = on.opts.connections,
                   .batch = record_positions,
                   .trucks_per_connection = each,
                   .mixed = true,
                   .first_position = window_positions + 2000,
                   .requests = 500};
  const double filled = server.told().value("haulcast_journal_last_offset");
  for (int i = 0; i < 400; ++i) {
    run_ingest(server.to, step);
    step.first_position += 20;  // beyond what any truck got
    const auto told = server.told();
    const double from = told.value("haulcast_snapshot_replay_from");
    const double records = told.value("haulcast_journal_last_offset") - from;
    if (from > filled && records * record_positions >= tail) break;
  }
  server.process->kill();
}

}  // namespace

void measure_recovery(const stage& on, report& out) {
  const auto trucks = on.opts.scaled(10'000);
  const auto tail = static_cast<double>(on.opts.scaled(1'000'000));
  fmt::print("\nstart to ready\n");
  const auto who = on.haulcast(
      "haulcast", {{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "86400"}, {"HAULCAST_JOURNAL__MEMORY_BYTES", "1048576"}});
  {
    const auto server = on.start(who);
    const double before = resident_bytes(server->to.server);
    run_ingest(server->to, fill_in_runs(on.opts.connections, trucks, window_positions));
    const auto told = server->told();
    const double known = told.value("haulcast_trucks");
    const double windows = told.value("haulcast_truck_window_bytes") / known;
    const double each = (resident_bytes(server->to.server) - before) / known;
    out.add({.work = fmt::format("resident bytes per truck, {:.0f} trucks with full windows", known),
             .unit = " B",
             .value = {each, each, each},
             .wanted = {.must = 65536, .aim = {}},
             .against_itself = {},
             .void_because = {},
             .note = fmt::format("{:.0f} of them windows", windows)});
    catch_tail(on, *server, trucks, tail);
    const auto held = longest_hold::of(told);
    out.add({.work = fmt::format("snapshot of {:.0f} trucks with full windows: longest hold of the loop, CPU", known),
             .unit = " us",
             .value = {held.cpu_us, held.cpu_us, held.cpu_us},
             .wanted = {.must = 1000, .aim = {}},
             .against_itself = {},
             .void_because = held.cpu_us == 0 ? "there was no pass" : "",
             .note = fmt::format("{:.0f} us by the wall clock", held.wall_us)});
  }
  const auto caught = replay_of(on);
  std::vector<double> ready, cpu, itself;
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    const auto server = on.start(who, false);
    if (!ready.empty()) itself.push_back(server->process->ready_s() / ready.back());
    ready.push_back(server->process->ready_s());
    cpu.push_back(server->process->ready_cpu_s());
    server->process->kill();
  }
  const auto after = replay_of(on);
  out.add({.work = fmt::format("start to ready, tail of {:.2f} million positions, {} trucks with full windows",
                               caught.positions / 1e6, trucks),
           .unit = " s",
           .value = spread_of(ready),
           .wanted = {.must = 1, .aim = 0.5},
           .against_itself = spread_of(itself),
           .void_because = caught.positions < 0.9 * tail ? "the tail is shorter than it should be" : "",
           .note = fmt::format("CPU {:.2f} s; replayed {:.0f} records with {:.0f} positions, at the last start {:.0f}",
                               median(cpu), caught.records, caught.positions, after.positions)});
}

}  // namespace haulcast::bench
