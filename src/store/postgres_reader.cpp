// PostgreSQL's questions: each in one transaction of its own that only reads, which ends with the answer.
#include <algorithm>
#include <optional>
#include <utility>

#include "postgres_rows.hpp"
#include "postgres_schema.hpp"
#include "postgres_track.hpp"

namespace haulcast::store {

namespace {

constexpr std::int64_t hours_of_day = 24;

using snapshot = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

// A name that an older or newer version of this program wrote, and this one does not know, is left out of answers.
template <class Enum, std::size_t Count>
std::optional<Enum> named(std::string_view name) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (engine::to_string(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

class postgres_reader final : public reader {
 public:
  explicit postgres_reader(postgres_options options) : options_{std::move(options)} {}

  store_result<journal::checkpoint> checkpoint() override {
    return answered([](pqxx::transaction_base& in) { return read_checkpoint(in); });
  }
  store_result<page<stored_position>> history(const history_query& q) override;
  store_result<page<stored_event>> events(const event_query& q) override;
  store_result<page<stored_rejection>> quarantine(const quarantine_query& q) override;
  store_result<page<hour_figures>> hours(const hours_query& q, const std::vector<unstored_point>& unstored) override;

 private:
  template <class Work>
  auto answered(Work work) -> store_result<decltype(work(std::declval<pqxx::transaction_base&>()))>;
  template <class Row, class Fill>
  store_result<page<Row>> page_of(Fill fill);
  void ready();
  static journal::checkpoint read_checkpoint(pqxx::transaction_base& in);

  const postgres_options options_;
  postgres_watch watch_;
  std::unique_ptr<postgres_session> session_;
};

void postgres_reader::ready() {
  if (session_) return;
  watch_.start_over();
  auto made = std::make_unique<postgres_session>(options_, postgres_session::use::reading, watch_);
  const postgres_watch::spell bounded{watch_, options_.query_timeout + grace};
  await_schema(*made);
  made->set_search_path();
  session_ = std::move(made);
}

template <class Work>
auto postgres_reader::answered(Work work) -> store_result<decltype(work(std::declval<pqxx::transaction_base&>()))> {
  // A connection that lay idle may have been ended meanwhile: that is no answer yet.
  for (bool may_be_stale = session_ != nullptr;; may_be_stale = false) {
    try {
      ready();
      const postgres_watch::spell bounded{watch_, options_.query_timeout + grace};
      snapshot in{session_->sql()};
      auto answer = work(in);
      in.commit();
      return answer;
    } catch (const std::exception& thrown) {
      const store_error error = error_of(thrown, watch_, options_.query_timeout);
      const bool lost = session_ && PQstatus(session_->raw()) == CONNECTION_BAD && !watch_.timed_out();
      session_.reset();
      if (!may_be_stale || !lost) return error;
    }
  }
}

template <class Row, class Fill>
store_result<page<Row>> postgres_reader::page_of(Fill fill) {
  return answered([&](pqxx::transaction_base& in) {
    page<Row> made{.at = read_checkpoint(in), .rows = {}};
    fill(in, made);
    return made;
  });
}

journal::checkpoint postgres_reader::read_checkpoint(pqxx::transaction_base& in) {
  const auto row = in.exec1("SELECT journal, record FROM checkpoint");
  if (row[0].is_null()) return {};
  return {std::string{text_in(row, 0)}, static_cast<offset_t>(integer_in(row, 1))};
}

std::optional<std::int64_t> number_of(pqxx::transaction_base& in, const std::string& truck_id) {
  const auto found = in.exec_params("SELECT number FROM truck WHERE truck_id = $1", truck_id);
  if (found.empty()) return std::nullopt;
  return integer_in(found[0], 0);
}

constexpr const char* position_columns =
    "(extract(epoch FROM time) * 1000)::bigint, ST_Y(point::geometry), ST_X(point::geometry), speed_kmh, heading, altitude_m, "
    "accuracy_m, odometer_km, fuel_level_pct, battery_pct, engine_status, trip_id, driver_id, attributes, verdict, suspicion, "
    "(extract(epoch FROM received_at) * 1000)::bigint, record, place";

stored_position position_in(const pqxx::row& row) {
  engine::position p;
  p.timestamp = time_in(row, 0);
  p.point = {.latitude = number_in(row, 1), .longitude = number_in(row, 2)};
  p.speed_kmh = number_in(row, 3);
  p.heading = number_in(row, 4);
  p.altitude_m = number_in(row, 5);
  p.accuracy_m = number_in(row, 6);
  p.odometer_km = number_in(row, 7);
  p.fuel_level_pct = number_in(row, 8);
  p.battery_pct = number_in(row, 9);
  p.engine_status = text_in(row, 10);
  p.trip_id = text_in(row, 11);
  p.driver_id = text_in(row, 12);
  p.attributes = text_in(row, 13);
  return {.at = place_in(row, 17),
          .judged = {static_cast<engine::verdict>(integer_in(row, 14)), static_cast<engine::suspicion>(integer_in(row, 15))},
          .received_at = time_in(row, 16),
          .what = engine::kept_position{p}};
}

// Day by day, which is partition by partition, and of each the slots of the hours in which the truck sent something: every
// row that the index leads to is one of the answer's.
store_result<page<stored_position>> postgres_reader::history(const history_query& q) {
  return page_of<stored_position>([&](pqxx::transaction_base& in, page<stored_position>& to) {
    const auto truck = number_of(in, q.truck_id);
    if (!truck) return;
    const utc_time from = within_reach(q.after ? std::max(q.from, *q.after + milliseconds{1}) : q.from);
    const utc_time until = within_reach(q.to);
    const auto all = hours_of(in, *truck, std::max(hour_number(from), first_hour_kept(in)), hour_number(until));
    for (auto next = all.begin(); next != all.end() && to.rows.size() <= q.limit;) {
      const std::int64_t day = *next / hours_of_day;
      std::string slots;
      for (; next != all.end() && *next / hours_of_day == day; ++next) append_slots(slots, *truck, *next, from, until);
      if (slots.empty()) continue;
      const auto rows = in.exec_params(
          fmt::format("SELECT {} FROM position WHERE slot = ANY($1::bigint[]) AND time BETWEEN $2 AND $3 "
                      "ORDER BY slot, time LIMIT $4",
                      position_columns),
          slots + "}", moment(std::max(from, hour_at(day * hours_of_day))),
          moment(std::min(until, hour_at((day + 1) * hours_of_day) - milliseconds{1})), q.limit + 1 - to.rows.size());
      for (const auto& row : rows) to.rows.push_back(position_in(row));
    }
    to.more = to.rows.size() > q.limit;
    if (to.more) to.rows.pop_back();
  });
}

// Conditions with their parameters, in the order in which both are added.
class question {
 public:
  explicit question(std::string sql) : sql_{std::move(sql)} {}

  template <class... Values>
  question& add(const char* condition, const Values&... values) {
    sql_ += fmt::vformat(condition, fmt::make_format_args(next<Values>()...));
    (values_.push_back(pqxx::to_string(values)), ...);
    return *this;
  }
  pqxx::result ask(pqxx::transaction_base& in) const {
    return in.exec_params(sql_, pqxx::prepare::make_dynamic_params(values_));
  }

 private:
  template <class>
  std::string& next() {
    return names_.emplace_back("$" + std::to_string(++count_));
  }

  std::string sql_;
  std::deque<std::string> names_;  // format arguments refer to them
  std::vector<std::string> values_;
  int count_ = 0;
};

store_result<page<stored_event>> postgres_reader::events(const event_query& q) {
  return page_of<stored_event>([&](pqxx::transaction_base& in, page<stored_event>& to) {
    question asks{"SELECT (extract(epoch FROM time) * 1000)::bigint, record, place, type, event FROM event"};
    asks.add(" WHERE time BETWEEN {} AND {}", moment(within_reach(q.from)), moment(within_reach(q.to)));
    if (q.before) {
      asks.add(" AND (time, record, place) < ({}, {}, {})", moment(within_reach(q.before->time)), q.before->id.offset,
               q.before->id.index);
    }
    if (!q.truck_id.empty()) asks.add(" AND truck_id = {}", q.truck_id);
    if (!q.subject.empty()) asks.add(" AND subject = {}", q.subject);
    std::vector<std::string_view> types;
    for (const auto type : q.types) types.push_back(engine::to_string(type));
    // Of several it walks in order and picks.
    if (types.size() == 1) asks.add(" AND type = {}", std::string{types[0]});
    if (types.size() > 1) asks.add(" AND type || '' = ANY({}::text[])", text_array(types));
    asks.add(" ORDER BY time DESC, record DESC, place DESC LIMIT {}", q.limit + 1);
    for (const auto& row : asks.ask(in)) {
      if (to.rows.size() == q.limit) {
        to.more = true;
        break;
      }
      const auto at = place_in(row, 1);
      const auto type = named<engine::event_type, engine::event_types>(text_in(row, 3));
      if (!type) continue;
      to.rows.push_back(
          {.id = {at.offset, at.index}, .type = *type, .time = time_in(row, 0), .text = std::string{text_in(row, 4)}});
    }
  });
}

store_result<page<stored_rejection>> postgres_reader::quarantine(const quarantine_query& q) {
  return page_of<stored_rejection>([&](pqxx::transaction_base& in, page<stored_rejection>& to) {
    question asks{
        "SELECT (extract(epoch FROM received_at) * 1000)::bigint, record, place, code, truck_id, raw FROM quarantine"};
    asks.add(" WHERE received_at BETWEEN {} AND {}", moment(within_reach(q.from)), moment(within_reach(q.to)));
    if (q.before) {
      asks.add(" AND (received_at, record, place) < ({}, {}, {})", moment(within_reach(q.before->received_at)),
               q.before->at.offset, q.before->at.index);
    }
    if (!q.truck_id.empty()) asks.add(" AND truck_id = {}", q.truck_id);
    if (q.code) asks.add(" AND code = {}", std::string{engine::to_string(*q.code)});
    asks.add(" ORDER BY received_at DESC, record DESC, place DESC LIMIT {}", q.limit + 1);
    for (const auto& row : asks.ask(in)) {
      if (to.rows.size() == q.limit) {
        to.more = true;
        break;
      }
      const auto code = named<engine::reject_code, engine::reject_codes>(text_in(row, 3));
      if (!code) continue;
      to.rows.push_back({.at = place_in(row, 1),
                         .received_at = time_in(row, 0),
                         .code = *code,
                         .truck_id = std::string{text_in(row, 4)},
                         .raw = std::string{text_in(row, 5)}});
    }
  });
}

store_result<page<hour_figures>> postgres_reader::hours(const hours_query& q, const std::vector<unstored_point>& unstored) {
  return page_of<hour_figures>([&](pqxx::transaction_base& in, page<hour_figures>& to) {
    const std::int64_t truck = number_of(in, q.truck_id).value_or(0);  // no truck has that number
    std::vector<track_point> behind;
    std::vector<utc_time> unsettled;
    for (const unstored_point& p : unstored) {
      if (p.at.offset <= to.at.offset) continue;
      behind.push_back(p.what);
      unsettled.push_back(hour_of(p.what.when));
    }
    const std::int64_t first_hour = first_hour_kept(in);
    for (const auto& row :
         in.exec_params("SELECT hour FROM unsettled_hour WHERE truck = $1 AND hour >= $2 ORDER BY hour", truck, first_hour)) {
      unsettled.push_back(hour_at(integer_in(row, 0)));
    }
    for (const auto& row : in.exec_params(fmt::format("SELECT {} FROM hour WHERE truck = $1 AND hour BETWEEN $2 AND $3 "
                                                      "ORDER BY hour.hour",
                                                      hour_columns),
                                          truck, moment(within_reach(q.from)), moment(within_reach(q.to)))) {
      to.rows.push_back(figures_in(row));
    }
    postgres_track stored{in, truck, first_hour};
    joined_track positions{stored, behind};
    to.rows = current_figures(positions, std::move(to.rows), std::move(unsettled), q.from, q.to);
  });
}

}  // namespace

std::unique_ptr<reader> make_postgres_reader(postgres_options options) {
  return std::make_unique<postgres_reader>(std::move(options));
}

}  // namespace haulcast::store
