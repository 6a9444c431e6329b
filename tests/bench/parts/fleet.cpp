#include "parts/fleet.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

// The newest records stay in memory whatever the fleet: no part of a truck. A server at its limit of trucks looks each one up
// twice: no part of the fleet's size.
const environment little_else{{"HAULCAST_JOURNAL__MEMORY_BYTES", "1048576"},
                              {"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "86400"},
                              {"HAULCAST_ENGINE__MAX_TRUCKS", "1100000"}};

// As few that each of them has a hundred trucks of the small fleet too: what is compared is the size of the fleet, not how many
// trucks a batch has.
constexpr std::size_t fleet_connections = 10;

struct fleet {
  std::size_t active = 0;      // trucks that post, evenly spread among
  std::size_t registered = 0;  // those that are known
};

/// One server with a fleet that it knows, alive over all rounds: bringing a million trucks there takes longer than a round.
class fleet_server {
 public:
  fleet_server(const stage& on, std::string directory, fleet f)
      : fleet_{f}, block_{positions_max / (2 + 2 * static_cast<std::uint32_t>(on.opts.pairs))} {
    auto who = on.haulcast("haulcast", little_else);
    who.directory = std::move(directory);
    server_ = on.start(who);
    run_ingest(server_->to, fill(fleet_connections, f.registered, 1));
    run_ingest(server_->to, plan_for(2));
    await_quiet();
  }

  /// CPU per position of batches of 100, each of a hundred active trucks or of one.
  double cost(const stage& on, bool mixed) {
    auto plan = plan_for(0);
    plan.batch = 100;
    plan.mixed = mixed;
    plan.requests = 0;
    plan.seconds = on.opts.seconds;
    const auto r = run_ingest(server_->to, plan);
    if (r.refused > 0 || r.accepted != r.positions) throw std::runtime_error{"not all was accepted: " + to_json(r)};
    return sample_of(r, r.positions).cost;
  }

 private:
  /// Each plan's positions lie behind whatever any truck sent before.
  ingest_plan plan_for(std::size_t positions) {
    auto plan = fill(fleet_connections, fleet_.active, positions, block_ * ++plans_);
    plan.stride = static_cast<std::uint32_t>(fleet_.registered / (plan.connections * plan.trucks_per_connection));
    plan.stride = std::max(plan.stride, 1U);
    return plan;
  }

  /// Until the whole fleet is in a snapshot: what is measured later are the passes that the active trucks cause.
  void await_quiet() const {
    const auto saved = [this] { return server_->told().value("haulcast_snapshot_entities_total"); };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
    for (double before = -1; before != saved() && std::chrono::steady_clock::now() < deadline;) {
      before = saved();
      std::this_thread::sleep_for(std::chrono::seconds{2});
    }
  }

  static constexpr std::uint32_t positions_max = 400'000;  // of a truck, before now
  fleet fleet_;
  std::uint32_t block_;
  std::unique_ptr<running> server_;
  std::uint32_t plans_ = 0;
};

void weigh(const stage& on, report& out, std::size_t trucks, std::size_t positions, const std::string& what, double must) {
  const auto server = on.start(on.haulcast("haulcast", little_else));
  const double before = resident_bytes(server->to.server);
  const auto r = run_ingest(server->to, fill(on.opts.connections, trucks, positions));
  std::this_thread::sleep_for(std::chrono::seconds{3});  // a snapshot pass ends
  const auto told = server->told();
  const double known = told.value("haulcast_trucks");
  const double each = (resident_bytes(server->to.server) - before) / known;
  out.add({.work = fmt::format("resident bytes per truck, {} trucks {}", trucks, what),
           .unit = " B",
           .value = {each, each, each},
           .wanted = {.must = must, .aim = {}},
           .against_itself = {},
           .void_because = known < 0.99 * static_cast<double>(trucks) ? fmt::format("only {:.0f} are known", known) : "",
           .note = fmt::format("{:.0f} of them windows; {} positions in {:.1f} s",
                               told.value("haulcast_truck_window_bytes") / known, r.positions, r.seconds)});
}

void compare(const stage& on, report& out, const fleet& large, bool mixed, std::vector<fleet_server>& servers) {
  std::vector<double> ratio, itself, small_cost, large_cost;
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    std::array<double, 3> cost{};
    for (std::size_t i = 0; i < cost.size(); ++i) {
      const auto which = round % 2 == 0 ? i : cost.size() - 1 - i;
      cost[which] = servers[which].cost(on, mixed);
    }
    small_cost.push_back(cost[0]);
    large_cost.push_back(cost[1]);
    ratio.push_back(cost[1] / cost[0]);
    itself.push_back(cost[2] / cost[0]);
  }
  out.add({.work = fmt::format("CPU per position, {} active of {} trucks over 1,000, 100 a batch of {}", large.active,
                               large.registered, mixed ? "100 trucks" : "one truck"),
           .unit = "x",
           .value = spread_of(ratio),
           .wanted = {.must = 1.5, .aim = {}},
           .against_itself = spread_of(itself),
           .void_because = {},
           .note = fmt::format("{:.3f} us against {:.3f} us", median(large_cost), median(small_cost))});
}

}  // namespace

void measure_fleet(const stage& on, report& out) {
  constexpr fleet small{.active = 1000, .registered = 1000};
  const fleet large{.active = on.opts.scaled(100'000), .registered = on.opts.scaled(1'000'000)};
  fmt::print("\nlarge fleets\n");
  weigh(on, out, large.active, 200, "with 200 positions each", 65536);
  weigh(on, out, large.registered, 1, "with one position each", 2048);
  std::vector<fleet_server> servers;
  servers.emplace_back(on, "fleet-1", small);
  servers.emplace_back(on, "fleet-2", large);
  servers.emplace_back(on, "fleet-3", small);
  compare(on, out, large, true, servers);
  compare(on, out, large, false, servers);
}

}  // namespace haulcast::bench
