// Reads the journal on a thread of its own and writes the store.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "haulcast/base/metrics.hpp"
#include "haulcast/consumers/place_to_begin.hpp"
#include "haulcast/consumers/row_builder.hpp"
#include "haulcast/journal/segment_log.hpp"
#include "haulcast/store/writer.hpp"

namespace haulcast::consumers {

using journal::offset_t;

/// Under which its checkpoint is noted among the journal's.
inline constexpr std::string_view store_consumer_name = "store";

struct store_consumer_options {
  row_builder::limits batch;                 // at most in one transaction
  milliseconds flush_interval{200};          // what the journal has is written so often
  milliseconds note_interval{5'000};         // made durable and noted for retention
  std::size_t busy_rows = 5'000;             // a turn that writes so many reads ahead, and leaves upkeep to the next ones
  milliseconds busy_upkeep_interval{1'000};  // but for one of this time
  milliseconds retry_first{100};             // after a failure; doubled each time, cut by up to half
  milliseconds retry_most{10'000};
  store::retention keep;
  int politeness = 10;  // of 19: the loop and the journal come first, by nine to one
};

/// What it has come to, as of its last turn.
struct store_figures {
  enum class state : std::uint8_t { beginning, running, waiting, stopped };

  state now = state::beginning;
  std::string why;       // it is waiting or stopped; a sentence
  offset_t reached = 0;  // every record up to here is in the store
  utc_time heard;        // server time of that record
  std::uint64_t batches = 0;
  std::uint64_t positions = 0;
  std::uint64_t events = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t failures = 0;  // of any kind; each is tried again
  utc_time last_success;       // of a batch, or of finding that there is none
  histogram<8> batch_rows{{1, 10, 100, 1'000, 5'000, 10'000, 20'000, 50'000}};
  latency_histogram write_seconds{latency_bounds};
};

/// The store may be dead, frozen or full: then this stands still, says why, and tries again with growing pauses. Nobody else
/// waits for it: the journal keeps what it has not read (holds()). A row that the store cannot take goes to its dead letters,
/// with the reason. What makes trying again senseless (somebody else's store, a newer schema) stops it for good: figures().why.
///
/// Thread: prepare(), start() and stop() for whoever owns it; figures(), reached() and holds() for any, without waiting for
/// I/O.
class store_consumer {
 public:
  /// `log` outlives it. `notes`: only this uses them from start() on.
  store_consumer(const journal::segment_log& log, std::unique_ptr<store::writer> to, journal::checkpoints notes,
                 store_consumer_options options);
  ~store_consumer();

  /// Opens the store and finds the place to begin, on its thread, and waits `patience` for that: a store that has not answered
  /// then, or cannot be reached, is no error, for it is tried on. `adopt`: moves a checkpoint that does not fit, and waits for
  /// that, however long. Error: one sentence not to start with.
  result<void> prepare(bool adopt, milliseconds patience = std::chrono::minutes{1});
  /// From here on it reads and writes.
  void start();
  /// Takes what the journal has as far as `in_time` goes, and ends the thread. False: it did not end within twice that time,
  /// for the store keeps hold of it; then the process may only be left without cleaning up.
  bool stop(milliseconds in_time);

  store_figures figures() const;
  offset_t reached() const noexcept { return reached_.load(std::memory_order_relaxed); }
  /// The first record that the journal must keep for the store's sake.
  offset_t holds() const noexcept { return noted_.load(std::memory_order_relaxed) + 1; }

 private:
  using clock = std::chrono::steady_clock;

  void work();
  bool meet_store();
  void go_on();
  store::store_result<bool> turn();
  store::store_result<void> begin();
  store::store_result<void> gather();
  store::store_result<void> write();
  store::store_result<void> write_and_gather();
  store::store_result<void> write_whole();
  store::store_result<void> note();
  store::store_result<void> keep_up();
  bool wait(milliseconds pause);
  milliseconds next_pause();
  void went_wrong(const store::store_error& error);
  void went_well();
  bool caught_up() const { return !pending_ && builder_.empty() && next_ > log_.last_offset(); }
  journal_extent extent() const;
  utc_time time_of(offset_t record) const;

  const journal::segment_log& log_;
  const std::unique_ptr<store::writer> store_;
  journal::checkpoints notes_;
  const store_consumer_options options_;

  row_builder builder_;
  bool begun_ = false;                   // the store is open and its place known
  offset_t next_ = 1;                    // of the next record to read
  journal::shared_group group_;          // read, and not all of it added
  std::optional<store::batch> pending_;  // not known to be written
  bool upkeep_due_ = true;
  clock::time_point noted_at_;
  clock::time_point kept_up_at_;
  int attempts_ = 0;
  std::minstd_rand dice_{std::random_device{}()};

  std::atomic<offset_t> reached_{0};
  std::atomic<offset_t> noted_{0};
  mutable std::mutex mutex_;  // held to copy or change what is below
  std::condition_variable wake_;
  std::optional<std::string> met_;  // the store has answered, or cannot be reached; not empty: why it is not for us
  bool awaited_ = true;             // by prepare()
  bool started_ = false;
  bool stopping_ = false;
  clock::time_point stop_until_;
  bool ended_ = false;
  store_figures figures_;
  std::thread thread_;
};

}  // namespace haulcast::consumers
