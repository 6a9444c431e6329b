#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "load/process.hpp"
#include "parts/parts.hpp"

namespace haulcast::bench {
namespace {

using nlohmann::json;

constexpr std::size_t batches = 50;

std::vector<double> over(const json& said, const char* who, const char* other, const char* what) {
  std::vector<double> ratio = said.at(who).at(what);
  const std::vector<double> by = said.at(other).at(what);
  for (std::size_t i = 0; i < ratio.size(); ++i) ratio[i] /= by[i];
  return ratio;
}

}  // namespace

void measure_store(const stage& on, report& out) {
  fmt::print("\nstore: {} batches of 50,000 positions of 10,000 trucks into PostgreSQL\n", batches);
  if (!std::filesystem::exists("/usr/lib/postgresql/15/bin/postgres")) {
    out.missing("writing behind into PostgreSQL", "it is not installed");
    return;
  }
  const auto said = json::parse(output_of(
      {(on.opts.tools / "store_bench").string(), std::to_string(on.opts.pairs), std::to_string(on.opts.scaled(batches))}, {}));
  std::vector<double> us = said.at("haulcast").at("rows_per_s");
  for (double& value : us) value /= 1'000;
  const auto cpu = [&](const char* who, const char* side = "cpu_ns") {
    const std::vector<double> ns = said.at(who).at(side);
    return median(ns);
  };
  out.add({.work = "positions written behind into PostgreSQL, indexed",
           .unit = " krows/s",
           .value = spread_of(us),
           .wanted = {},
           .against_itself = {},
           .void_because = {},
           .note = fmt::format(
               "CPU a row: ours {:.0f} ns (the bare COPY {:.0f}), PostgreSQL's {:.0f} ns (bare {:.0f}, without an index "
               "{:.0f}); {:.0f} B a row with its index",
               cpu("haulcast"), cpu("copy"), cpu("haulcast", "server_ns"), cpu("copy", "server_ns"),
               cpu("copy_without_index", "server_ns"), said.at("bytes_per_row").get<double>())});
  out.add({.work = "the same over a bare COPY BINARY of these rows into the same table",
           .unit = "x",
           .value = spread_of(over(said, "haulcast", "copy", "rows_per_s")),
           .wanted = {.must = 0.8, .aim = 1, .at_most = false},
           .against_itself = {},
           .void_because = {},
           .note = "the bare one sends bytes that lie ready, in the order of the journal"});
  out.add({.work = "the same over a bare COPY BINARY into a table without an index",
           .unit = "x",
           .value = spread_of(over(said, "haulcast", "copy_without_index", "rows_per_s")),
           .wanted = {.must = 0.4, .aim = {}, .at_most = false},
           .against_itself = {},
           .void_because = {},
           .note = {}});
}

}  // namespace haulcast::bench
