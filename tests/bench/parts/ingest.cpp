#include <fmt/core.h>

#include <stdexcept>

#include "load/allocation_counter.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

const std::string read_only = "Beast fed by hand, read only";
const std::string simdjson = "Beast fed by hand + simdjson, parse only";
const std::string nlohmann = "Beast async_read + nlohmann DOM, parse only";

spread inverse(const spread& s) { return {.median = 1 / s.median, .least = 1 / s.greatest, .greatest = 1 / s.least}; }

ingest_plan plan_of(const stage& on, std::size_t batch) {
  return {.connections = on.opts.connections, .batch = batch, .seconds = on.opts.seconds};
}

sample post(const contender& who, running& server, const ingest_plan& plan) {
  const auto r = run_ingest(server.to, plan);
  auto s = sample_of(r, r.positions);
  s.void_because = flaw(who, server, r);
  return s;
}

void count_allocations(const stage& on, report& out, std::size_t batch) {
  fs::create_directories(on.opts.data);
  const auto file = fs::absolute(on.opts.data / "allocations");
  const allocation_counter counter{file};
  const auto counted =
      on.haulcast("haulcast", {{"LD_PRELOAD", (on.opts.tools / "libcount_allocations.so").string() + ":libstdc++.so.6"},
                               {"BENCH_ALLOCATIONS", file.string()}});
  const auto server = on.start(counted);
  if (*counter.value() == 0) throw std::runtime_error{"the server's allocations are not counted"};
  server->to.allocations = counter.value();
  const auto r = run_ingest(server->to, plan_of(on, batch));
  const double each = static_cast<double>(r.allocations) / static_cast<double>(r.positions);
  out.add({.work = fmt::format("heap allocations per position, {} a request", batch),
           .unit = "",
           .value = {each, each, each},
           .wanted = batch > 1 ? goal{.must = 0.05, .aim = 0} : goal{},
           .against_itself = {},
           .void_because = flaw(counted, *server, r),
           .note = fmt::format("{:.2f} a request", each * static_cast<double>(batch))});
}

void ingest(const stage& on, report& out, std::size_t batch, const std::vector<std::pair<std::string, goal>>& against) {
  std::vector<contender> all{on.haulcast(), on.again()};
  all.push_back(on.peer(read_only, "peer_parse_simdjson", "--read-only"));
  all.push_back(on.peer(simdjson, "peer_parse_simdjson"));
  all.push_back(on.peer(nlohmann, "peer_parse_nlohmann"));
  const auto plan = plan_of(on, batch);
  const auto found = on.rounds(all, [&](const contender& who, running& server) { return post(who, server, plan); });
  on.show(out, fmt::format("ingest, {} a request, {} connections, journal.sync {}", batch, plan.connections, on.opts.sync),
          "position", all, found);
  for (const auto& [peer, wanted] : against) {
    out.add({.work = fmt::format("ingest, {} a request: positions per CPU-second over \"{}\"", batch, peer),
             .unit = "x",
             .value = inverse(cost_ratio(found, "haulcast", peer)),
             .wanted = wanted,
             .against_itself = cost_ratio(found, "haulcast", "haulcast again"),
             .void_because = void_reason(found, "haulcast"),
             .note = {}});
  }
}

}  // namespace

void measure_ingest(const stage& on, report& out) {
  ingest(on, out, 100,
         {{simdjson, {.must = 0.30, .aim = 0.50, .at_most = false}}, {nlohmann, {.must = 2.5, .aim = 5, .at_most = false}}});
  ingest(on, out, 1, {{read_only, {.must = 0.30, .aim = 0.50, .at_most = false}}});
  count_allocations(on, out, 100);
  count_allocations(on, out, 1);
}

}  // namespace haulcast::bench
