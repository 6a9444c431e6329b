// Measures haulcast beside its peers. Server on core 0, loader on core 1, rounds interleaved so that a noisy minute hits all of
// them; what is compared is the server's CPU per unit, which other loads disturb least. Prints medians and ratios.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "load/load.hpp"
#include "load/process.hpp"

namespace {

using namespace haulcast::bench;
namespace fs = std::filesystem;

struct options {
  std::string haulcast;
  fs::path peers;
  fs::path data = "bench-data";
  std::vector<std::string> only;
  std::string sync = "full";
  std::size_t pairs = 3;
  double seconds = 3;
  std::size_t connections = 64;
  std::size_t subscribers = 1000;
  std::uint64_t recover = 1'000'000;

  bool wants(const std::string& part) const { return only.empty() || std::ranges::find(only, part) != only.end(); }
};

struct contender {
  std::string name;
  std::vector<std::string> command;
  bool is_haulcast = false;
};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

class bench {
 public:
  explicit bench(options opts) : opts_{std::move(opts)} {
    if (opts_.haulcast.empty()) fmt::print("haulcast is not given (--haulcast): peers only\n");
  }

  void run() {
    fmt::print("server on core 0, loader on core 1, {} rounds of {} s, journal.sync {}; medians, CPU of all server threads\n",
               opts_.pairs, opts_.seconds, opts_.sync);
    if (opts_.wants("ingest")) {
      ingest(1);
      ingest(100);
    }
    if (opts_.wants("fanout")) {
      fanout(false);
      fanout(true);
    }
    if (opts_.wants("recovery") && !opts_.haulcast.empty()) recovery();
  }

 private:
  using measure = std::function<load_result(const target&)>;
  using measurements = std::map<std::string, std::vector<load_result>>;

  void ingest(std::size_t batch) {
    auto all = with_haulcast({{"Beast fed by hand, read only", peer("peer_parse_simdjson", "--read-only")},
                              {"Beast fed by hand + simdjson, parse only", peer("peer_parse_simdjson")},
                              {"Beast async_read + nlohmann DOM, parse only", peer("peer_parse_nlohmann")}});
    const ingest_plan plan{.connections = opts_.connections, .batch = batch, .seconds = opts_.seconds};
    const auto found = rounds(all, [&](const target& to) { return run_ingest(to, plan); });
    report(fmt::format("ingest, {} position{} a request, {} connections", batch, batch == 1 ? "" : "s", opts_.connections),
           "request", "requests/s", all, found, [](const load_result& r) { return static_cast<double>(r.requests); });
  }

  void fanout(bool one_truck) {
    auto all = with_haulcast({{"websocket::stream, a write a frame", peer("peer_ws_per_frame")}});
    const fanout_plan plan{.subscribers = opts_.subscribers, .one_truck = one_truck, .seconds = opts_.seconds};
    const auto found = rounds(all, [&](const target& to) { return run_fanout(to, plan); });
    report(fmt::format("fan-out, batches of 100 positions of {}, {} subscribers, 10 a truck",
                       one_truck ? "one truck" : "100 trucks", opts_.subscribers),
           "delivery", "deliveries/s", all, found, [](const load_result& r) { return static_cast<double>(r.deliveries); });
  }

  /// Time from start to ready, with N positions in the journal: after a crash, and after being stopped as asked.
  void recovery() {
    const auto unit = static_cast<double>(opts_.recover);
    std::vector<double> crashed_s, crashed_cpu, stopped_s, stopped_cpu;
    for (std::size_t round = 0; round < opts_.pairs; ++round) {
      fresh_data();
      const contender self = with_haulcast({}).front();
      {
        auto server = start(self);
        run_ingest(target_of(self, *server), {.requests = opts_.recover / 100});
        server->kill();
      }
      auto again = start(self);
      crashed_s.push_back(again->ready_s());
      crashed_cpu.push_back(again->ready_cpu_s());
      again->terminate();
      again = start(self);
      stopped_s.push_back(again->ready_s());
      stopped_cpu.push_back(again->ready_cpu_s());
      progress();
    }
    end_progress();
    fmt::print("\nrecovery with {} positions of {} trucks in the journal, from start to ready\n", opts_.recover,
               opts_.connections * ingest_plan{}.trucks_per_connection);
    fmt::print("  {:<44} {:>9} {:>12} {:>17}\n", "", "ready s", "CPU s", "CPU us/position");
    const auto line = [&](const char* name, const std::vector<double>& wall, const std::vector<double>& cpu) {
      fmt::print("  {:<44} {:>9.3f} {:>12.2f} {:>17.3f}\n", name, median(wall), median(cpu), median(cpu) * 1e6 / unit);
    };
    line("after kill -9", crashed_s, crashed_cpu);
    line("after SIGTERM", stopped_s, stopped_cpu);
  }

  std::vector<std::string> peer(const std::string& name, const std::string& option = "") const {
    std::vector<std::string> command{(opts_.peers / name).string(), "0"};
    if (!option.empty()) command.push_back(option);
    return command;
  }

  std::vector<contender> with_haulcast(std::vector<contender> peers) const {
    if (!opts_.haulcast.empty()) peers.insert(peers.begin(), {"haulcast", {opts_.haulcast, "serve"}, true});
    return peers;
  }

  measurements rounds(const std::vector<contender>& all, const measure& run) {
    measurements found;
    for (std::size_t round = 0; round < opts_.pairs; ++round) {
      auto order = all;
      if (round % 2 == 1) std::ranges::reverse(order);
      for (const auto& each : order) {
        fresh_data();
        const auto server = start(each);
        found[each.name].push_back(run(target_of(each, *server)));
        check(each, found[each.name].back());
        progress();
      }
    }
    return found;
  }

  /// Figures of a server that did not do the work are worth nothing.
  static void check(const contender& who, const load_result& r) {
    if (r.requests == 0) throw std::runtime_error{who.name + " answered nothing with 200: " + to_json(r)};
    if (!who.is_haulcast) return;
    if (r.refused > 0 || r.duplicates > 0 || r.accepted != r.positions || r.missing > 0) {
      fmt::print("\n  haulcast did not accept or deliver all: {}\n", to_json(r));
    }
  }

  void report(const std::string& title, const std::string& unit, const std::string& rate, const std::vector<contender>& all,
              const measurements& found, const std::function<double(const load_result&)>& units) const {
    end_progress();
    fmt::print("\n{}\n  {:<44} {:>12} {:>14} {:>9} {:>9} {:>9}\n", title, "", rate, "CPU us/" + unit, "p50 us", "p99 us",
               "ratio");
    for (const auto& each : all) {
      const auto& runs = found.at(each.name);
      const auto of = [&](const std::function<double(const load_result&)>& value) {
        std::vector<double> values;
        for (const auto& r : runs) values.push_back(value(r));
        return median(values);
      };
      fmt::print("  {:<44} {:>12.0f} {:>14.3f} {:>9.0f} {:>9.0f} {:>9}\n", each.name,
                 of([&](const load_result& r) { return units(r) / r.seconds; }),
                 of([&](const load_result& r) { return r.server_cpu_s * 1e6 / units(r); }),
                 of([](const load_result& r) { return r.p50_us; }), of([](const load_result& r) { return r.p99_us; }),
                 ratio(each, found, units));
    }
  }

  /// haulcast's CPU per unit over the peer's: the median over the rounds.
  static std::string ratio(const contender& of, const measurements& found,
                           const std::function<double(const load_result&)>& units) {
    const auto self = found.find("haulcast");
    if (of.is_haulcast || self == found.end()) return "";
    std::vector<double> values;
    const auto& peers = found.at(of.name);
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const auto& ours = self->second[i];
      values.push_back(ours.server_cpu_s / units(ours) * units(peers[i]) / peers[i].server_cpu_s);
    }
    return fmt::format("{:.2f}", median(values));
  }

  std::unique_ptr<server_process> start(const contender& who) const {
    return std::make_unique<server_process>(who.command, environment_of(who), (opts_.data / "server.log").string());
  }

  environment environment_of(const contender& who) const {
    if (!who.is_haulcast) return {};
    return {{"HAULCAST_SERVER__LISTEN", "127.0.0.1:0"},
            {"HAULCAST_DATA_DIR", (opts_.data / "haulcast").string()},
            {"HAULCAST_AUTH__HS256_SECRET", "a secret of the benchmark and of nothing else"},
            {"HAULCAST_JOURNAL__SYNC", opts_.sync},
            {"HAULCAST_HUB__MAX_PENDING_BYTES", "16777216"}};  // what is conflated could not be counted
  }

  target target_of(const contender& who, const server_process& server) const {
    target to{.port = server.port(), .token = "none", .server = server.id()};
    if (who.is_haulcast)
      to.token = output_of({opts_.haulcast, "token", "--role", "admin", "--ttl", "24h"}, environment_of(who));
    return to;
  }

  void fresh_data() const {
    fs::remove_all(opts_.data / "haulcast");
    fs::create_directories(opts_.data);
  }

  static void progress() {
    fmt::print(stderr, ".");
    std::fflush(stderr);
  }

  static void end_progress() { fmt::print(stderr, "\n"); }

  options opts_;
};

}  // namespace

int main(int argc, char** argv) {
  options opts;
  opts.peers = fs::path{argv[0]}.parent_path();
  CLI::App app{"Measures haulcast beside its peers."};
  app.add_option("--haulcast", opts.haulcast, "The binary; without it only the peers are measured")->check(CLI::ExistingFile);
  app.add_option("--peers", opts.peers, "Directory of the peers (default: that of this program)");
  app.add_option("--data", opts.data, "Directory for data, on the disk that is to be measured; emptied")->capture_default_str();
  app.add_option("--only", opts.only, "ingest, fanout, recovery; may be given several times")
      ->check(CLI::IsMember({"ingest", "fanout", "recovery"}));
  app.add_option("--pairs", opts.pairs, "Rounds")->capture_default_str();
  app.add_option("--seconds", opts.seconds, "Length of each measurement")->capture_default_str();
  app.add_option("--connections", opts.connections, "Connections that post")->capture_default_str();
  app.add_option("--subscribers", opts.subscribers, "WebSockets")->capture_default_str();
  app.add_option("--recover", opts.recover, "Positions to recover")->capture_default_str();
  app.add_option("--sync", opts.sync, "journal.sync of haulcast")->check(CLI::IsMember({"full", "normal"}));
  CLI11_PARSE(app, argc, argv);
  try {
    raise_descriptor_limit();
    pin_to(1);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    bench{opts}.run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "run_bench: {}\n", error.what());
    return 1;
  }
}
