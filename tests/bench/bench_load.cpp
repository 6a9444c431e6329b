// A loader by itself, against any server that speaks the contract. Prints one line of JSON.
//   HAULCAST_TOKEN=... bench_load ingest --port 8080 --connections 64 --batch 100 --seconds 3
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "load/load.hpp"
#include "load/process.hpp"

int main(int argc, char** argv) {
  using namespace haulcast::bench;
  CLI::App app{"Loads a server and prints what it did as one line of JSON."};
  app.require_subcommand(1);
  target to;
  ingest_plan ingest;
  fanout_plan fanout;
  int core = -1;
  const auto add_common = [&](CLI::App& command, double& seconds, double& warm_up) {
    command.add_option("--port", to.port, "Port on 127.0.0.1")->required();
    command.add_option("--token", to.token, "Bearer token")->envname("HAULCAST_TOKEN");
    command.add_option("--pid", to.server, "Server whose CPU is read");
    command.add_option("--core", core, "Core this loader is pinned to");
    command.add_option("--seconds", seconds, "Length of the measurement")->capture_default_str();
    command.add_option("--warm-up", warm_up, "Seconds before it")->capture_default_str();
  };
  auto* post = app.add_subcommand("ingest", "Keep-alive connections that post batches, closed loop or at a fixed rate.");
  add_common(*post, ingest.seconds, ingest.warm_up_s);
  post->add_option("--connections", ingest.connections)->capture_default_str();
  post->add_option("--batch", ingest.batch, "Positions a request")->capture_default_str();
  post->add_option("--trucks", ingest.trucks_per_connection, "Trucks of a connection")->capture_default_str();
  post->add_flag("--mixed", ingest.mixed, "A batch is of many trucks, not of one");
  post->add_option("--stride", ingest.stride, "Between the trucks' numbers")->capture_default_str();
  post->add_option("--first", ingest.first_position, "Positions of each truck that were sent before")->capture_default_str();
  post->add_option("--rate", ingest.rate, "Requests a second; 0: as many as are answered")->capture_default_str();
  post->add_option("--requests", ingest.requests, "Stop after so many instead")->capture_default_str();
  auto* follow = app.add_subcommand("fanout", "WebSocket subscribers and posters.");
  add_common(*follow, fanout.seconds, fanout.warm_up_s);
  follow->add_option("--subscribers", fanout.subscribers)->capture_default_str();
  follow->add_option("--posters", fanout.posters)->capture_default_str();
  follow->add_option("--batch", fanout.batch, "Positions a request")->capture_default_str();
  follow->add_option("--window", fanout.window, "Deliveries that may be outstanding")->capture_default_str();
  follow->add_option("--rate", fanout.rate, "Batches a second, deliveries timed; 0: as the window allows")
      ->capture_default_str();
  follow->add_flag("--one-truck", fanout.one_truck, "Each batch is one truck's");
  CLI11_PARSE(app, argc, argv);
  try {
    raise_descriptor_limit();
    if (core >= 0) pin_to(core);
    fmt::print("{}\n", to_json(*post ? run_ingest(to, ingest) : run_fanout(to, fanout)));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_load: {}\n", error.what());
    return 1;
  }
}
