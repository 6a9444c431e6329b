// Whether a change has made the server slower: two binaries in one run.
#include <fmt/core.h>

#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

const std::string before = "haulcast before";

void compare(const stage& on, report& out, std::size_t batch) {
  contender old = on.haulcast(before);
  old.command.front() = on.opts.before;
  const std::vector<contender> all{on.haulcast(), on.again(), old};
  const ingest_plan plan{.connections = on.opts.connections, .batch = batch, .seconds = on.opts.seconds};
  const auto found = on.rounds(all, [&](const contender& who, running& server) {
    const auto r = run_ingest(server.to, plan);
    auto s = sample_of(r, r.positions);
    s.void_because = flaw(who, server, r);
    return s;
  });
  on.show(out, fmt::format("ingest, {} a request, against the binary of before", batch), "position", all, found);
  const spread noise = cost_ratio(found, "haulcast", "haulcast again");
  out.add({.work = fmt::format("ingest, {} a request: CPU per position over that of the binary before", batch),
           .unit = "x",
           .value = cost_ratio(found, "haulcast", before),
           .wanted = unchanged(noise),
           .against_itself = noise,
           .void_because = void_reason(found, "haulcast"),
           .note = {}});
}

}  // namespace

void measure_before(const stage& on, report& out) {
  if (on.opts.before.empty()) return;
  compare(on, out, 100);
  compare(on, out, 1);
}

}  // namespace haulcast::bench
