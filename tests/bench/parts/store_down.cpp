#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "bare_copy.hpp"
#include "parts/behind.hpp"
#include "parts/database.hpp"
#include "parts/parts.hpp"
#include "parts/phases.hpp"

namespace haulcast::bench {
namespace {

constexpr double warm_up_s = 0.5;
constexpr std::size_t fleet_trucks = 20'000;
constexpr double rate_most = 1'500'000;                             // positions a second, more than there ever are
constexpr std::size_t rows_a_transaction = 50'000;                  // as the store's consumer has it
constexpr std::uint32_t positions_of_a_truck = 6 * 3600 / 5 - 400;  // younger than six hours: none of these is settled

const std::string ours = "behind";
const std::string bares = "bare";

/// What draining the backlog comes to, beside bare copies.
struct draining {
  std::vector<double> over_copy, over_copy_without_index, krows_per_s;
  std::vector<double> our_cpu_us, their_cpu_us;  // a row
};

/// So many that none of them drives for six hours in all phases together.
std::size_t trucks_for(const options& o) {
  const double times = std::max(1.0, static_cast<double>(o.pairs) * o.seconds / 10);
  return o.scaled(static_cast<std::size_t>(times * static_cast<double>(fleet_trucks)));
}

class outage {
 public:
  outage(const stage& on, database& db, std::size_t batch)
      : on_{on},
        db_{db},
        batch_{batch},
        fleet_{on.opts.connections, trucks_for(on.opts), positions_of_a_truck},
        server_{on.start(on.haulcast("haulcast", {{"HAULCAST_STORE__URL", db.fresh(ours)}}))} {
    await_caught_up(*server_);
    const auto most = run_ingest(server_->to, fleet_.at_most(batch, rate_most, on.opts.seconds));
    rate_ = share_of_maximum * static_cast<double>(most.requests) / most.seconds;
    await_caught_up(*server_);
  }

  double positions_per_s() const { return rate_ * static_cast<double>(batch_); }
  const draining& came_to() const { return draining_; }
  const std::string& voided() const { return voided_; }

  /// `compares`: afterwards, with bare copies of what it drained.
  phase run(bool down, bool compares) {
    const double before = server_->told().value("haulcast_store_offset");
    if (down) {
      db_.stop();
      std::this_thread::sleep_for(std::chrono::milliseconds{300});  // it is seen
    } else {
      db_.server().run("CHECKPOINT");
    }
    auto plan = fleet_.at_rate(batch_, rate_, warm_up_s, 3 * on_.opts.seconds);
    plan.sleeps = true;
    const auto r = run_ingest(server_->to, plan);
    if (const auto flaw = flaw_of_paced(r, rate_); !flaw.empty()) voided_ = flaw;
    if (down) {
      if (server_->told().value("haulcast_store_offset") != before) voided_ = "the store was written while it was down";
      db_.start();
      db_.server().run("CHECKPOINT");
    }
    const double cpu = db_.cpu_seconds();
    const auto way = drain(*server_);
    const double their_cpu = db_.cpu_seconds() - cpu;
    if (down && compares) {
      draining_.our_cpu_us.push_back(way.cpu_s * 1e6 / way.rows);
      draining_.their_cpu_us.push_back(their_cpu * 1e6 / way.rows);
      compare_with_copy(before, way);
    }
    return {.p50_us = r.p50_us, .p99_us = r.p99_us, .cost_us = sample_of(r, r.positions).cost};
  }

 private:
  /// The rows that the store got since then, by a bare libpq into tables that are as new as can be.
  void compare_with_copy(double since, const drained& way) {
    const auto ready = bare_copy{db_.server().connection(ours)}.rows_of(
        fmt::format("SELECT * FROM position WHERE record > {:.0f} ORDER BY record, place", since), rows_a_transaction);
    const double rows = db_.number(ours, fmt::format("SELECT count(*) FROM position WHERE record > {:.0f}", since));
    const std::string url = db_.fresh_with_tables(bares);
    db_.ask(bares, "SELECT add_partition('position', now() - interval '1 day'), add_partition('position', now())");
    db_.ask(bares, "CREATE TABLE without_index (LIKE position)");
    bare_copy direct{url};
    const double rate = way.rows / way.seconds;
    const auto rate_into = [&](const char* table) {
      db_.server().run("CHECKPOINT");
      pin_to(0);  // where the server's end was: each has a core to itself
      const auto began = std::chrono::steady_clock::now();
      direct.copy(table, ready);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
      pin_to(1);
      return rows / took.count();
    };
    draining_.over_copy.push_back(rate / rate_into("position"));
    draining_.over_copy_without_index.push_back(rate / rate_into("without_index"));
    draining_.krows_per_s.push_back(rate / 1'000);
  }

  const stage& on_;
  database& db_;
  const std::size_t batch_;
  driving_fleet fleet_;
  std::unique_ptr<running> server_;
  double rate_ = 0;
  draining draining_;
  std::string voided_;
};

void tell(const stage& on, report& out, database& db, std::size_t batch) {
  outage it{on, db, batch};
  const phase_pairs pairs{on.opts.pairs, [&](bool down, std::size_t turn) { return it.run(down, batch > 1 && turn == 0); }};
  pairs.tell(out, fmt::format("PostgreSQL stopped over up, {} a request", batch), it.voided(),
             fmt::format("acknowledgements at {:.0f} positions/s", it.positions_per_s()), {.must = 1.1, .aim = {}});
  if (it.came_to().krows_per_s.empty()) return;
  const auto row = [&](const char* what, const std::vector<double>& ratio, goal wanted) {
    out.add(
        {.work = what,
         .unit = "x",
         .value = spread_of(ratio),
         .wanted = wanted,
         .against_itself = {},
         .void_because = it.voided(),
         .note = fmt::format(
             "{:.0f} krows/s by the server, from its journal; CPU a row: its store's thread {:.2f} us, PostgreSQL {:.2f} us",
             median(it.came_to().krows_per_s), median(it.came_to().our_cpu_us), median(it.came_to().their_cpu_us))});
  };
  row("draining the backlog over a bare COPY BINARY of these rows into the same table", it.came_to().over_copy,
      {.must = 0.8, .aim = 1, .at_most = false});
  row("draining the backlog over a bare COPY BINARY into a table without an index", it.came_to().over_copy_without_index,
      {.must = 0.4, .aim = {}, .at_most = false});
}

}  // namespace

void measure_store_down(const stage& on, report& out) {
  fmt::print("\nphases of {:.1f} s with PostgreSQL up and stopped, at 30 % of the maximum\n", 3 * on.opts.seconds);
  if (!database::installed()) return out.missing("PostgreSQL down", "it is not installed");
  database db;
  tell(on, out, db, 100);
  tell(on, out, db, 1);
}

}  // namespace haulcast::bench
