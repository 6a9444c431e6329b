// What time brings: silence that falls due, windows that grow too large, snapshots, retention, room on the disk.
#include "haulcast/pipeline/pipeline.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "disk_space.hpp"

namespace haulcast::pipeline {

namespace {

using namespace std::chrono_literals;

constexpr auto tick_interval = 500ms;
constexpr std::size_t due_trucks_max = 500;   // settled by one tick: about 0.2 ms
constexpr std::size_t trim_look_max = 1'000;  // trucks looked at for windows to trim: below 0.5 ms
constexpr std::size_t silent_window_bytes = 1'024;
constexpr double early_drop_share = 0.85;  // of the cap: above it, records go before their time

}  // namespace

void pipeline::tick() {
  if (closed()) return;
  const utc_time now = std::max(system_now(), world_->now());
  engine::tick input{.now = now, .trucks = world_->due(now, due_trucks_max)};
  if (input.trucks.empty()) return;
  const bool more = input.trucks.size() == due_trucks_max;
  in_flight entry;
  entry.submitted = clock::now();
  entry.time = now;
  world_->apply(input, next_, entry.what);
  if (!entry.what.trucks.empty()) {
    for (const auto& [truck, status] : entry.what.trucks) entry.tick_trucks.push_back(world_->at(truck).id);
    record(std::move(entry), input);
  }
  if (more) net::post(loop_, [this] { tick(); });
}

// Some trucks at a time: those that are silent, then each round of the fleet to half as much as the one before. What is
// forgotten is only how exactly old duplicates are told.
void pipeline::keep_budget() {
  if (closed()) return;
  if (world_->window_bytes() <= options_.window_budget_bytes) {
    trim_looked_at_ = 0;
    return;
  }
  const std::size_t round = trim_looked_at_ / std::max<std::size_t>(1, world_->size());
  const bool silent_only = round == 0;
  const std::size_t halved = options_.rules.identity_bytes_max >> std::min<std::size_t>(round, 31);
  const std::size_t bytes_max = silent_only ? silent_window_bytes : std::max(silent_window_bytes, halved);
  trim_looked_at_ += trim_look_max;
  engine::trim input{
      .now = std::max(system_now(), world_->now()), .bytes_max = static_cast<std::uint32_t>(bytes_max), .trucks = {}};
  input.trucks = world_->trimmable(trim_hand_, trim_look_max, bytes_max, silent_only);
  if (input.trucks.empty()) return;
  in_flight entry;
  entry.submitted = clock::now();
  entry.time = input.now;
  world_->apply(input, next_, entry.what);
  record(std::move(entry), input);
}

void pipeline::every_tick() {
  tick_timer_.expires_after(tick_interval);
  tick_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    metrics_.loop_lag.observe(to_seconds(std::max(clock::duration{}, clock::now() - tick_timer_.expiry())));
    tick();
    keep_budget();
    every_tick();
  });
}

void pipeline::every_second() {
  second_timer_.expires_after(1s);
  second_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    // A pass that began in the midst of an import would have to save what is not in force yet.
    const bool due =
        clock::now() - last_pass_ >= options_.snapshot_interval || positions_since_pass_ >= options_.snapshot_positions;
    if (due && !importing() && rebuilding_.empty() && !snapshotter_.passing()) {
      last_pass_ = clock::now();
      positions_since_pass_ = 0;
      snapshotter_.begin(*world_, next_ - 1);
      step_snapshot();
    }
    maintain();
    every_second();
  });
}

// A slice, then a pause as long as ten of them: a pass takes at most a tenth of the loop.
void pipeline::step_snapshot() {
  if (!rebuilding_.empty() || !snapshotter_.step(*world_, next_ - 1, committed_)) return;
  snapshot_timer_.expires_after(1ms);
  snapshot_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) step_snapshot();
  });
}

// Sizes, free space and retention, looked at on the journal's thread.
void pipeline::maintain() {
  if (std::exchange(maintaining_, true)) return;
  const offset_t replay_from = snapshotter_.metrics().replay_from;
  const utc_time older_than = system_now() - options_.retention;
  committer_.run([this, replay_from, older_than] {
    const offset_t keep_from = options_.held_from ? std::min(replay_from, options_.held_from()) : replay_from;
    std::uint64_t total = 0;
    std::uint64_t free = free_bytes(options_.directory, &total);
    const std::uint64_t cap = options_.journal_max_bytes > 0 ? options_.journal_max_bytes : total / 5 * 4;
    if (const auto gone =
            log_.drop(keep_from, older_than, static_cast<std::uint64_t>(early_drop_share * static_cast<double>(cap)))) {
      spdlog::info("dropped {} journal segments; the oldest record is {} now", gone, log_.first_offset());
      free = free_bytes(options_.directory);
    }
    net::post(loop_, [this, free, cap, held = log_.bytes()] {
      maintaining_ = false;
      const bool full = held >= cap || free < options_.min_free_bytes;
      const double share = static_cast<double>(held) / static_cast<double>(cap);
      const double share_before = static_cast<double>(metrics_.journal_bytes) / static_cast<double>(cap);
      for (const double mark : {0.70, 0.85}) {
        if (share >= mark && share_before < mark) spdlog::warn("the journal holds {:.0f} % of its cap", mark * 100);
      }
      if (full != storage_full_) {
        if (full)
          spdlog::error("storage is full: the journal holds {} of {} bytes, the disk has {} free", held, cap, free);
        else
          spdlog::warn("storage has room again");
      }
      storage_full_ = full;
      metrics_.journal_bytes = held;
      metrics_.journal_max_bytes = cap;
      metrics_.disk_free_bytes = free;
    });
  });
}

}  // namespace haulcast::pipeline
