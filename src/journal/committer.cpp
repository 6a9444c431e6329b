#include "haulcast/journal/committer.hpp"

#include <cassert>
#include <utility>

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

void committer::resume() { failed_ = false; }

void committer::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// The groups at the front, up to the next task or the bound, as one.
group committer::take_gathered(std::deque<work_item>& items) {
  group all = std::move(std::get<group>(items.front()));
  items.pop_front();
  while (!items.empty()) {
    const auto* next = std::get_if<group>(&items.front());
    if (next == nullptr || all.bytes.size() + next->bytes.size() > commit_bytes_max) break;
    assert(next->first == all.last() + 1);
    all.count += next->count;
    all.bytes += next->bytes;
    items.pop_front();
  }
  return all;
}

void committer::work() {
  for (;;) {
    std::deque<work_item> items;
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      items.swap(queue_);
    }
    while (!items.empty()) {
      if (const auto* task = std::get_if<std::function<void()>>(&items.front())) {
        (*task)();
        items.pop_front();
      } else {
        commit(take_gathered(items));
      }
    }
  }
}

void committer::commit(group g) {
  if (failed_) return;
  const auto all = std::make_shared<const group>(std::move(g));
  const auto begun = std::chrono::steady_clock::now();
  if (const auto error = log_.append(*all)) {
    failed_ = true;
    tell_.failed(error);
    return;
  }
  tell_.committed({all, std::chrono::steady_clock::now() - begun});
}

}  // namespace haulcast::journal
