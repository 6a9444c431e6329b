#include "haulcast/queries/pool.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace haulcast::queries {

namespace {

// On Linux this is of the thread alone.
void be_polite(int by) { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), by); }

}  // namespace

pool::pool(net::any_io_executor loop, pool_options options, std::function<std::unique_ptr<store::reader>()> make_reader)
    : loop_{std::move(loop)}, options_{options}, make_reader_{std::move(make_reader)}, patience_{loop_} {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.push_back(std::make_unique<thread>());
    threads_.back()->hand.run([by = options_.politeness] { be_polite(by); });
    idle_.push_back(threads_.back().get());
  }
}

pool::~pool() = default;

void pool::enter(entry e) {
  e.waited = idle_.empty();
  if (e.waited && line_.size() >= options_.waiting_most) return turn_away(std::move(e), outcome::full);
  line_.push_back(std::move(e));
  next();
  watch_the_clock();
}

void pool::next() {
  while (!idle_.empty() && !line_.empty()) {
    entry e = std::move(line_.front());
    line_.pop_front();
    if (e.waited && e.asker_gone && e.asker_gone()) {
      turn_away(std::move(e), outcome::abandoned);
      continue;
    }
    thread& on = *idle_.back();
    idle_.pop_back();
    begin(std::move(e), on);
  }
}

void pool::begin(entry e, thread& on) {
  metrics_.wait.observe(to_seconds(clock::now() - e.since));
  on.hand.run([this, &on, e = std::make_shared<entry>(std::move(e))] {
    const auto begun = clock::now();
    const auto how = work_off(*e, on);
    const auto took = clock::now() - begun;
    net::post(loop_, [this, &on, e, how, took] {
      ended(on, took);
      std::exchange(e->done, {})(how);
    });
  });
}

pool::outcome pool::work_off(entry& e, thread& on) noexcept try {
  if (!on.reader) on.reader = make_reader_();
  if (!e.what(*on.reader)) on.reader.reset();
  return outcome::done;
} catch (const std::exception& surprise) {
  spdlog::error("a question to the store failed: {}", surprise.what());
  on.reader.reset();
  return outcome::failed;
}

void pool::ended(thread& on, clock::duration took) {
  ++metrics_.done;
  metrics_.work.observe(to_seconds(took));
  idle_.push_back(&on);
  next();
}

void pool::turn_away(entry e, outcome how) {
  if (how == outcome::full) ++metrics_.refused_full;
  if (how == outcome::late) ++metrics_.refused_late;
  if (how == outcome::abandoned) ++metrics_.abandoned;
  net::post(loop_, [done = std::move(e.done), how] { done(how); });
}

void pool::watch_the_clock() {
  if (watching_ || line_.empty()) return;
  watching_ = true;
  patience_.expires_at(line_.front().since + options_.wait_most);
  patience_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    watching_ = false;
    while (!line_.empty() && clock::now() >= line_.front().since + options_.wait_most) {
      entry e = std::move(line_.front());
      line_.pop_front();
      turn_away(std::move(e), outcome::late);
    }
    watch_the_clock();
  });
}

}  // namespace haulcast::queries
