// What the journal has behind a store's checkpoint, so that an answer holds what was acknowledged a moment ago.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "haulcast/journal/segment_log.hpp"
#include "haulcast/store/reader.hpp"

namespace haulcast::queries {

using journal::offset_t;

/// The spine at the moment a question came: made on the loop, used on a thread of the pool.
struct spine_now {
  const journal::segment_log* log = nullptr;
  std::vector<journal::shared_group> recent;  // the newest groups that were told, as far as they were in memory
  offset_t told = 0;                          // an answer holds everything up to here, or says that it does not
  offset_t stored = 0;                        // what the store's writer said last: the store has no less
  utc_time stored_until;                      // server time of that record
};

/// Which records of the journal are to be read beside a store that has come to some checkpoint. Bound: 8 MiB of records and
/// 4096 groups; a store that is further behind is lagging, and what it lacks is left out rather than looked for.
class tail {
 public:
  static constexpr std::size_t bytes_max = 8U << 20;
  static constexpr std::size_t groups_max = 4096;

  explicit tail(spine_now now) : now_{std::move(now)} {}

  /// To be called with the checkpoint of each page. Reads what was not in memory. Error: the store is another journal's, or
  /// has lost what it had.
  store::store_result<void> reach(const journal::checkpoint& at);
  /// The server time up to which everything is in the answer; none: all of it is. Of the last reach(), as the next.
  std::optional<utc_time> complete_until() const noexcept { return lagging_ ? std::optional{now_.stored_until} : std::nullopt; }

  /// Calls take(offset, record) for the records behind the checkpoint, in order.
  template <class Take>
  void for_each(Take take) const {
    if (lagging_) return;
    for (const journal::shared_group& g : groups_) {
      if (g->last() <= behind_) continue;
      for (journal::record_cursor records{*g}; records.valid() && records.offset() <= now_.told; records.next()) {
        if (records.offset() > behind_) take(records.offset(), records.bytes());
      }
    }
  }

 private:
  bool fetch(offset_t first);

  spine_now now_;
  std::vector<journal::shared_group> groups_;  // contiguous, to told
  offset_t behind_ = 0;
  bool lagging_ = false;
};

/// As consumers::row_builder has them, but of one truck and between these times (both inclusive), in the order of time; of one
/// time the first. A record that cannot be read has none.
std::vector<store::stored_position> positions_in(const tail& behind, std::string_view truck_id, utc_time from, utc_time to);

/// All of that truck, for the figures.
std::vector<store::unstored_point> points_in(const tail& behind, std::string_view truck_id);

/// In the order of answers, cursor and all filters but limit applied. `source`: of the journal's events.
std::vector<store::stored_event> events_in(const tail& behind, const store::event_query& q, std::string_view source);
std::vector<store::stored_rejection> rejections_in(const tail& behind, const store::quarantine_query& q);

}  // namespace haulcast::queries
