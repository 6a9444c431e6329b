#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "parts/behind.hpp"
#include "parts/database.hpp"
#include "parts/parts.hpp"
#include "parts/phases.hpp"

namespace haulcast::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr double positions_per_s = 20'000;
constexpr std::size_t fleet_trucks = 100'000;   // so each reports every five seconds, alone
constexpr std::uint32_t positions_before = 24;  // of a truck: it reports what was two minutes ago
constexpr std::chrono::seconds look_every{2};
const std::string ours = "sustained";

struct look {
  double after_s = 0;
  double resident = 0;
  double windows = 0;  // of it, the trucks' recent positions
  double lag_records = 0;
  double lag_s = 0;
};

look look_at(const running& server, clock::time_point began) {
  const auto told = server.told();
  return {.after_s = std::chrono::duration<double>(clock::now() - began).count(),
          .resident = resident_bytes(server.to.server),
          .windows = told.value("haulcast_truck_window_bytes"),
          .lag_records = told.value("haulcast_store_lag_records"),
          .lag_s = told.value("haulcast_store_lag_seconds")};
}

/// Looks at the server while another thread loads it.
class onlooker {
 public:
  explicit onlooker(const running& server)
      : thread_{[this, &server] {
          const auto began = clock::now();
          while (!done_) {
            try {
              looks_.push_back(look_at(server, began));
            } catch (const std::exception&) {  // the loader says what is wrong with it
              return;
            }
            std::this_thread::sleep_for(look_every);
          }
        }} {}
  ~onlooker() { end(); }
  const std::vector<look>& end() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
    return looks_;
  }

 private:
  std::atomic<bool> done_ = false;
  std::vector<look> looks_;  // the thread's until it has ended
  std::thread thread_;
};

double bytes_below(const fs::path& directory, const std::string& beginning) {
  double bytes = 0;
  for (const auto& file : fs::directory_iterator{directory}) {
    if (file.is_regular_file() && file.path().filename().string().starts_with(beginning)) {
      bytes += static_cast<double>(file.file_size());
    }
  }
  return bytes;
}

/// What differs between the two stores.
struct place {
  std::string name;
  database* db = nullptr;  // null: embedded
};

class sustained {
 public:
  sustained(const stage& on, report& out, place where)
      : on_{on},
        out_{out},
        where_{std::move(where)},
        seconds_{on.opts.quick ? 3 : on.opts.minutes * 60},
        fleet_{on.opts.connections, on.opts.scaled(fleet_trucks), positions_before} {
    environment extra;
    if (where_.db != nullptr) extra.emplace_back("HAULCAST_STORE__URL", where_.db->fresh(ours));
    server_ = on.start(on.haulcast("haulcast", extra));
  }

  void measure() {
    await_caught_up(*server_);
    if (where_.db != nullptr) log_before_ = where_.db->number(ours, "SELECT pg_current_wal_lsn() - '0/0'");
    const double journal_before = server_->told().value("haulcast_journal_bytes");
    const auto threads_before = cpu_of_threads(server_->to.server);
    const auto base_before = base_cpu();
    const double written_before = bytes_written_to_disk_of(on_.opts.data);
    onlooker sees{*server_};
    auto plan = fleet_.at_rate(1, positions_per_s, 0, seconds_);
    plan.sleeps = true;
    const auto r = run_ingest(server_->to, plan);
    const auto ended = clock::now();
    const look last = look_at(*server_, ended);
    await_caught_up(*server_);
    back_to_zero_s_ = std::chrono::duration<double>(clock::now() - ended).count();
    const std::string voided = flaw_of_paced(r, positions_per_s);
    tell_looks(sees.end(), last, voided);
    const auto positions = static_cast<double>(r.positions);
    tell_cpu(differences(threads_before, cpu_of_threads(server_->to.server)), differences(base_before, base_cpu()), positions,
             voided);
    std::this_thread::sleep_for(std::chrono::milliseconds{1200});  // the journal's size is looked at once a second
    const double journal = server_->told().value("haulcast_journal_bytes") - journal_before;
    tell_bytes(journal / positions, positions, voided);
    one("bytes a position that the disk was given", " B",
        (bytes_written_to_disk_of(on_.opts.data) - written_before) / positions, voided, {}, "by everybody: the journal too");
    one("acknowledgements: p50", " us", r.p50_us, voided, {}, fmt::format("p99 {:.0f} us", r.p99_us));
  }

 private:
  std::map<std::string, double> base_cpu() const {
    return where_.db == nullptr ? std::map<std::string, double>{} : where_.db->cpu_by_work();
  }

  static std::map<std::string, double> differences(const std::map<std::string, double>& before,
                                                   std::map<std::string, double> after) {
    for (auto& [name, used] : after) {
      if (const auto had = before.find(name); had != before.end()) used -= had->second;
    }
    return after;
  }

  /// A row of one figure.
  void one(const std::string& what, const char* unit, double value, const std::string& voided, goal wanted = {},
           const std::string& note = {}) {
    out_.add({.work = where_.name + ", " + what,
              .unit = unit,
              .value = {value, value, value},
              .wanted = wanted,
              .against_itself = {},
              .void_because = voided,
              .note = note});
  }

  void tell_looks(const std::vector<look>& looks, const look& last, const std::string& voided) {
    out_.say(
        fmt::format("{:>8} {:>14} {:>16} {:>12} {:>8}", "after s", "resident MB", "of it windows", "lag records", "lag s"));
    const auto line = [&](const look& l) {
      out_.say(fmt::format("{:>8.0f} {:>14.1f} {:>16.1f} {:>12.0f} {:>8.1f}", l.after_s, l.resident / 1e6, l.windows / 1e6,
                           l.lag_records, l.lag_s));
    };
    double next_s = 0;
    look behind_most;
    for (const auto& l : looks) {
      if (l.lag_s > behind_most.lag_s) behind_most = l;
      if (l.after_s < next_s) continue;
      line(l);
      next_s += seconds_ / 10;
    }
    one("store's greatest lag while it lasts", " s", behind_most.lag_s, voided, {},
        fmt::format("{:.0f} records, after {:.0f} s", behind_most.lag_records, behind_most.after_s));
    one("store's lag at the end, back to zero within", " s", back_to_zero_s_, voided, {},
        fmt::format("{:.0f} records when the last position was answered", last.lag_records));
    // The windows hold more and more of six hours; everything else has a bound, and has reached it by half time.
    const auto rest = [](const look& l) { return l.resident - l.windows; };
    const auto half = looks.begin() + static_cast<std::ptrdiff_t>(looks.size() / 2);
    const double first_half =
        rest(*std::max_element(looks.begin(), half + 1, [&](auto& a, auto& b) { return rest(a) < rest(b); }));
    const double second_half = rest(*std::max_element(half, looks.end(), [&](auto& a, auto& b) { return rest(a) < rest(b); }));
    one("resident memory but for windows, most in the second half over most in the first", "x", second_half / first_half,
        voided, {.must = 1.1, .aim = {}},
        fmt::format("{:.0f} MB at the end, {:.0f} MB of it windows", looks.back().resident / 1e6, looks.back().windows / 1e6));
  }

  /// What each came to of every one of `units`, in words, and all of them together.
  static std::pair<std::string, double> each_of(const std::map<std::string, double>& all, double units) {
    std::string text;
    double sum = 0;
    for (const auto& [name, used] : all) {
      sum += used / units;
      if (used / units >= 0.005) text += fmt::format("{}{} {:.2f}", text.empty() ? "" : ", ", name, used / units);
    }
    return {text, sum};
  }

  void tell_cpu(const std::map<std::string, double>& threads, const std::map<std::string, double>& base, double positions,
                const std::string& voided) {
    const auto [text, sum] = each_of(threads, positions / 1e6);
    const double store = threads.contains("store") ? threads.at("store") * 1e6 / positions : 0;
    one("CPU a position, the store's thread", " us", store, voided);
    one("CPU a position, the server's other threads", " us", sum - store, voided, {},
        text + " us; haulcast: the loop and those without a name");
    if (base.empty()) return;
    const auto [base_text, base_sum] = each_of(base, positions / 1e6);
    one("CPU a position, PostgreSQL's processes", " us", base_sum, voided, {}, base_text + " us");
  }

  void tell_bytes(double journal, double positions, const std::string& voided) {
    const std::string note = fmt::format("beside {:.0f} in the journal, of records of one position", journal);
    if (where_.db == nullptr) {
      const auto data = on_.opts.data / "haulcast";
      one("bytes a position on disk", " B", bytes_below(data, "store.sqlite") / positions, voided, {},
          fmt::format("{:.0f} of them its write-ahead log, which does not grow; {}",
                      bytes_below(data, "store.sqlite-wal") / positions, note));
      return;
    }
    auto& db = *where_.db;
    const std::string parts = " FROM pg_class WHERE relname LIKE 'position_2%' AND relkind = 'r'";
    const double table = db.number(ours, "SELECT sum(pg_table_size(oid))" + parts) / positions;
    const double index = db.number(ours, "SELECT sum(pg_indexes_size(oid))" + parts) / positions;
    const double all =
        db.number(ours, fmt::format("SELECT pg_database_size('{}') - pg_database_size('with_postgis')", ours)) / positions;
    const double log = (db.number(ours, "SELECT pg_current_wal_lsn() - '0/0'") - log_before_) / positions;
    one("bytes a position on disk", " B", all, voided, {},
        fmt::format("{:.0f} its row, {:.0f} its index; {:.0f} went through the write-ahead log, which is used again; {}", table,
                    index, log, note));
  }

  const stage& on_;
  report& out_;
  const place where_;
  const double seconds_;
  driving_fleet fleet_;
  std::unique_ptr<running> server_;
  double log_before_ = 0;
  double back_to_zero_s_ = 0;
};

}  // namespace

void measure_store_sustained(const stage& on, report& out) {
  fmt::print("\n{:.0f} positions/s of {} trucks, one a request, into the store\n", positions_per_s,
             on.opts.scaled(fleet_trucks));
  if (on.wants("postgresql")) {
    if (!database::installed()) {
      out.missing("a sustained rate into PostgreSQL", "it is not installed");
    } else {
      database db;
      sustained{on, out, {.name = "PostgreSQL", .db = &db}}.measure();
    }
  }
  if (on.wants("sqlite")) sustained{on, out, {.name = "SQLite"}}.measure();
}

}  // namespace haulcast::bench
