#include "parts/stage.hpp"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace haulcast::bench {
namespace {

const fs::path broker_program = "/usr/sbin/mosquitto";  // where Debian puts it, outside of most users' PATH

double each(const load_result& r, std::uint64_t units) {
  return units == 0 ? 0 : r.server_cpu_s * 1e6 / static_cast<double>(units);
}

}  // namespace

contender stage::haulcast(std::string name, environment extra) const {
  return {.name = std::move(name), .command = {opts.haulcast, "serve"}, .what = kind::haulcast, .extra = std::move(extra)};
}

contender stage::peer(std::string name, const std::string& program, const std::string& option) const {
  contender who{.name = std::move(name), .command = {(opts.tools / program).string(), "0"}, .what = kind::peer, .extra = {}};
  if (!option.empty()) who.command.push_back(option);
  return who;
}

std::optional<contender> stage::broker() const {
  if (!fs::exists(broker_program)) return std::nullopt;
  return contender{.name = "mosquitto",
                   .command = {broker_program.string(), "-c", (opts.data / "mosquitto.conf").string()},
                   .what = kind::broker,
                   .extra = {}};
}

environment stage::environment_of(const contender& who) const {
  if (who.what != kind::haulcast) return who.extra;
  environment all{{"HAULCAST_SERVER__LISTEN", "127.0.0.1:0"},
                  {"HAULCAST_DATA_DIR", directory_of(who).string()},
                  {"HAULCAST_AUTH__HS256_SECRET", "a secret of the benchmark and of nothing else"},
                  {"HAULCAST_JOURNAL__SYNC", opts.sync},
                  {"HAULCAST_HUB__MAX_PENDING_BYTES", "16777216"}};  // what is conflated could not be counted
  all.insert(all.end(), who.extra.begin(), who.extra.end());
  return all;
}

std::unique_ptr<running> stage::start(const contender& who, bool fresh) const {
  if (fresh && who.what == kind::haulcast) fs::remove_all(directory_of(who));
  fs::create_directories(opts.data);
  if (who.what == kind::broker) return start_broker(who);
  auto made = std::make_unique<running>();
  const auto environment = environment_of(who);
  made->process = std::make_unique<server_process>(who.command, environment, opts.log.string());
  made->to = {.port = made->process->port(), .token = "none", .server = made->process->id()};
  if (who.what == kind::haulcast) {
    made->to.token = output_of({opts.haulcast, "token", "--role", "admin", "--ttl", "24h"}, environment_of(haulcast()));
  }
  return made;
}

std::unique_ptr<running> stage::start_broker(const contender& who) const {
  const auto plain = free_port();
  const auto socket = free_port();
  std::ofstream{opts.data / "mosquitto.conf"}
      << fmt::format("listener {} 127.0.0.1\nlistener {} 127.0.0.1\nprotocol websockets\n", plain, socket)
      << "allow_anonymous true\npersistence false\nset_tcp_nodelay true\nmax_queued_messages 0\nmax_queued_bytes 0\n"
      << "log_type error\nuser root\n";
  auto made = std::make_unique<running>();
  made->process = std::make_unique<server_process>(who.command, who.extra, opts.log.string(), socket);
  made->to = {.port = socket, .token = "none", .server = made->process->id(), .mqtt_port = plain};
  return made;
}

std::string stage::ask(const std::string& command, const std::string& line_beginning) const {
  const auto text = all_output_of({opts.haulcast, command}, environment_of(haulcast()));
  const auto at = text.find(line_beginning);
  return at == text.npos ? "" : text.substr(at, text.find('\n', at) - at);
}

samples stage::rounds(const std::vector<contender>& all, const std::function<sample(const contender&, running&)>& run) const {
  samples found;
  for (std::size_t round = 0; round < opts.pairs; ++round) {
    auto order = all;
    if (round % 2 == 1) std::ranges::reverse(order);
    for (const auto& who : order) {
      const auto server = start(who);
      found[who.name].push_back(run(who, *server));
      fmt::print(stderr, ".");
      std::fflush(stderr);
    }
  }
  fmt::print(stderr, "\n");
  return found;
}

void stage::show(const report& out, const std::string& title, const std::string& unit, const std::vector<contender>& all,
                 const samples& found) const {
  fmt::print("\n{}\n", title);
  out.say(fmt::format("{:<44} {:>12} {:>16} {:>9} {:>9}", "", unit + "/s", "CPU us/" + unit, "p50 us", "p99 us"));
  for (const auto& who : all) {
    const auto& runs = found.at(who.name);
    const auto of = [&](const std::function<double(const sample&)>& value) {
      std::vector<double> values;
      for (const auto& s : runs) values.push_back(value(s));
      return median(values);
    };
    out.say(fmt::format("{:<44} {:>12.0f} {:>16.3f} {:>9.0f} {:>9.0f}", who.name, of([](const sample& s) { return s.rate; }),
                        of([](const sample& s) { return s.cost; }), of([](const sample& s) { return s.load.p50_us; }),
                        of([](const sample& s) { return s.load.p99_us; })));
    if (const auto why = void_reason(found, who.name); !why.empty()) out.say("    void: " + why);
  }
}

sample sample_of(const load_result& r, std::uint64_t units) {
  if (r.requests == 0) throw std::runtime_error{"nothing was answered with 200: " + to_json(r)};
  return {.cost = each(r, units), .rate = static_cast<double>(units) / r.seconds, .load = r, .void_because = {}};
}

spread cost_ratio(const samples& found, const std::string& of, const std::string& to) {
  std::vector<double> values;
  const auto& ours = found.at(of);
  const auto& theirs = found.at(to);
  for (std::size_t i = 0; i < ours.size(); ++i) values.push_back(ours[i].cost / theirs[i].cost);
  return spread_of(values);
}

std::string void_reason(const samples& found, const std::string& who) {
  for (const auto& s : found.at(who)) {
    if (!s.void_because.empty()) return s.void_because;
  }
  return {};
}

std::string flaw(const contender& who, const running& server, const load_result& r) {
  if (r.missing > 0) return fmt::format("{} deliveries never came", r.missing);
  if (who.what != kind::haulcast) return {};
  if (r.refused > 0 || r.duplicates > 0 || r.accepted != r.positions) return "not all was accepted: " + to_json(r);
  const double conflated = server.told().value("haulcast_positions_conflated_total");
  return conflated > 0 ? fmt::format("{} positions were conflated", conflated) : "";
}

void need_descriptors(std::size_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < count + 100) {
    throw std::runtime_error{fmt::format("{} descriptors are needed, and the limit is {}", count + 100, limit.rlim_cur)};
  }
}

}  // namespace haulcast::bench
