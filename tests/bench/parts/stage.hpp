// What all parts of a benchmark stand on: servers started alone on core 0, rounds interleaved so that a noisy minute hits all.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/load.hpp"
#include "load/metrics.hpp"
#include "load/process.hpp"
#include "parts/rows.hpp"

namespace haulcast::bench {

namespace fs = std::filesystem;

struct options {
  std::string haulcast;
  std::string before;  // another haulcast; empty: none
  fs::path tools;      // where the peers are
  fs::path data = "bench-data";
  fs::path log = "server.log";
  fs::path json;
  std::vector<std::string> only;
  std::string sync = "full";
  std::size_t pairs = 5;
  double seconds = 2;
  double minutes = 10;  // of what is sustained
  std::vector<std::string> stores{"postgresql", "sqlite"};
  unsigned part_seconds_max = 400;
  std::size_t connections = 64;
  std::size_t subscribers = 1000;
  bool quick = false;

  /// A size, or a tenth of it in a smoke run.
  std::size_t scaled(std::size_t size) const { return quick ? std::max<std::size_t>(1, size / 10) : size; }
};

enum class kind { haulcast, peer, broker };

struct contender {
  std::string name;
  std::vector<std::string> command;
  kind what = kind::peer;
  environment extra;
  std::string directory = "haulcast";  // of its data; two that live at the same time need two
};

/// One server, alive as long as this.
struct running {
  std::unique_ptr<server_process> process;
  target to;

  metrics told() const { return metrics::of(to.port); }
};

/// What one run came to.
struct sample {
  double cost = 0;  // server CPU us per unit of work
  double rate = 0;  // units a second
  load_result load;
  std::string void_because;
};
using samples = std::map<std::string, std::vector<sample>>;  // by contender, in the order of the rounds

class stage {
 public:
  explicit stage(options o) : opts{std::move(o)} {}

  const options opts;

  bool wants(const std::string& store) const { return std::ranges::find(opts.stores, store) != opts.stores.end(); }

  contender haulcast(std::string name = "haulcast", environment extra = {}) const;
  /// The same again: what differs between the two is noise.
  contender again() const { return haulcast("haulcast again"); }
  contender peer(std::string name, const std::string& program, const std::string& option = "") const;
  /// mosquitto; nothing when it is not installed.
  std::optional<contender> broker() const;

  /// With `fresh` its data directory is empty.
  std::unique_ptr<running> start(const contender& who, bool fresh = true) const;
  /// What `haulcast COMMAND` says about the data directory; throws when it fails.
  std::string ask(const std::string& command, const std::string& line_beginning) const;

  samples rounds(const std::vector<contender>& all, const std::function<sample(const contender&, running&)>& run) const;
  /// A line for each contender.
  void show(const report& out, const std::string& title, const std::string& unit, const std::vector<contender>& all,
            const samples& found) const;

 private:
  fs::path directory_of(const contender& who) const { return opts.data / who.directory; }
  environment environment_of(const contender& who) const;
  std::unique_ptr<running> start_broker(const contender& who) const;
};

/// A run that did `units` of work; throws when it did nothing at all: the server does not work.
sample sample_of(const load_result& r, std::uint64_t units);
/// CPU per unit of `of` over that of `to`, pair by pair.
spread cost_ratio(const samples& found, const std::string& of, const std::string& to);
/// The first reason why a run of `who` is void; empty: none is.
std::string void_reason(const samples& found, const std::string& who);
/// Checks that all was accepted and delivered, and that nothing was conflated; the reason otherwise.
std::string flaw(const contender& who, const running& server, const load_result& r);

/// `count` descriptors are free for sockets; throws std::runtime_error otherwise.
void need_descriptors(std::size_t count);

}  // namespace haulcast::bench
