// The journal's thread: commits whatever has gathered since its last commit as one group.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "haulcast/journal/segment_log.hpp"

namespace haulcast::journal {

struct commit_report {
  shared_group committed;
  std::chrono::steady_clock::duration took{};  // write and sync
};

/// Groups handed over at once make one commit of at most so many bytes: whoever reads one of its records reads all of it.
inline constexpr std::size_t commit_bytes_max = 16U << 20;

/// The loop hands groups and tasks over and never waits; the thread takes them in that order and calls back, and the callbacks
/// post to the loop. After a failed commit every group is dropped that was handed over before the task that calls resume(): it
/// builds on what may not be there.
class committer {
 public:
  struct callbacks {
    std::function<void(commit_report)> committed;
    std::function<void(std::error_code)> failed;
  };

  committer(segment_log& log, callbacks tell);
  ~committer();

  /// Takes a group whose first offset follows the last one taken. Bounded by the caller, who counts what waits.
  void submit(group g);
  /// Does something else between commits: retention, reading after a failure. May call resume().
  void run(std::function<void()> task);
  /// From a task: groups submitted behind that task are committed again.
  void resume();
  /// Commits what was handed over, finishes the tasks, ends the thread. Idempotent.
  void stop();

 private:
  using work_item = std::variant<group, std::function<void()>>;

  void work();
  static group take_gathered(std::vector<work_item>& items, std::size_t& at);
  void commit(group g);

  segment_log& log_;
  callbacks tell_;
  std::mutex mutex_;  // held for a push or a swap, by either side: nobody ever waits behind I/O
  std::condition_variable wake_;
  std::vector<work_item> queue_;
  bool stopping_ = false;
  bool failed_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace haulcast::journal
