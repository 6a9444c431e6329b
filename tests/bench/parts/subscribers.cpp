#include <fmt/core.h>

#include <chrono>
#include <thread>
#include <vector>

#include "load/subscriber.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

using namespace std::chrono_literals;

/// Bytes that the server takes for each of `count` subscribers who follow one truck each; the first few are not counted, they
/// pay for what is made once.
double bytes_a_subscriber(const running& server, std::size_t count) {
  constexpr std::size_t first = 200;
  std::vector<subscriber> all;
  all.reserve(first + count);
  const auto connect = [&](std::size_t until) {
    while (all.size() < until) all.emplace_back(server.to, follow_trucks({static_cast<std::uint32_t>(all.size())}));
    std::this_thread::sleep_for(500ms);
    return resident_bytes(server.to.server);
  };
  const double before = connect(first);
  return (connect(first + count) - before) / static_cast<double>(count);
}

/// A small box of its own for each, all over Europe but where the trucks drive.
std::string viewport(std::size_t number) {
  const double west = -9 + 0.5 * static_cast<double>(number % 30);
  const double south = 36 + 0.3 * static_cast<double>(number / 30);
  return fmt::format(R"({{"type":"subscribe","bbox":[{:.3f},{:.3f},{:.3f},{:.3f}]}})", west, south > 46 ? south + 3 : south,
                     west + 0.2, (south > 46 ? south + 3 : south) + 0.1);
}

}  // namespace

void measure_idle(const stage& on, report& out) {
  const auto count = on.opts.scaled(10'000);
  need_descriptors(count + 200);
  const auto patient = on.haulcast("haulcast", {{"HAULCAST_HUB__MAX_CONNECTIONS", "30000"},
                                                {"HAULCAST_LIMITS__MAX_CONNECTIONS", "30000"},
                                                {"HAULCAST_HUB__PING_INTERVAL_S", "300"}});
  fmt::print("\nidle subscribers, one truck each\n");
  const auto rounds = on.opts.quick ? 1U : 3U;
  std::vector<double> ours, itself, theirs;
  for (std::size_t i = 0; i < rounds; ++i) {
    ours.push_back(bytes_a_subscriber(*on.start(patient), count));
    itself.push_back(ours.back() / bytes_a_subscriber(*on.start(patient), count));
    theirs.push_back(bytes_a_subscriber(*on.start(on.peer("", "peer_ws_per_frame")), count));
  }
  out.add({.work = fmt::format("idle subscriber, user-space memory at {}", count),
           .unit = " B",
           .value = spread_of(ours),
           .wanted = {.must = 4096, .aim = 1229},
           .against_itself = spread_of(itself),
           .void_because = {},
           .note = fmt::format("websocket::stream takes {:.0f} B", median(theirs))});
}

void measure_viewports(const stage& on, report& out) {
  const auto count = on.opts.scaled(1000);
  std::vector<double> extra, itself;
  fmt::print("\nviewports elsewhere\n");
  const auto cost = [&](std::size_t viewports) {
    const auto server = on.start(on.haulcast());
    std::vector<subscriber> all;
    all.reserve(viewports);
    for (std::size_t i = 0; i < viewports; ++i) all.emplace_back(server->to, viewport(i));
    const auto r = run_ingest(server->to, {.connections = on.opts.connections, .seconds = on.opts.seconds});
    return sample_of(r, r.positions).cost;
  };
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    const double without = cost(0);
    extra.push_back((cost(count) / without - 1) * 100);
    itself.push_back((cost(0) / without - 1) * 100);
  }
  out.add({.work = fmt::format("{} viewports elsewhere: extra CPU per position, batches of 100", count),
           .unit = " %",
           .value = spread_of(extra),
           .wanted = {.must = 5, .aim = {}},
           .against_itself = spread_of(itself),
           .void_because = {},
           .note = {}});
}

}  // namespace haulcast::bench
