// The one path for everything that changes the world: admit, apply, commit, tell.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "haulcast/base/fifo.hpp"
#include "haulcast/base/metrics.hpp"
#include "haulcast/base/once.hpp"
#include "haulcast/base/result.hpp"
#include "haulcast/base/worker.hpp"
#include "haulcast/engine/world.hpp"
#include "haulcast/hub/hub.hpp"
#include "haulcast/journal/committer.hpp"
#include "haulcast/journal/recovery.hpp"
#include "haulcast/journal/segment_log.hpp"
#include "haulcast/journal/snapshot_store.hpp"
#include "haulcast/pipeline/geofence_import.hpp"
#include "haulcast/pipeline/receipts.hpp"
#include "haulcast/pipeline/recent.hpp"
#include "haulcast/pipeline/snapshotter.hpp"
#include "haulcast/pipeline/view.hpp"

namespace haulcast::pipeline {

namespace net = boost::asio;

struct pipeline_options {
  engine::options rules;
  std::size_t max_trucks = 1'000'000;  // removed ones count
  std::size_t max_geofences = 200'000;
  bool register_unknown_trucks = true;
  std::size_t window_budget_bytes = std::size_t{4} << 30;  // of all trucks' windows together
  std::size_t max_pending_bytes = 64ULL << 20;             // of records waiting for the commit
  std::size_t memory_bytes = 32ULL << 20;                  // of the newest records kept for streams
  std::chrono::hours retention{24};
  std::uint64_t journal_max_bytes = 0;         // 0: 80 % of the file system
  std::uint64_t min_free_bytes = 64ULL << 20;  // of the file system
  std::chrono::seconds snapshot_interval{60};
  std::uint64_t snapshot_positions = 500'000;  // a pass begins earlier after so many
  std::filesystem::path directory;             // whose file system is watched
  std::function<offset_t()> held_from;         // the first record that a consumer has not taken yet; the journal's thread asks
};

struct pipeline_metrics {
  std::array<std::uint64_t, 4> verdicts{};                         // by engine::verdict
  std::array<std::uint64_t, engine::reject_codes> rejected{};      // by engine::reject_code
  std::array<std::uint64_t, engine::command_statuses> commands{};  // by engine::command_status
  std::uint64_t commands_again = 0;                                // told once more, under their retry keys; not among those
  std::uint64_t retry_keys_displaced = 0;                          // before their time, for want of room
  std::uint64_t visits_refused = 0;                                // by trucks that are in too many geofences
  std::uint64_t records = 0;                                       // committed
  std::uint64_t events = 0;
  std::uint64_t commits = 0;
  std::uint64_t failed_commits = 0;
  std::uint64_t replay_differences = 0;
  std::uint64_t journal_bytes = 0;  // held
  std::uint64_t journal_max_bytes = 0;
  std::uint64_t disk_free_bytes = 0;
  import_metrics imports;
  latency_histogram acknowledgement{latency_bounds};         // from submit to told
  latency_histogram position_to_subscriber{latency_bounds};  // from submit to the subscribers' sockets
  latency_histogram commit{latency_bounds};                  // write and sync
  histogram<10> group_records{{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}};
  latency_histogram loop_lag{latency_bounds};
};

/// Snapshots and tail, then one record that says the server started: the world as it is at the beginning of a life. Blocking.
result<journal::recovered> begin_life(journal::segment_log& log, journal::snapshot_store& snapshots,
                                      const pipeline_options& options);

/// Owns the world. All of it runs on the loop, but for the commits, the snapshots' files and a rebuild, which have threads.
/// What is told at once is bounded, so that no turn of the loop grows with a commit's size.
///
/// A failed commit fails every record applied after the last committed one. The world is then rebuilt aside from snapshots and
/// journal, again and again until the journal takes a record; meanwhile nothing is admitted and not_ready_because() says why.
class pipeline {
 public:
  pipeline(net::io_context& loop, pipeline_options options, journal::segment_log& log, journal::snapshot_store& snapshots,
           journal::recovered world, hub::hub& hub);
  ~pipeline();

  /// Ticks, snapshots and retention begin.
  void start();

  /// Calls `done` when the batch is committed and told, or at once when it is refused. `received_at` may be moved forward:
  /// server time never runs back.
  void submit(std::unique_ptr<engine::batch> input, submit_done done);
  /// The same for a command, which is stamped with the server's time. One that changes nothing is answered when the newest
  /// record applied before it is committed: nobody is told what a failed commit takes back. So is one that is sent again under
  /// its retry key, even while the first still waits.
  void submit(engine::command input, command_done done);
  /// The same for an import: all of its geofences, or none. Judged, written and brought into force in slices of the loop's
  /// time, while batches go on; `done` is called when the last of them is committed and told. One at a time. Whatever fails
  /// before all is written leaves nothing behind; what fails later is carried out all the same, also by the next start. Until
  /// the end other commands about its geofences come to `importing`.
  void submit(std::unique_ptr<import_request> asked, command_done done);
  std::size_t max_geofences() const noexcept { return options_.max_geofences; }
  bool importing() const noexcept { return import_ || (world_ && world_->imports_left() > 0); }
  /// What a batch would be refused with right now.
  std::optional<refusal> closed() const;
  /// Whether so much waits for the commit that what can wait should: batches are still taken, up to the whole of
  /// `max_pending_bytes`, and what costs the loop time beside them is refused first.
  bool pressed() const noexcept { return pending_bytes_ > options_.max_pending_bytes / 4 * 3; }
  /// A sentence while closed for more than a moment; empty: ready.
  std::string not_ready_because() const;

  const view& live() const noexcept { return *view_; }
  /// Everything up to here is told.
  offset_t told() const noexcept { return told_; }
  offset_t first_offset() const { return log_.first_offset(); }
  /// The group that holds a told record: from memory, or read aside.
  net::awaitable<result<journal::shared_group, journal::read_error>> group_at(offset_t offset);

  /// The groups in memory that hold told records behind `offset`: the newest of them, at most so many and so many bytes.
  std::vector<journal::shared_group> told_behind(offset_t offset, std::size_t groups_max, std::size_t bytes_max) const {
    return recent_.between(offset + 1, told_, groups_max, bytes_max);
  }

  /// A stream's wait for news: its timer is cancelled whenever something is told.
  void await_news(net::steady_timer& timer) { listeners_.insert(&timer); }
  void forget(net::steady_timer& timer) { listeners_.erase(&timer); }

  /// No batch is taken from now on; ends when all that was taken is committed and told.
  net::awaitable<void> drain();

  const pipeline_metrics& metrics() const noexcept { return metrics_; }
  const snapshot_metrics& snapshots() const noexcept { return snapshotter_.metrics(); }
  struct world_sizes {
    std::size_t trucks = 0;
    std::size_t window_bytes = 0;
    std::size_t retry_keys = 0;
    std::size_t geofences = 0;
  };
  /// While the world is rebuilt, those of the one before.
  world_sizes sizes() const noexcept;
  std::size_t pending_bytes() const noexcept { return pending_bytes_; }
  const journal::segment_log& log() const noexcept { return log_; }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t kept_in_flight = 1024;  // room for so many stays
  struct waiting_command {
    engine::command input;
    command_done done;
  };
  struct in_flight {
    offset_t offset = 0;
    std::size_t bytes = 0;
    utc_time time;
    clock::time_point submitted;
    std::unique_ptr<engine::batch> input;      // of a batch
    std::unique_ptr<waiting_command> command;  // of a command; a tick has neither
    std::vector<std::string> tick_trucks;      // ids, in the order of `what.trucks`
    engine::outcome what;
    submit_done done;
    bool import_part = false;  // a record of the import under way
    bool lost = false;         // its commit failed
  };

  void apply(std::unique_ptr<engine::batch> input, submit_done done);
  void refuse_new_trucks(engine::batch& input) const;
  void refuse_unregistered_trucks(engine::batch& input) const;
  bool has_room_for(const engine::command& input) const;
  bool is_being_imported(const engine::command& input) const;
  void schedule_import();
  void go_on_importing();
  bool judge_some();
  bool stage_some();
  bool enforce_some();
  engine::command_outcome record_import(engine::any_command what, std::optional<engine::retry_key> retry = {});
  void answer_import(in_flight part);
  void refuse_import(engine::command_outcome why);
  void abandon_import(refusal why);
  command_done end_import();
  template <class Input>
  void record(in_flight entry, const Input& input);
  void await_commit(in_flight entry);
  void hand_over();
  void committed(journal::commit_report report);
  void failed(std::error_code error);
  void tell_some();
  void tell(in_flight& entry);
  void wake_some();
  void answer_some();
  void answer(in_flight entry);
  void answer_command(in_flight entry);
  void rebuild();
  void rebuilt(std::shared_ptr<journal::recovered> world, std::shared_ptr<view> told);
  void tick();
  void keep_budget();
  void every_tick();
  void every_second();
  void step_snapshot();
  void maintain();

  net::io_context& loop_;
  const pipeline_options options_;
  journal::segment_log& log_;
  journal::snapshot_store& snapshots_;
  hub::hub& hub_;
  std::unique_ptr<engine::world> world_;  // none while it is rebuilt: two would need twice the memory
  world_sizes sizes_before_;              // of what it was then
  std::unique_ptr<view> view_;
  recent_groups recent_;

  offset_t next_ = 1;  // of the next record
  offset_t committed_ = 0;
  offset_t told_ = 0;
  journal::group building_;
  bool hand_over_posted_ = false;
  bool tell_posted_ = false;
  bool wake_posted_ = false;
  bool answer_posted_ = false;
  bool maintaining_ = false;
  fifo<in_flight, kept_in_flight> in_flight_;
  fifo<in_flight, kept_in_flight> answers_;  // told or lost, and not answered yet
  std::vector<engine::outcome> spare_outcomes_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t positions_since_pass_ = 0;
  clock::time_point last_pass_;
  truck_index trim_hand_ = 0;       // where the look for windows to trim goes on
  std::size_t trim_looked_at_ = 0;  // trucks since the budget was overrun: the first round spares those that are heard

  bool stopping_ = false;
  bool storage_full_ = false;
  std::string rebuilding_;  // why; empty: not
  std::unordered_set<net::steady_timer*> listeners_;
  net::steady_timer tick_timer_;
  net::steady_timer second_timer_;
  net::steady_timer snapshot_timer_;
  net::steady_timer drained_;
  std::unique_ptr<import_job> import_;  // none: there is none, or one of the life before is brought to its end
  std::size_t import_in_flight_ = 0;    // records of it
  bool import_posted_ = false;
  net::steady_timer import_timer_;
  std::shared_ptr<std::atomic<bool>> abandoned_;  // tells a rebuild that nobody waits for it any more
  pipeline_metrics metrics_;

  worker aside_;   // snapshots' files, a rebuild
  worker reader_;  // streams and resuming subscribers
  snapshotter snapshotter_;
  journal::committer committer_;
};

}  // namespace haulcast::pipeline
