#include "haulcast/journal/committer.hpp"

#include <pthread.h>

#include <cassert>
#include <utility>

#include "haulcast/base/failpoint.hpp"

namespace haulcast::journal {

committer::committer(segment_log& log, callbacks tell) : log_{log}, tell_{std::move(tell)}, thread_{[this] { work(); }} {}

committer::~committer() { stop(); }

void committer::submit(group g) {
  {
    const std::lock_guard lock{mutex_};
    queue_.emplace_back(std::move(g));
  }
  wake_.notify_one();
}

void committer::run(std::function<void()> task) {
  {
    const std::lock_guard lock{mutex_};
    queue_.emplace_back(std::move(task));
  }
  wake_.notify_one();
}

void committer::resume() {
  failed_ = false;
  HAULCAST_FAILPOINT(rebuild_resumed);
}

void committer::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// The groups from `at` on, up to the next task or the bound, as one; `at` moves behind them.
group committer::take_gathered(std::vector<work_item>& items, std::size_t& at) {
  group all = std::move(std::get<group>(items[at++]));
  for (; at < items.size(); ++at) {
    const auto* next = std::get_if<group>(&items[at]);
    if (next == nullptr || all.bytes.size() + next->bytes.size() > commit_bytes_max) break;
    assert(next->first == all.last() + 1);
    all.count += next->count;
    all.bytes += next->bytes;
  }
  return all;
}

void committer::work() {
  ::pthread_setname_np(::pthread_self(), "journal");
  for (std::vector<work_item> items;; items.clear()) {
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      items.swap(queue_);
    }
    for (std::size_t at = 0; at < items.size();) {
      if (const auto* task = std::get_if<std::function<void()>>(&items[at])) {
        (*task)();
        ++at;
      } else {
        commit(take_gathered(items, at));
      }
    }
  }
}

void committer::commit(group g) {
  if (failed_) return;
  HAULCAST_FAILPOINT(commit_begun);
  const auto all = std::make_shared<const group>(std::move(g));
  const auto begun = std::chrono::steady_clock::now();
  if (const auto error = log_.append(*all)) {
    failed_ = true;
    tell_.failed(error);
    return;
  }
  tell_.committed({all, std::chrono::steady_clock::now() - begun});
  HAULCAST_FAILPOINT(commit_reported);
}

}  // namespace haulcast::journal
