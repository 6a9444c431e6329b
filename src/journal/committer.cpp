#include "haulcast/journal/committer.hpp"

#include <utility>

namespace haulcast::journal {

committer::committer(segment_log& log, callbacks tell) : log_{log}, tell_{std::move(tell)}, thread_{[this] { work(); }} {}

committer::~committer() { stop(); }

void committer::submit(group g) {
  {
    const std::lock_guard lock{mutex_};
    groups_.push_back(std::move(g));
  }
  wake_.notify_one();
}

void committer::run(std::function<void()> task) {
  {
    const std::lock_guard lock{mutex_};
    tasks_.push_back(std::move(task));
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

void committer::work() {
  for (;;) {
    std::deque<group> groups;
    std::deque<std::function<void()>> tasks;
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return stopping_ || !groups_.empty() || !tasks_.empty(); });
      if (groups_.empty() && tasks_.empty()) return;
      groups.swap(groups_);
      tasks.swap(tasks_);
    }
    if (!groups.empty() && !failed_) commit(std::move(groups));
    for (const auto& task : tasks) task();
  }
}

void committer::commit(std::deque<group> groups) {
  auto all = std::make_shared<group>(std::move(groups.front()));
  for (std::size_t i = 1; i < groups.size(); ++i) {
    all->count += groups[i].count;
    all->bytes += groups[i].bytes;
  }
  const auto begun = std::chrono::steady_clock::now();
  if (const auto error = log_.append(*all)) {
    failed_ = true;
    tell_.failed(error);
    return;
  }
  tell_.committed({std::move(all), std::chrono::steady_clock::now() - begun});
}

}  // namespace haulcast::journal
