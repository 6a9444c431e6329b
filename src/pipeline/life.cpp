// How a world begins: at the server's start, and again after a commit that failed.
#include "haulcast/pipeline/pipeline.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <memory>
#include <thread>
#include <utility>

#include "disk_space.hpp"
#include "haulcast/base/failpoint.hpp"

namespace haulcast::pipeline {

namespace {

using namespace std::chrono_literals;

constexpr auto rebuild_retry = 500ms;

engine::started life_begins(const engine::world& world, const pipeline_options& options) {
  return {.now = std::max(system_now(), world.now()), .rules = options.rules};
}

// The server's start is a record like any other, and the proof that the journal takes one.
std::error_code append_start(journal::segment_log& log, journal::recovered& life, const pipeline_options& options) {
  const engine::started input = life_begins(life.world, options);
  std::string record;
  journal::encode_record(record, input, engine::outcome{});
  const auto size = static_cast<std::uint32_t>(record.size());
  journal::group g{.first = log.last_offset() + 1, .count = 1, .bytes = {}};
  g.bytes.assign(reinterpret_cast<const char*>(&size), sizeof size);
  g.bytes += record;
  if (const auto error = log.append(g)) return error;
  engine::outcome nothing;
  life.world.apply(input, g.first, nothing);
  life.last = g.first;
  return {};
}

}  // namespace

result<journal::recovered> begin_life(journal::segment_log& log, journal::snapshot_store& snapshots,
                                      const pipeline_options& options) {
  auto life = journal::recover(log, &snapshots, options.max_trucks);
  if (!life) return life;
  if (const auto error = append_start(log, *life, options)) {
    return failure{fmt::format("cannot write to the journal: {}", error.message())};
  }
  HAULCAST_FAILPOINT(recovery_recorded);
  return life;
}

pipeline::world_sizes pipeline::sizes() const noexcept {
  if (!world_) return sizes_before_;
  return {.trucks = world_->size(),
          .window_bytes = world_->window_bytes(),
          .retry_keys = world_->retries().size(),
          .geofences = world_->geofences().size()};
}

// Aside, behind whatever snapshots were being written: leave the doubtful bytes, recover, and write until it is taken. The
// world that holds too much goes first, so that the new one finds its memory.
void pipeline::rebuild() {
  sizes_before_ = sizes();
  auto doubtful = std::make_shared<std::unique_ptr<engine::world>>(std::move(world_));
  aside_.run([this, doubtful, abandoned = abandoned_] {
    doubtful->reset();
    const auto tell_why = [this](std::string why) {
      net::post(loop_, [this, why = std::move(why)]() mutable { rebuilding_ = std::move(why); });
    };
    std::shared_ptr<journal::recovered> life;
    for (; !abandoned->load(); std::this_thread::sleep_for(rebuild_retry)) {
      if (free_bytes(options_.directory) < options_.min_free_bytes) {
        tell_why("the disk is full");
        continue;
      }
      if (const auto error = log_.restart()) {
        tell_why(error.message());
        continue;
      }
      HAULCAST_FAILPOINT(rebuild_restarted);
      if (!life) {
        auto recovered = journal::recover(log_, &snapshots_, options_.max_trucks);
        if (!recovered) {
          tell_why(recovered.error().what);
          continue;
        }
        life = std::make_shared<journal::recovered>(std::move(*recovered));
      }
      HAULCAST_FAILPOINT(rebuild_recovered);
      if (const auto error = append_start(log_, *life, options_)) {
        tell_why(error.message());
        continue;
      }
      HAULCAST_FAILPOINT(rebuild_recorded);
      auto told = std::make_shared<view>(life->world, options_.max_trucks, life->last);
      net::post(loop_, [this, life, told] { rebuilt(life, told); });
      return;
    }
  });
}

void pipeline::rebuilt(std::shared_ptr<journal::recovered> life, std::shared_ptr<view> told) {
  // What was committed before the failure is still being told, from the old view.
  if (!in_flight_.empty()) return net::post(loop_, [this, life, told] { rebuilt(life, told); });
  auto old_view = std::make_shared<std::unique_ptr<view>>(std::move(view_));
  aside_.run([old_view] { old_view->reset(); });
  world_ = std::make_unique<engine::world>(std::move(life->world));
  view_ = std::make_unique<view>(std::move(*told));
  committed_ = told_ = life->last;
  hub_.forget_indexes();
  next_ = life->last + 1;
  building_ = journal::group{.first = next_, .count = 0, .bytes = {}};
  metrics_.replay_differences += life->differences;
  rebuilding_.clear();
  committer_.run([this] { committer_.resume(); });
  if (importing()) schedule_import();
  HAULCAST_FAILPOINT(rebuild_taken);
  spdlog::warn("the journal accepts again; the world was rebuilt as of record {}", told_);
}

}  // namespace haulcast::pipeline
