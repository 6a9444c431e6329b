// The port through which history is asked for.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "haulcast/journal/checkpoints.hpp"
#include "haulcast/store/error.hpp"
#include "haulcast/store/hours.hpp"
#include "haulcast/store/rows.hpp"

namespace haulcast::store {

/// A page of an answer. `at` was read in the same snapshot as the rows: whoever wants what came later adds the rows of the
/// journal's records behind it (consumers::row_builder makes the same rows of them).
template <class Row>
struct page {
  journal::checkpoint at;  // an empty journal_id: nothing was written yet
  std::vector<Row> rows;
  bool more = false;  // behind the last row of this page
};

struct stored_position {
  place at;
  engine::judgement judged;
  utc_time received_at;
  engine::kept_position what;
};

/// Oldest first. A truck has one position for each timestamp, so the timestamp of the last row is the cursor.
struct history_query {
  std::string truck_id;
  utc_time from;  // both inclusive
  utc_time to;
  std::optional<utc_time> after{};  // the cursor: only later ones
  std::size_t limit = 1'000;
};

struct stored_event {
  engine::event_id id;
  engine::event_type type{};
  utc_time time;
  std::string text;  // CloudEvents
};

/// Newest first: by time, those of one time by id. What is empty does not narrow.
struct event_query {
  struct cursor {
    utc_time time;
    engine::event_id id;
  };
  std::vector<engine::event_type> types{};
  std::string truck_id{};
  std::string subject{};             // "delivery/D-1"
  utc_time from = from_epoch_ms(0);  // both inclusive
  utc_time to = from_epoch_ms(253'402'300'799'999);
  std::optional<cursor> before{};  // only those behind it in this order
  std::size_t limit = 100;
};

struct stored_rejection {
  place at;
  utc_time received_at;
  engine::reject_code code{};
  std::string truck_id;
  std::string raw;
};

/// Newest first, which is the order of places backwards, for server time never runs back.
struct quarantine_query {
  struct cursor {
    utc_time received_at;
    place at;
  };
  std::optional<engine::reject_code> code{};
  std::string truck_id{};
  utc_time from = from_epoch_ms(0);  // both inclusive, of received_at
  utc_time to = from_epoch_ms(253'402'300'799'999);
  std::optional<cursor> before{};  // only those behind it in this order
  std::size_t limit = 100;
};

/// A position that the journal has and the store may not have yet.
struct unstored_point {
  place at;
  track_point what;
};

struct hours_query {
  std::string truck_id;
  utc_time from;  // the hours that begin in [from, to]
  utc_time to;
};

/// Calls block and come from one thread at a time; a pool has a reader for each of its threads. No transaction outlives a call,
/// so that none keeps a store from cleaning up. Each call ends in bounded time (`query_timeout` of the store's options).
/// Errors: unavailable, or fatal (a newer schema; no store there yet counts as unavailable). Costs: what is read is about what
/// is returned.
class reader {
 public:
  virtual ~reader() = default;

  virtual store_result<journal::checkpoint> checkpoint() = 0;
  virtual store_result<page<stored_position>> history(const history_query& q) = 0;
  virtual store_result<page<stored_event>> events(const event_query& q) = 0;
  virtual store_result<page<stored_rejection>> quarantine(const quarantine_query& q) = 0;

  /// All hours asked for that have figures, in order. `unstored`: what the caller knows of the journal behind a checkpoint that
  /// it read before; those that this snapshot holds already are passed over, the others counted as if they were stored.
  /// `more` is always false.
  virtual store_result<page<hour_figures>> hours(const hours_query& q, const std::vector<unstored_point>& unstored) = 0;
};

}  // namespace haulcast::store
