#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "bare_copy.hpp"
#include "haulcast/store/postgres.hpp"
#include "haulcast/store/sqlite.hpp"
#include "parts/behind.hpp"
#include "parts/database.hpp"
#include "parts/filling.hpp"
#include "parts/parts.hpp"
#include "parts/phases.hpp"

namespace haulcast::bench {
namespace {

constexpr double warm_up_s = 1;
constexpr std::size_t fleet_trucks = 20'000;
constexpr double rate_most = 200'000;                  // requests of one position a second, more than there ever are
constexpr std::uint32_t positions_of_a_truck = 3'000;  // none older than six hours
constexpr int newest_day = 11;
constexpr int keep_all = 365;
const std::string ours = "retention";

/// A filled store of either kind.
class filled {
 public:
  virtual ~filled() = default;
  virtual environment where() const = 0;
  virtual double old_rows() = 0;
  /// Nothing old is dropped from here on until ...
  virtual void hold() = 0;
  virtual void let_go() = 0;
};

class filled_postgres final : public filled {
 public:
  explicit filled_postgres(const filling& what) : a_day_{static_cast<double>(what.rows) / what.days} {
    const auto to = store::make_postgres_writer({.url = db_.fresh(ours)});
    fill(*to, what);
    db_.server().run("VACUUM ANALYZE; CHECKPOINT", std::chrono::minutes{10}, ours);
  }
  environment where() const override { return {{"HAULCAST_STORE__URL", db_.server().connection(ours)}}; }
  double old_rows() override {
    return a_day_ *
           db_.number(ours, fmt::format("SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE "
                                        "i.inhparent = 'position'::regclass AND c.relname <= 'position_' || "
                                        "to_char(current_date - {}, 'YYYYMMDD')",
                                        newest_day));
  }
  // A day that somebody reads is dropped another time.
  void hold() override {
    reads_.emplace(db_.server().connection(ours));
    reads_->run("BEGIN");
    reads_->run("LOCK TABLE position IN ACCESS SHARE MODE");
  }
  void let_go() override { reads_.reset(); }

 private:
  mutable database db_;
  const double a_day_;
  std::optional<bare_copy> reads_;
};

class filled_sqlite final : public filled {
 public:
  filled_sqlite(const fs::path& data, const filling& what) : file_{data / "store.sqlite"} {
    fs::remove_all(data);
    fs::create_directories(data);
    const auto to = store::make_sqlite_writer({.path = file_});
    fill(*to, what);
  }
  environment where() const override { return {}; }
  double old_rows() override {
    sqlite3* db = nullptr;
    double rows = -1;
    sqlite3_open_v2(file_.c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_exec(
        db,
        fmt::format("SELECT count(*) FROM position WHERE day <= {}",
                    std::chrono::floor<std::chrono::days>(day_ago(newest_day)).time_since_epoch().count())
            .c_str(),
        [](void* to, int, char** values, char**) { return *static_cast<double*>(to) = std::stod(values[0]), 0; }, &rows,
        nullptr);
    sqlite3_close_v2(db);
    if (rows < 0) throw std::runtime_error{"the store cannot be read: " + file_.string()};
    return rows;
  }
  void hold() override {}  // it goes on for as long as a phase anyway
  void let_go() override {}

 private:
  fs::path file_;
};

class retention {
 public:
  retention(const stage& on, filled& store)
      : on_{on}, store_{store}, fleet_{on.opts.connections, on.opts.scaled(fleet_trucks), positions_of_a_truck} {
    const auto server = start(keep_all, true);
    const auto most = run_ingest(server->to, fleet_.at_most(1, rate_most, on.opts.seconds));
    rate_ = share_of_maximum * static_cast<double>(most.requests) / most.seconds;
    await_caught_up(*server);
  }

  double rate() const { return rate_; }
  /// With `keep` days kept, or all.
  phase run(std::optional<int> keep) {
    const double before = store_.old_rows();
    if (keep) store_.hold();
    const auto server = start(keep.value_or(keep_all), false);
    await_caught_up(*server);
    std::thread later{[&] {
      std::this_thread::sleep_for(std::chrono::duration<double>(warm_up_s));
      store_.let_go();
    }};
    auto plan = fleet_.at_rate(1, rate_, warm_up_s, std::max(6.0, 4 * on_.opts.seconds));
    plan.sleeps = true;
    const auto r = run_ingest(server->to, plan);
    later.join();
    const double dropped = before - store_.old_rows();
    if (const auto flaw = flaw_of_paced(r, rate_); !flaw.empty()) voided = flaw;
    if (keep.has_value() != (dropped > 0))
      voided = fmt::format("{:.0f} rows were dropped{}", dropped, keep ? "" : " all the same");
    await_caught_up(*server);
    if (keep) dropped_.push_back(dropped);
    return {.p50_us = r.p50_us, .p99_us = r.p99_us, .cost_us = sample_of(r, r.positions).cost};
  }

  std::string voided;
  double rows_dropped() const { return median(dropped_); }  // in a phase

 private:
  std::unique_ptr<running> start(int keep, bool adopt) const {
    auto extra = store_.where();
    extra.emplace_back("HAULCAST_STORE__RETENTION_DAYS", std::to_string(keep));
    auto who = on_.haulcast("haulcast", extra);
    if (adopt) who.command.emplace_back("--adopt");
    return on_.start(who, false);
  }

  const stage& on_;
  filled& store_;
  driving_fleet fleet_;
  double rate_ = 0;
  std::vector<double> dropped_;
};

void tell(const stage& on, report& out, const std::string& name, filled& store) {
  retention it{on, store};
  int keep = newest_day + static_cast<int>(2 * on.opts.pairs) - 2;  // each phase with it has one more day to drop
  const phase_pairs pairs{on.opts.pairs,
                          [&](bool drops, std::size_t) { return it.run(drops ? std::optional{keep--} : std::nullopt); }};
  pairs.tell(
      out, name + ", old days are dropped over none is, one a request", it.voided,
      fmt::format("acknowledgements at {:.0f} positions/s, {:.0f} rows dropped in a phase", it.rate(), it.rows_dropped()));
}

}  // namespace

void measure_store_retention(const stage& on, report& out) {
  const filling what{.rows = on.opts.scaled(10'000'000), .days = static_cast<int>(2 * on.opts.pairs), .newest = newest_day};
  fmt::print("\nretention in a store of {} positions of {} days\n", what.rows, what.days);
  if (on.wants("postgresql")) {
    if (!database::installed()) {
      out.missing("retention in PostgreSQL", "it is not installed");
    } else {
      fs::remove_all(on.opts.data);
      filled_postgres store{what};
      tell(on, out, "PostgreSQL", store);
    }
  }
  if (on.wants("sqlite")) {
    fs::remove_all(on.opts.data);
    filled_sqlite store{on.opts.data / "haulcast", what};
    tell(on, out, "SQLite", store);
  }
}

}  // namespace haulcast::bench
