// What writing behind costs in PostgreSQL: batches of positions through the store's writer, beside a bare libpq COPY BINARY of
// the same rows into the same table, and into one without an index, in the same rounds. The bare ones send bytes that lie ready
// and do nothing else. Prints one line of JSON; scripts/bench makes rows of it.
//   store_bench [ROUNDS [BATCHES]]
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bare_copy.hpp"
#include "haulcast/store/postgres.hpp"
#include "load/process.hpp"
#include "support/postgres_server.hpp"

namespace {

using namespace haulcast;
using nlohmann::json;

constexpr std::size_t batch_rows = 50'000;
constexpr std::size_t trucks = 10'000;
constexpr auto interval = milliseconds{5'000};
constexpr utc_time morning = from_epoch_ms(1'795'000'000'000);

struct figures {
  double rows_per_s = 0;
  double cpu_ns = 0;     // of this side, for each row
  double server_ns = 0;  // CPU of PostgreSQL's backend, likewise
};

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// In steps of 10 ms.
double cpu_seconds_of(int pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  long kernel = 0;
  fields >> user >> kernel;
  return static_cast<double>(user + kernel) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

template <class Work>
figures measured(std::size_t rows, int backend, Work work) {
  const auto begun = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  const double server = cpu_seconds_of(backend);
  work();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  return {static_cast<double>(rows) / took.count(), (cpu_seconds() - cpu) * 1e9 / static_cast<double>(rows),
          (cpu_seconds_of(backend) - server) * 1e9 / static_cast<double>(rows)};
}

/// Trucks report by turns, each at its own moment of the interval: as a fleet does.
std::vector<store::batch> make_batches(std::size_t count, const std::vector<std::string>& names) {
  std::vector<store::batch> all;
  std::mt19937 dice{1};
  std::vector<std::uint32_t> order(trucks);
  for (std::uint32_t i = 0; i < trucks; ++i) order[i] = i;
  std::ranges::shuffle(order, dice);
  std::size_t next = 0;
  for (std::size_t n = 0; n < count; ++n) {
    store::batch& b = all.emplace_back();
    b.begins = b.reaches = n + 1;
    b.trucks.assign(names.begin(), names.end());
    for (std::uint32_t i = 0; i < batch_rows; ++i, ++next) {
      const std::uint32_t truck = order[next % trucks];
      engine::position p;
      p.timestamp =
          morning + interval * static_cast<int>(next / trucks) +
          milliseconds{static_cast<std::int64_t>(next % trucks) * interval.count() / static_cast<std::int64_t>(trucks)};
      p.point = {47 + truck * 1e-5, 8 + static_cast<double>(next % 1'000) * 1e-4};
      p.speed_kmh = 45.5;
      p.heading = 180;
      p.accuracy_m = 5;
      p.engine_status = "running";
      b.positions.push_back(
          {.at = {n + 1, i}, .truck = truck, .judged = {}, .received_at = p.timestamp + milliseconds{80}, .what = p});
    }
  }
  return all;
}

/// Each in a database that is as new as the others'.
std::string fresh(support::postgres_server& server, const char* name) {
  server.run(fmt::format("DROP DATABASE IF EXISTS {0}; CREATE DATABASE {0} TEMPLATE with_postgis; CHECKPOINT", name));
  return server.connection(name);
}

void add(json& to, const figures& f) {
  to["rows_per_s"].push_back(f.rows_per_s);
  to["cpu_ns"].push_back(f.cpu_ns);
  to["server_ns"].push_back(f.server_ns);
}

int measure(std::size_t rounds, std::size_t count) {
  bench::pin_to(1);  // for PostgreSQL, which has this core to itself then
  support::postgres_server server{{"fsync=on", "full_page_writes=on", "shared_buffers=512MB", "max_wal_size=4GB"}};
  bench::pin_to(0);
  server.run("CREATE DATABASE with_postgis");
  server.run("CREATE EXTENSION postgis", std::chrono::minutes{2}, "with_postgis");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < trucks; ++i) names.push_back(fmt::format("TRK-{:05}", i));
  const auto batches = make_batches(count, names);
  const std::size_t rows = count * batch_rows;
  std::vector<std::string> ready;
  json said;
  for (std::size_t round = 0; round < rounds; ++round) {
    {
      const std::string url = fresh(server, "behind");
      const auto to = store::make_postgres_writer({.url = url});
      if (const auto opened = to->open(); !opened) throw std::runtime_error{opened.error().why};
      const int backend = std::stoi(server.run("SELECT pid FROM pg_stat_activity WHERE application_name = 'haulcast'"));
      add(said["haulcast"], measured(rows, backend, [&] {
            for (const auto& batch : batches) {
              if (const auto done = to->write(batch, "j"); !done) throw std::runtime_error{done.error().why};
            }
          }));
      if (ready.empty()) {
        bench::bare_copy from{url};
        ready = from.rows_of("SELECT * FROM position ORDER BY record, place", batch_rows);
        said["bytes_per_row"] =
            std::stod(server.run(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'position_2%' AND relkind = 'r'",
                std::chrono::minutes{1}, "behind")) /
            static_cast<double>(rows);
      }
    }
    const std::string url = fresh(server, "bare");
    if (const auto made = store::migrate_postgres({.url = url}, false); !made) throw std::runtime_error{made.error().why};
    server.run(fmt::format("SET search_path = haulcast, public; SELECT add_partition('position', to_timestamp({0})); "
                           "CREATE TABLE without_index (LIKE position); CHECKPOINT",
                           to_epoch_ms(morning) / 1'000),
               std::chrono::minutes{1}, "bare");
    bench::bare_copy direct{url};
    add(said["copy"], measured(rows, direct.backend(), [&] { direct.copy("position", ready); }));
    add(said["copy_without_index"], measured(rows, direct.backend(), [&] { direct.copy("without_index", ready); }));
  }
  fmt::print("{}\n", said.dump());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, std::size_t otherwise) {
    return argc > at ? static_cast<std::size_t>(std::strtoull(argv[at], nullptr, 10)) : otherwise;
  };
  try {
    return measure(number(1, 5), number(2, 50));
  } catch (const std::exception& error) {
    fmt::print(stderr, "store_bench: {}\n", error.what());
    return 1;
  }
}
