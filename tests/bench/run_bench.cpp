// Measures haulcast beside its peers. Server on core 0, loader on core 1, rounds interleaved so that a noisy minute hits all of
// them; what is compared is the server's CPU per unit, which other loads disturb least. Ends with one table: each figure beside
// what it must and should be, and beside haulcast measured against itself in the same run.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "parts/parts.hpp"

namespace {

using namespace haulcast::bench;

struct part {
  const char* name;
  void (*measure)(const stage&, report&);
  bool only_by_name = false;  // it takes too long to be part of everything
};
constexpr part all_parts[] = {
    {"ingest", measure_ingest},
    {"before", measure_before},
    {"acknowledgement", measure_acknowledgement},
    {"fanout", measure_fanout},
    {"delivery", measure_delivery},
    {"idle", measure_idle},
    {"viewports", measure_viewports},
    {"recovery", measure_recovery},
    {"snapshot", measure_snapshot},
    {"fleet", measure_fleet},
    {"geofences", measure_geofences},
    {"fenced", measure_fenced_ingest},
    {"store", measure_store},
    {"store_plans", measure_store_plans, true},
    {"store_down", measure_store_down, true},
    {"store_retention", measure_store_retention, true},
    {"store_sustained", measure_store_sustained, true},
};

std::vector<std::string> part_names() {
  std::vector<std::string> names;
  for (const auto& p : all_parts) names.emplace_back(p.name);
  return names;
}

/// Ends a part that takes too long by killing the servers it waits for.
class time_limit {
 public:
  explicit time_limit(std::chrono::seconds limit)
      : thread_{[this, limit] {
          std::unique_lock lock{mutex_};
          passed_ = !done_.wait_for(lock, limit, [this] { return over_; });
          while (!done_.wait_for(lock, std::chrono::seconds{1}, [this] { return over_; })) kill_children();
        }} {}
  ~time_limit() {
    {
      const std::lock_guard lock{mutex_};
      over_ = true;
    }
    done_.notify_one();
    thread_.join();
  }
  bool passed() const { return passed_; }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool over_ = false;
  std::atomic<bool> passed_ = false;
  std::thread thread_;
};

/// A part that cannot be measured costs its own rows, not those of the others.
bool measure(const part& p, const stage& on, report& out) {
  const auto began = std::chrono::steady_clock::now();
  const auto longer = std::chrono::seconds{p.only_by_name && !on.opts.quick ? 1'500 : 0};
  const time_limit limit{std::chrono::seconds{on.opts.part_seconds_max} + longer};
  bool well = true;
  try {
    p.measure(on, out);
  } catch (const std::exception& error) {
    well = false;
    out.missing(p.name, limit.passed() ? fmt::format("it took longer than {} s",
                                                     (std::chrono::seconds{on.opts.part_seconds_max} + longer).count())
                                       : error.what());
  }
  const auto took = std::chrono::steady_clock::now() - began;
  fmt::print("  {} took {:.0f} s\n", p.name, std::chrono::duration<double>(took).count());
  std::filesystem::remove_all(on.opts.data);
  return well;
}

int run(options opts) {
  raise_descriptor_limit();
  pin_to(1);
  std::filesystem::create_directories(opts.data);
  opts.log = opts.data / "server.log";
  std::filesystem::remove(opts.log);
  opts.data /= "bench";
  std::filesystem::remove_all(opts.data);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto json = opts.json;
  const stage on{std::move(opts)};
  report out{!on.opts.quick};
  fmt::print(
      "server on core 0, loader on core 1, {} rounds of {} s, journal.sync {}; medians, CPU of the server but for its store's "
      "thread\n",
      on.opts.pairs, on.opts.seconds, on.opts.sync);
  bool complete = true;
  for (const auto& p : all_parts) {
    const auto& only = on.opts.only;
    const bool everything = only.empty() && (!p.only_by_name || on.opts.quick);
    if (everything || std::ranges::find(only, p.name) != only.end()) complete = measure(p, on, out) && complete;
  }
  out.print();
  if (!json.empty()) std::ofstream{json} << out.json();
  return complete ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  options opts;
  opts.tools = std::filesystem::absolute(argv[0]).parent_path();
  CLI::App app{"Measures haulcast beside its peers."};
  app.add_option("--haulcast", opts.haulcast, "The binary")->required()->check(CLI::ExistingFile);
  app.add_option("--before", opts.before, "Another binary, which it is compared with")->check(CLI::ExistingFile);
  app.add_option("--tools", opts.tools, "Directory of the peers (default: that of this program)");
  app.add_option("--data", opts.data, "Directory on the disk that is to be measured; what is put there is removed again")
      ->capture_default_str();
  app.add_option("--json", opts.json, "Writes the table to this file too");
  app.add_option("--only", opts.only, "A part; may be given several times")->check(CLI::IsMember(part_names()));
  app.add_option("--pairs", opts.pairs, "Rounds")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seconds", opts.seconds, "Length of each measurement")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--minutes", opts.minutes, "Length of store_sustained, for each store")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--stores", opts.stores, "Which the parts of the store are about; may be given several times")
      ->check(CLI::IsMember({"postgresql", "sqlite"}))
      ->capture_default_str();
  app.add_option("--part-seconds", opts.part_seconds_max, "A part that takes longer is given up")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--connections", opts.connections, "Connections that post")->capture_default_str();
  app.add_option("--subscribers", opts.subscribers, "WebSockets")->capture_default_str();
  app.add_option("--sync", opts.sync, "journal.sync of haulcast")->check(CLI::IsMember({"full", "normal"}));
  app.add_flag("--quick", opts.quick, "A smoke run: one short round, sizes a tenth; nothing is judged");
  CLI11_PARSE(app, argc, argv);
  if (opts.quick) {
    opts.pairs = 1;
    opts.seconds = 0.3;
  }
  try {
    return run(std::move(opts));
  } catch (const std::exception& error) {
    fmt::print(stderr, "run_bench: {}\n", error.what());
    return 1;
  }
}
