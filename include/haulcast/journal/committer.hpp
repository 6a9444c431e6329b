// The journal's thread: commits whatever has gathered since its last commit as one group.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "haulcast/journal/segment_log.hpp"

namespace haulcast::journal {

struct commit_report {
  shared_group committed;
  std::chrono::steady_clock::duration took{};  // write and sync
};

/// The loop hands groups over and never waits; the thread calls back, and the callbacks post to the loop.
/// After a failed commit everything handed over is dropped until resume(): it builds on what may not be there.
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
  /// From a task: groups submitted from now on are committed again.
  void resume();
  /// Commits what was handed over, finishes the tasks, ends the thread. Idempotent.
  void stop();

 private:
  void work();
  void commit(std::deque<group> groups);

  segment_log& log_;
  callbacks tell_;
  std::mutex mutex_;  // held for a push or a swap, by either side: nobody ever waits behind I/O
  std::condition_variable wake_;
  std::deque<group> groups_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  bool failed_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace haulcast::journal
