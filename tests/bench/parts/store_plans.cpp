#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>

#include "haulcast/store/postgres.hpp"
#include "haulcast/store/sqlite.hpp"
#include "parts/database.hpp"
#include "parts/filling.hpp"
#include "parts/parts.hpp"
#include "parts/plans.hpp"

namespace haulcast::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr int newest_day = 1;
constexpr int filled_days = 10;
constexpr std::size_t all_days = 100'000;
const std::string ours = "plans";

struct question {
  std::string what;
  std::function<std::size_t(store::reader&)> ask;  // rows answered
  std::size_t days = all_days;                     // that it is about: no partition of any other may be read
};

template <class Row>
std::size_t rows_in(const store::store_result<store::page<Row>>& answer) {
  if (!answer) throw std::runtime_error{answer.error().why};
  return answer->rows.size();
}

// All of them are about the day that began three days ago, or about all.
const utc_time morning = day_ago(3);
const std::string truck = old_truck(42);

std::size_t track(store::reader& from, utc_time begin, utc_time end, std::size_t limit, std::optional<utc_time> after = {}) {
  return rows_in(from.history({.truck_id = truck, .from = begin, .to = end, .after = after, .limit = limit}));
}

std::vector<question> main_questions() {
  return {
      {"one truck, 20 minutes", [](auto& r) { return track(r, morning + 8h, morning + 8h + 20min, 1'000); }, 1},
      {"one truck, an hour", [](auto& r) { return track(r, morning + 8h, morning + 9h, 1'000); }, 1},
      {"one truck, a day", [](auto& r) { return track(r, morning, morning + 24h - 1ms, 10'000); }, 1},
      {"one truck, the first 1,000 of ten days", [](auto& r) { return track(r, day_ago(20), system_now(), 1'000); }},
      {"the same, the next ones", [](auto& r) { return track(r, day_ago(20), system_now(), 1'000, morning + 7h); }},
      {"one truck, ten days", [](auto& r) { return track(r, day_ago(20), system_now(), 100'000); }},
  };
}

std::vector<question> other_questions() {
  const auto end = morning + 24h - 1ms;
  return {
      {"events: the newest 100", [](auto& r) { return rows_in(r.events({})); }},
      {"events: a day's newest 100", [end](auto& r) { return rows_in(r.events({.from = morning, .to = end})); }, 1},
      {"events: of a truck", [](auto& r) { return rows_in(r.events({.truck_id = truck})); }},
      {"events: of a truck, a day",
       [end](auto& r) { return rows_in(r.events({.truck_id = truck, .from = morning, .to = end})); }, 1},
      {"events: of a type", [](auto& r) { return rows_in(r.events({.types = {engine::event_type::geofence_entered}})); }},
      {"events: of two types",
       [](auto& r) {
         return rows_in(r.events({.types = {engine::event_type::geofence_entered, engine::event_type::geofence_exited}}));
       }},
      {"events: of a truck and type",
       [](auto& r) { return rows_in(r.events({.types = {engine::event_type::geofence_entered}, .truck_id = truck})); }},
      {"events: behind a cursor",
       [](auto& r) { return rows_in(r.events({.before = store::event_query::cursor{.time = morning + 5h, .id = {1, 0}}})); }},
      {"quarantine: the newest 100", [](auto& r) { return rows_in(r.quarantine({})); }},
      {"quarantine: a day's, of a code",
       [end](auto& r) {
         return rows_in(r.quarantine({.code = engine::reject_code::timestamp_missing, .from = morning, .to = end}));
       },
       2},  // by when it was received: the last of a day come in the next
      {"quarantine: of a truck", [](auto& r) { return rows_in(r.quarantine({.truck_id = truck})); }},
      {"figures: of a truck, a day's hours",
       [end](auto& r) { return rows_in(r.hours({.truck_id = truck, .from = morning, .to = end}, {})); }, 1},
      {"figures: of a truck, all hours",
       [](auto& r) { return rows_in(r.hours({.truck_id = truck, .from = day_ago(20), .to = system_now()}, {})); }},
      {"the checkpoint",
       [](auto& r) {
         if (const auto at = r.checkpoint(); !at) throw std::runtime_error{at.error().why};
         return std::size_t{1};
       }},
  };
}

struct answered {
  std::size_t rows = 0;
  double ms = 0;
  reading read;
};

answered ask(watched_reader& store, const question& q) {
  static_cast<void>(store.account());
  const auto began = std::chrono::steady_clock::now();
  const std::size_t rows = q.ask(store.ask());
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  return {.rows = rows, .ms = took.count(), .read = store.account()};
}

/// Partitions of days that a question is not about; weeks and months are coarser and not counted.
std::size_t too_many(const question& q, const reading& read) {
  const auto of_days = static_cast<std::size_t>(std::ranges::count_if(
      read.partitions, [](const auto& p) { return p.starts_with("position_") || p.starts_with("quarantine_"); }));
  return of_days > q.days ? of_days - q.days : 0;
}

void tell(report& out, const std::string& name, watched_reader& store) {
  out.say(fmt::format("{:<44} {:>8} {:>14} {:>11} {:>11} {:>9}", name, "answered", "positions read", "statements", "partitions",
                      "ms"));
  std::vector<double> main;
  double unbounded = 0;
  std::string which;
  const auto line = [&](const question& q) {
    const auto a = ask(store, q);
    out.say(fmt::format("{:<44} {:>8} {:>14.0f} {:>11} {:>11} {:>9.1f}{}", q.what, a.rows, a.read.position_rows,
                        a.read.statements, a.read.partitions.size(), a.ms,
                        a.read.scans.empty() ? "" : "  reads all of " + a.read.scans.front()));
    if (a.rows == 0 || a.read.statements == 0) throw std::runtime_error{"nothing was answered: " + q.what};
    const auto bad = a.read.scans.size() + too_many(q, a.read);
    unbounded += static_cast<double>(bad);
    if (bad > 0) which += (which.empty() ? "" : ", ") + q.what;
    return a;
  };
  for (const auto& q : main_questions()) {
    const auto a = line(q);
    main.push_back(a.read.position_rows / static_cast<double>(a.rows));
  }
  for (const auto& q : other_questions()) line(q);
  spread worst = spread_of(main);
  worst.median = worst.greatest;
  out.add({.work = name + ", one truck over a time: positions read over positions answered",
           .unit = "x",
           .value = worst,
           .wanted = {.must = 2, .aim = {}},
           .against_itself = {},
           .void_because = {},
           .note = "the largest, of six questions"});
  out.add({.work = name + ", all questions: tables or indexes that were read whole, partitions of days not asked for",
           .unit = "",
           .value = {unbounded, unbounded, unbounded},
           .wanted = {.must = 0, .aim = {}},
           .against_itself = {},
           .void_because = {},
           .note = which});
}

}  // namespace

void measure_store_plans(const stage& on, report& out) {
  const filling what{.rows = on.opts.scaled(10'000'000), .days = filled_days, .newest = newest_day, .lists = true};
  fmt::print("\nwhat is read of {} positions of {} trucks in {} days\n", what.rows, what.trucks, what.days);
  if (on.wants("postgresql")) {
    if (!database::installed()) {
      out.missing("plans of PostgreSQL", "it is not installed");
    } else {
      database db;
      fill(*store::make_postgres_writer({.url = db.fresh(ours)}), what);
      db.server().run("ANALYZE", std::chrono::minutes{10}, ours);
      tell(out, "PostgreSQL", *watch_postgres(db, ours));
    }
  }
  if (on.wants("sqlite")) {
    fs::create_directories(on.opts.data);
    const auto file = on.opts.data / "plans.sqlite";
    fill(*store::make_sqlite_writer({.path = file}), what);
    tell(out, "SQLite", *watch_sqlite(file));
  }
}

}  // namespace haulcast::bench
