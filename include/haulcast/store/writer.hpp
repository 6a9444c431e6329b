// The port through which the journal's consumer writes to a store.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "haulcast/base/time.hpp"
#include "haulcast/journal/checkpoints.hpp"
#include "haulcast/store/error.hpp"
#include "haulcast/store/rows.hpp"

namespace haulcast::store {

/// How long what is kept. Counted from a position's timestamp, an event's time, when something was received.
struct retention {
  std::chrono::days positions{30};
  std::chrono::days events{90};
  std::chrono::days quarantine{7};
  std::chrono::days hours{730};  // hourly figures outlive the positions they were made of
  std::chrono::days dead{90};
};

/// All calls block, and come from one thread, but for interrupt(). Each ends in bounded time, whatever the database does: where
/// it may freeze there are time-outs, which count as `unavailable`. After `unavailable` the next call connects anew by itself.
class writer {
 public:
  virtual ~writer() = default;

  /// Connects, and takes the schema to this version's. May be called again. Fatal: a newer schema, or no schema of ours there.
  virtual store_result<void> open() = 0;

  /// What the store holds: every record of that journal up to that offset, exactly once. None: nothing was written yet.
  /// Whether it is the right journal's is for the caller to say.
  virtual store_result<std::optional<journal::checkpoint>> checkpoint() = 0;

  /// Moves the checkpoint and nothing else: what `--adopt` does.
  virtual store_result<void> adopt(const journal::checkpoint& to) = 0;

  /// Writes all rows of the batch and the checkpoint {journal_id, rows.reaches} in one transaction; the store's checkpoint must
  /// be {journal_id, rows.begins - 1} in that same transaction, or none with begins at the oldest record: else fatal, so that
  /// two servers never write to one store by turns. Whole batches, since a transaction costs a sync and round trips.
  ///
  /// Of positions with `may_repeat`, those that are there already are left out. A truck that the store does not know is made.
  /// After `unavailable` it is in doubt whether it was committed: ask checkpoint().
  virtual store_result<void> write(const batch& rows, const std::string& journal_id) = 0;

  /// Whether the rows could be written, without the checkpoint and with nothing left behind: how a poison row is found.
  virtual store_result<void> rehearse(const batch& rows) = 0;

  /// Everything that was written survives a power cut from here on: only then may the journal drop its records.
  virtual store_result<void> make_durable() = 0;

  /// One small step of what is due at `now` (rows past their retention, hours whose figures can be settled), of a few
  /// milliseconds, so that it may come between two batches. True: there is more.
  virtual store_result<bool> upkeep(const retention& keep, utc_time now) = 0;

  /// Any thread: a call that is on, and every later one, ends soon with `unavailable`. For shutting down.
  virtual void interrupt() noexcept = 0;
};

}  // namespace haulcast::store
