#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

constexpr double share_of_maximum = 0.30;
constexpr double warm_up_s = 0.5;

struct paced {
  load_result load;
  double group_bytes = 0;  // of the journal, a commit
  double groups_per_s = 0;
  double commit_us = 0;  // mean of the server's own writes and syncs
};

struct disk_alone {
  double p50_us = 0;
  double p99_us = 0;
};

double maximum(const stage& on, std::size_t batch) {
  const auto server = on.start(on.haulcast());
  const auto r = run_ingest(server->to, {.connections = on.opts.connections, .batch = batch, .seconds = on.opts.seconds});
  return static_cast<double>(r.requests) / r.seconds;
}

paced run_paced(const stage& on, std::size_t batch, double rate) {
  const auto server = on.start(on.haulcast());
  const auto before = server->told();
  const auto r = run_ingest(
      server->to,
      {.connections = on.opts.connections, .batch = batch, .rate = rate, .warm_up_s = warm_up_s, .seconds = on.opts.seconds});
  std::this_thread::sleep_for(std::chrono::milliseconds{1200});  // the journal's size is looked at once a second
  const auto after = server->told();
  const auto since = [&](const char* name) { return after.value(name) - before.value(name); };
  const double groups = since("haulcast_journal_commits_total");
  return {.load = r,
          .group_bytes = since("haulcast_journal_bytes") / groups,
          .groups_per_s = groups / (r.seconds + warm_up_s),
          .commit_us = since("haulcast_journal_commit_seconds_sum") / groups * 1e6};
}

double number_after(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  return at == text.npos ? 0 : std::strtod(text.c_str() + at + name.size(), nullptr);
}

/// As many groups of that size a second, with the rests between them, as the server committed.
disk_alone run_raw(const stage& on, const paced& like) {
  const double seconds = on.opts.quick ? 0.5 : std::max(1.0, on.opts.seconds / 2);
  const auto said = output_of(
      {(on.opts.tools / "raw_sync").string(), (on.opts.data / "raw").string(), fmt::format("{:.0f}", like.group_bytes),
       fmt::format("{:.0f}", like.groups_per_s * seconds), "0", fmt::format("{:.1f}", like.groups_per_s)},
      {});
  return {.p50_us = number_after(said, "\"p50_us\":"), .p99_us = number_after(said, "\"p99_us\":")};
}

/// Each round finds its own maximum: on a machine that others use, 30 % of another minute's may be more than there is.
void acknowledge(const stage& on, report& out, std::size_t batch) {
  std::vector<double> rates, p50, p99, raw_p50, raw_p99, commit, ratio, itself, bytes;
  std::string voided;
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    const double rate = share_of_maximum * maximum(on, batch);
    const auto one = run_paced(on, batch, rate);
    const auto raw = run_raw(on, one);
    const auto other = run_paced(on, batch, rate);
    rates.push_back(rate);
    raw_p50.push_back(raw.p50_us);
    raw_p99.push_back(raw.p99_us);
    commit.push_back(one.commit_us);
    p50.push_back(one.load.p50_us);
    p99.push_back(one.load.p99_us);
    bytes.push_back(one.group_bytes);
    ratio.push_back(one.load.p50_us / raw.p50_us);
    itself.push_back(one.load.p50_us / other.load.p50_us);
    if (static_cast<double>(one.load.requests) < 0.98 * rate * one.load.seconds) voided = "the rate was not held";
  }
  out.say(fmt::format(
      "{} a request, {:.0f} requests/s: answered in p50 {:.0f} us, p99 {:.0f} us; a commit of {:.0f} bytes takes "
      "{:.0f} us in the server; append + fdatasync as often, alone: p50 {:.0f} us, p99 {:.0f} us",
      batch, median(rates), median(p50), median(p99), median(bytes), median(commit), median(raw_p50), median(raw_p99)));
  out.add({.work = fmt::format("acknowledgement at 30 % of the maximum, {} a request: p50 over raw append + fdatasync", batch),
           .unit = "x",
           .value = spread_of(ratio),
           .wanted = {.must = 3, .aim = 2},
           .against_itself = spread_of(itself),
           .void_because = voided,
           .note = fmt::format("{:.0f} requests/s, p50 {:.0f} us, p99 {:.0f} us, groups of {:.0f} bytes, raw p50 {:.0f} us",
                               median(rates), median(p50), median(p99), median(bytes), median(raw_p50))});
}

}  // namespace

void measure_acknowledgement(const stage& on, report& out) {
  fmt::print("\nacknowledgement at a fixed rate, {} connections, journal.sync {}\n", on.opts.connections, on.opts.sync);
  acknowledge(on, out, 100);
  acknowledge(on, out, 1);
}

}  // namespace haulcast::bench
