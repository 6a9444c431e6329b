#include <fmt/core.h>

#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

const std::string per_frame = "websocket::stream";

void fanout(const stage& on, report& out, bool one_truck, goal against_stream) {
  std::vector<contender> all{on.haulcast(), on.again(), on.peer(per_frame, "peer_ws_per_frame")};
  const auto broker = on.broker();
  if (broker) all.push_back(*broker);
  // With four posters each has a hundred trucks.
  const fanout_plan plan{
      .subscribers = on.opts.subscribers, .posters = one_truck ? 16U : 4U, .one_truck = one_truck, .seconds = on.opts.seconds};
  const auto found = on.rounds(all, [&](const contender& who, running& server) {
    const auto r = run_fanout(server.to, plan);
    auto s = sample_of(r, r.deliveries);
    s.void_because = flaw(who, server, r);
    return s;
  });
  const std::string work =
      fmt::format("fan-out, 100 a batch of {}, {} subscribers", one_truck ? "one truck" : "100 trucks", plan.subscribers);
  on.show(out, work, "delivery", all, found);
  const auto add = [&](const std::string& peer, const goal& wanted) {
    const auto theirs = void_reason(found, peer);
    out.add({.work = work + ": CPU over " + peer,
             .unit = "x",
             .value = cost_ratio(found, "haulcast", peer),
             .wanted = wanted,
             .against_itself = cost_ratio(found, "haulcast", "haulcast again"),
             .void_because = void_reason(found, "haulcast"),
             .note = theirs.empty() ? "" : "of the peer, " + theirs});
  };
  add(per_frame, against_stream);
  if (broker) {
    add(broker->name, {.must = 0.15, .aim = 0.08});
  } else {
    out.say("mosquitto is not installed: not compared with it");
  }
}

void deliver(const stage& on, report& out, std::size_t batch) {
  constexpr double batches_per_s = 1000;
  std::vector<double> p50, p99, p999, behind_commit, p50_itself, p99_itself, p999_itself;
  std::string voided;
  const fanout_plan plan{.subscribers = on.opts.subscribers, .batch = batch, .rate = batches_per_s, .seconds = on.opts.seconds};
  const auto wanted = static_cast<double>(batch) * batches_per_s * 10;
  for (std::size_t round = 0; round < 2 * on.opts.pairs; ++round) {
    const auto who = on.haulcast();
    const auto server = on.start(who);
    const auto before = server->told();
    const auto r = run_fanout(server->to, plan);
    if (round % 2 == 1) {
      p50_itself.push_back(p50.back() / r.told_p50_us);
      p99_itself.push_back(p99.back() / r.told_p99_us);
      p999_itself.push_back(p999.back() / r.told_p999_us);
      continue;
    }
    p50.push_back(r.told_p50_us);
    p99.push_back(r.told_p99_us);
    p999.push_back(r.told_p999_us);
    behind_commit.push_back(r.told_p99_us - server->told().quantile("haulcast_journal_commit_seconds", 0.99, before) * 1e6);
    if (const auto why = flaw(who, *server, r); !why.empty()) voided = why;
    if (static_cast<double>(r.deliveries) < 0.98 * wanted * r.seconds) voided = "the rate was not held";
  }
  const auto add = [&](const char* what, const std::vector<double>& values, const goal& limit,
                       const std::vector<double>& itself) {
    out.add({.work = fmt::format("position to subscriber at {:.0f} deliveries/s: {}", wanted, what),
             .unit = " us",
             .value = spread_of(values),
             .wanted = limit,
             .against_itself = itself.empty() ? std::nullopt : std::optional{spread_of(itself)},
             .void_because = voided,
             .note = {}});
  };
  add("p50", p50, {}, p50_itself);
  add("p99", p99, {}, p99_itself);
  add("p99.9", p999, {}, p999_itself);
  add("p99 less the commit's p99", behind_commit, {.must = {}, .aim = 1000}, {});
}

}  // namespace

void measure_fanout(const stage& on, report& out) {
  fanout(on, out, false, {.must = 0.35, .aim = 0.20});
  fanout(on, out, true, {.must = 0.10, .aim = 0.025});
}

void measure_delivery(const stage& on, report& out) {
  fmt::print("\nposition to subscriber, {} subscribers, 1,000 batches/s\n", on.opts.subscribers);
  deliver(on, out, 1);
  deliver(on, out, 10);
}

}  // namespace haulcast::bench
