#include "haulcast/pipeline/snapshotter.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "haulcast/base/failpoint.hpp"
#include "haulcast/base/free_memory.hpp"

namespace haulcast::pipeline {

namespace {

using journal::geofence_prefix;
using journal::retries_prefix;
using journal::rules_key;
using journal::truck_prefix;

constexpr std::size_t slice_trucks = 64;
constexpr std::size_t slice_bytes = 128ULL << 10;  // some 30 trucks with full windows: about 0.1 ms of the loop
constexpr std::size_t slices_outstanding = 16;
constexpr std::size_t slices_at_once = 8;  // written in one transaction, which costs a sync of the disk
constexpr std::size_t rest_bytes = 256;    // of a truck besides its window
constexpr std::size_t slice_retries = 2;   // blocks of retry keys
constexpr std::size_t retry_block_bytes = 14ULL << 10;

std::vector<journal::entity> entities_of(const std::vector<engine::geofence_changes>& taken) {
  std::vector<journal::entity> all;
  for (const auto& changes : taken) {
    for (const auto& [id, fence] : changes) {
      journal::entity& e = all.emplace_back(std::string{geofence_prefix} + id, std::string{}, fence == nullptr);
      byte_writer out{e.bytes};
      if (fence) fence->save(out);
    }
  }
  return all;
}

}  // namespace

snapshotter::snapshotter(journal::snapshot_store& store, worker& writer, std::function<void(std::function<void()>)> post,
                         offset_t replay_from)
    : store_{store}, writer_{writer}, post_{std::move(post)} {
  metrics_.replay_from = replay_from;
}

void snapshotter::begin(engine::world& world, offset_t applied) {
  metrics_.slices.longest_cpu = metrics_.slices.longest_wall = 0;
  const hold measured{metrics_.slices};
  for (const std::string& key : std::exchange(unsaved_, {}))
    world.mark_changed(std::string_view{key}.substr(truck_prefix.size()));
  if (std::exchange(retries_unsaved_, false)) world.mark_retries_changed();
  if (auto unsaved = std::exchange(geofences_unsaved_, nullptr)) world.give_back_geofences(std::move(*unsaved));
  geofences_ = std::make_shared<std::vector<engine::geofence_changes>>(world.take_changed_geofences());
  world.begin_pass();
  passing_ = true;
  taken_ = false;
  began_at_ = applied;
  rules_ = {.key = std::string{rules_key}};
  byte_writer out{rules_.bytes};
  world.save_rules(out);
  ++pass_;
  HAULCAST_FAILPOINT(snapshot_begun);
}

void snapshotter::take(engine::world& world, offset_t applied) {
  slice s{.as_of = applied, .entities = {}, .last = false};
  std::size_t bytes = 0;
  while (s.entities.size() < slice_trucks && bytes < slice_bytes) {
    const auto changed = world.take_changed(1);
    if (changed.empty()) break;
    const engine::truck& t = world.at(changed.front());
    journal::entity e{.key = std::string{truck_prefix} + t.id};
    e.bytes.reserve(t.window.bytes() + rest_bytes);
    byte_writer out{e.bytes};
    world.save_truck(changed.front(), out);
    bytes += e.bytes.size();
    s.entities.push_back(std::move(e));
  }
  take_retries(world, s.entities);
  if (s.entities.empty()) s.last = taken_ = true;
  HAULCAST_FAILPOINT(snapshot_taken);
  waiting_.push_back(std::move(s));
}

void snapshotter::take_retries(engine::world& world, std::vector<journal::entity>& into) {
  for (std::size_t i = 0; i < slice_retries; ++i) {
    const auto block = world.take_changed_retries();
    if (!block) return;
    const engine::retry_keys& keys = world.retries();
    journal::entity e{.key = fmt::format("{}{}", retries_prefix, keys.row_of(*block))};
    e.bytes.reserve(retry_block_bytes);
    byte_writer out{e.bytes};
    keys.save_block(*block, out);
    into.push_back(std::move(e));
  }
}

bool snapshotter::step(engine::world& world, offset_t applied, offset_t committed) {
  if (!passing_) return false;
  const hold measured{metrics_.slices};
  if (!taken_ && waiting_.size() + due_.parts + being_written_ < slices_outstanding) take(world, applied);
  while (!waiting_.empty() && waiting_.front().as_of <= committed) {
    HAULCAST_FAILPOINT(snapshot_due);
    gather(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  const bool many_follow = world.left_of_pass() > slice_trucks * slices_at_once ||
                           world.retries().left_of_pass() > slice_retries * slices_at_once * engine::retry_keys::block_entries;
  if (due_.parts >= (many_follow ? slices_at_once : 1)) write(std::exchange(due_, {.parts = 0}));
  return passing_;
}

void snapshotter::gather(slice s) {
  if (due_.parts == 0) due_.entities.reserve(slice_trucks * slices_at_once);
  due_.as_of = s.as_of;
  due_.last = s.last;
  ++due_.parts;
  std::ranges::move(s.entities, std::back_inserter(due_.entities));
}

void snapshotter::write(slice s) {
  being_written_ += s.parts;
  auto shared = std::make_shared<slice>(std::move(s));
  writer_.run([this, shared, pass = pass_, replay_from = began_at_ + 1, rules = rules_, fences = geofences_] {
    const bool well = failed_pass_ != pass && put(*shared, replay_from, rules, fences);
    if (!well) failed_pass_ = pass;
    const std::size_t saved = well ? shared->entities.size() : 0;
    for (journal::entity& e : shared->entities) free_memory(e.bytes);  // freed here, not on the loop
    if (well) shared->entities = {};
    if (well && shared->last) fences->clear();
    post_([this, shared, pass, saved, well] {
      metrics_.entities += saved;
      written(pass, *shared, well);
    });
  });
}

bool snapshotter::put(const slice& s, offset_t replay_from, const journal::entity& rules, const geofences& fences) {
  auto done = s.entities.empty() ? result<void>{} : store_.write(s.entities);
  if (done && s.last) {
    auto last = entities_of(*fences);
    last.push_back(rules);
    done = store_.finish(replay_from, last);
  }
  if (!done) spdlog::error("{}", done.error().what);
  return done.has_value();
}

void snapshotter::written(std::uint64_t pass, const slice& s, bool well) {
  being_written_ -= s.parts;
  if (!well) {
    remember(s);
    if (pass != pass_) return;
    ++metrics_.failures;
    for (const slice& w : waiting_) remember(w);
    remember(due_);
    geofences_unsaved_ = std::exchange(geofences_, nullptr);
    give_up();
    return;
  }
  if (pass != pass_ || !s.last) return;
  passing_ = false;
  geofences_.reset();
  ++metrics_.passes;
  metrics_.replay_from = began_at_ + 1;
  HAULCAST_FAILPOINT(snapshot_ended);
}

// What it took is not marked as changed any more, yet was not saved. Retry keys are saved without gaps or not at all.
void snapshotter::remember(const slice& s) {
  retries_unsaved_ = true;
  for (const journal::entity& e : s.entities) {
    if (e.key.starts_with(truck_prefix)) unsaved_.push_back(e.key);
  }
}

// Geofences of a world that is gone are not given to another one, which has those that the journal has.
void snapshotter::abandon() {
  drop(geofences_unsaved_);
  give_up();
}

// There may be very many.
void snapshotter::drop(geofences& what) {
  if (what) writer_.run([gone = std::exchange(what, nullptr)] {});
}

void snapshotter::give_up() {
  drop(geofences_);
  waiting_.clear();
  due_ = {.parts = 0};
  passing_ = false;
  ++pass_;
}

}  // namespace haulcast::pipeline
