// What geofences cost whoever posts positions: a server with 100,000 of them beside one of the same binary without.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <variant>
#include <vector>

#include "geofences/scene.hpp"
#include "haulcast/geo/region.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

constexpr std::size_t fences = 100'000;
constexpr std::size_t writers = 32;

std::string lon_lat(geo::point p) { return fmt::format("[{:.7f},{:.7f}]", p.longitude, p.latitude); }

std::string lon_lats(const std::vector<geo::point>& points) {
  std::vector<std::string> all;
  for (const auto& p : points) all.push_back(lon_lat(p));
  return fmt::format("[{}]", fmt::join(all, ","));
}

struct shape_text {
  std::string operator()(const geo::circle& c) const {
    return fmt::format(R"("type":"circle","center":{{"latitude":{:.7f},"longitude":{:.7f}}},"radius_meters":{:.1f})",
                       c.center.latitude, c.center.longitude, c.radius_m);
  }
  std::string operator()(const geo::polygon& p) const {
    auto ring = p.rings.front();
    return fmt::format(R"("type":"polygon","coordinates":[{}])", lon_lats(ring));
  }
  std::string operator()(const geo::corridor& c) const {
    return fmt::format(R"("type":"corridor","path":{},"width_meters":{:.1f})", lon_lats(c.path), c.width_m);
  }
};

/// As anybody would: one PUT each, some connections side by side.
void put_all(const target& to, const std::vector<geo::shape>& shapes) {
  std::vector<poster> posters;
  for (std::size_t i = 0; i < writers; ++i) posters.emplace_back(to.port);
  for (std::size_t first = 0; first < shapes.size(); first += writers) {
    const std::size_t count = std::min(writers, shapes.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const auto body = fmt::format("{{{}}}", std::visit(shape_text{}, shapes[first + i]));
      posters[i].post(
          fmt::format("PUT /v1/geofences/fence-{:06} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
                      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                      first + i, to.token, body.size(), body));
    }
    for (std::size_t i = 0; i < count; ++i) {
      poster::answer answer;
      while (!posters[i].receive(answer)) std::this_thread::yield();
      if (answer.status != 201) throw std::runtime_error{fmt::format("a geofence was answered with {}", answer.status)};
    }
  }
}

/// One that is alive over all rounds: to bring the geofences there takes longer than a round.
class fenced_server {
 public:
  fenced_server(const stage& on, std::string directory, const std::vector<geo::shape>& shapes)
      : block_{positions_max / static_cast<std::uint32_t>(on.opts.pairs + 1)} {
    auto who = on.haulcast();
    who.directory = std::move(directory);
    server_ = on.start(who);
    const double before = resident_bytes(server_->to.server);
    put_all(server_->to, shapes);
    await_quiet();
    if (!shapes.empty()) bytes_each = (resident_bytes(server_->to.server) - before) / static_cast<double>(shapes.size());
    static_cast<void>(cost(on, 100));  // warms up
  }

  /// CPU per position.
  double cost(const stage& on, std::size_t batch) {
    ingest_plan plan{.connections = on.opts.connections, .batch = batch, .seconds = on.opts.seconds};
    plan.first_position = block_ / 2 * plans_++;
    const auto r = run_ingest(server_->to, plan);
    if (r.refused > 0 || r.accepted != r.positions) throw std::runtime_error{"not all was accepted: " + to_json(r)};
    return sample_of(r, r.positions).cost;
  }

  double bytes_each = 0;

 private:
  /// Until the geofences are in a snapshot.
  void await_quiet() const {
    const auto saved = [this] { return server_->told().value("haulcast_snapshot_entities_total"); };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
    for (double before = -1; before != saved() && std::chrono::steady_clock::now() < deadline;) {
      before = saved();
      std::this_thread::sleep_for(std::chrono::seconds{2});
    }
  }

  static constexpr std::uint32_t positions_max = 400'000;  // of a truck, before now
  std::uint32_t block_;
  std::unique_ptr<running> server_;
  std::uint32_t plans_ = 0;
};

/// In how many geofences the loader's road is on average.
double depth_of_road(const std::vector<geo::shape>& shapes) {
  constexpr int steps = 50;
  std::size_t inside = 0;
  for (const auto& shape : shapes) {
    const geo::region region{shape};
    for (int i = 0; i < steps; ++i) inside += region.contains({47 + 0.2248 * i / steps, 8.541712}) ? 1U : 0U;
  }
  return static_cast<double>(inside) / steps;
}

void compare(const stage& on, report& out, std::size_t batch, double depth, std::vector<fenced_server>& servers) {
  std::vector<double> ratio, itself, with, without;
  for (std::size_t round = 0; round < on.opts.pairs; ++round) {
    std::array<double, 3> cost{};
    for (std::size_t i = 0; i < cost.size(); ++i) {
      const auto which = round % 2 == 0 ? i : cost.size() - 1 - i;
      cost[which] = servers[which].cost(on, batch);
    }
    without.push_back(cost[0]);
    with.push_back(cost[1]);
    ratio.push_back(cost[1] / cost[0]);
    itself.push_back(cost[2] / cost[1]);
  }
  out.add({.work = fmt::format("ingest, {} a request, with {} geofences: CPU per position over that without", batch,
                               on.opts.scaled(fences)),
           .unit = "x",
           .value = spread_of(ratio),
           .wanted = {.must = 1.4, .aim = {}},
           .against_itself = spread_of(itself),
           .void_because = {},
           .note = fmt::format("{:.2f} us against {:.2f} us; the road is in {:.1f} geofences on average", median(with),
                               median(without), depth)});
}

}  // namespace

void measure_fenced_ingest(const stage& on, report& out) {
  const auto shapes = uniform_scene(on.opts.scaled(fences), 0).fences;
  fmt::print("\ningest with {} geofences, everywhere alike\n", shapes.size());
  std::vector<fenced_server> servers;
  servers.emplace_back(on, "fences-0", std::vector<geo::shape>{});
  servers.emplace_back(on, "fences-1", shapes);
  servers.emplace_back(on, "fences-2", shapes);
  const double each = servers[1].bytes_each;
  out.add({.work = "resident bytes per geofence, all of the server's",
           .unit = " B",
           .value = {each, each, each},
           .wanted = {},
           .against_itself = {},
           .void_because = {},
           .note = {}});
  const double depth = depth_of_road(shapes);
  compare(on, out, 100, depth, servers);
  compare(on, out, 1, depth, servers);
}

}  // namespace haulcast::bench
