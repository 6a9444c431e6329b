// Saves the world entity by entity while it goes on: slices on the loop, files on a thread of their own.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "haulcast/base/hold.hpp"
#include "haulcast/base/worker.hpp"
#include "haulcast/engine/world.hpp"
#include "haulcast/journal/snapshot_store.hpp"

namespace haulcast::pipeline {

using engine::offset_t;

struct snapshot_metrics {
  std::uint64_t passes = 0;
  std::uint64_t failures = 0;
  std::uint64_t entities = 0;
  offset_t replay_from = 1;  // recovery would begin here
  hold_metrics slices;       // for how long each held the loop; the longest ones are those of the newest pass
};

/// A pass takes the trucks and retry keys that changed before it began, some at a time. A slice holds the state as of the
/// newest record applied, which may not be committed yet: it is written only once that record is. So a crash never finds a
/// snapshot of what the journal does not have. Rules and geofences are saved as they were when the pass began, with the place
/// of replay; geofences are immutable, so that the writer turns them into bytes. Loop only, but for the writing.
class snapshotter {
 public:
  /// `post` hands a function to the loop. Store and worker outlive this.
  snapshotter(journal::snapshot_store& store, worker& writer, std::function<void(std::function<void()>)> post,
              offset_t replay_from);

  bool passing() const noexcept { return passing_; }
  /// `applied`: the newest record that the world holds.
  void begin(engine::world& world, offset_t applied);
  /// Takes the next slice if there is room, and gives what is committed to the writer. True: call again soon.
  bool step(engine::world& world, offset_t applied, offset_t committed);
  /// The world is gone: what was taken from it and not written is worth nothing.
  void abandon();

  const snapshot_metrics& metrics() const noexcept { return metrics_; }

 private:
  struct slice {
    offset_t as_of = 0;
    std::vector<journal::entity> entities;
    bool last = false;
    std::size_t parts = 1;  // slices that it was gathered from
  };

  void take(engine::world& world, offset_t applied);
  using geofences = std::shared_ptr<std::vector<engine::geofence_changes>>;

  static void take_retries(engine::world& world, std::vector<journal::entity>& into);
  void gather(slice s);
  void write(slice s);
  bool put(const slice& s, offset_t replay_from, const journal::entity& rules, const geofences& fences);
  void give_up();
  void drop(geofences& what);
  void remember(const slice& s);
  void written(std::uint64_t pass, const slice& s, bool well);

  journal::snapshot_store& store_;
  worker& writer_;
  std::function<void(std::function<void()>)> post_;
  bool passing_ = false;
  bool taken_ = false;  // everything of the pass
  offset_t began_at_ = 0;
  journal::entity rules_;  // as they were then: what a replay from there is judged by
  geofences geofences_;    // that changed before then, likewise
  std::uint64_t pass_ = 0;
  std::deque<slice> waiting_;  // for the commit
  slice due_{.parts = 0};      // committed, waiting for company
  std::size_t being_written_ = 0;
  std::vector<std::string> unsaved_;  // keys of trucks that a failed write left behind
  bool retries_unsaved_ = false;
  geofences geofences_unsaved_;
  std::uint64_t failed_pass_ = 0;  // the writer's: nothing more of that pass is written
  snapshot_metrics metrics_;
};

}  // namespace haulcast::pipeline
