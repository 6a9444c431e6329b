#include "haulcast/pipeline/snapshotter.hpp"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

namespace haulcast::pipeline {

namespace {

constexpr std::string_view truck_prefix = "truck/";
constexpr std::size_t slice_trucks = 64;
constexpr std::size_t slice_bytes = 128ULL << 10;  // some 30 trucks with full windows: about 0.1 ms of the loop
constexpr std::size_t slices_outstanding = 16;

}  // namespace

snapshotter::snapshotter(journal::snapshot_store& store, worker& writer, std::function<void(std::function<void()>)> post,
                         offset_t replay_from)
    : store_{store}, writer_{writer}, post_{std::move(post)} {
  metrics_.replay_from = replay_from;
}

void snapshotter::begin(engine::world& world, offset_t applied) {
  for (const std::string& key : std::exchange(unsaved_, {}))
    world.mark_changed(std::string_view{key}.substr(truck_prefix.size()));
  world.begin_pass();
  passing_ = true;
  taken_ = false;
  began_at_ = applied;
  rules_ = {.key = "rules", .bytes = {}};
  byte_writer out{rules_.bytes};
  world.save_rules(out);
  ++pass_;
}

void snapshotter::take(engine::world& world, offset_t applied) {
  slice s{.as_of = applied, .entities = {}, .last = false};
  std::size_t bytes = 0;
  while (s.entities.size() < slice_trucks && bytes < slice_bytes) {
    const auto changed = world.take_changed(1);
    if (changed.empty()) break;
    journal::entity e{.key = std::string{truck_prefix} + world.at(changed.front()).id, .bytes = {}};
    byte_writer out{e.bytes};
    world.save_truck(changed.front(), out);
    bytes += e.bytes.size();
    s.entities.push_back(std::move(e));
  }
  if (s.entities.empty()) s.last = taken_ = true;
  waiting_.push_back(std::move(s));
}

bool snapshotter::step(engine::world& world, offset_t applied, offset_t committed) {
  if (!passing_) return false;
  if (!taken_ && waiting_.size() + being_written_ < slices_outstanding) take(world, applied);
  while (!waiting_.empty() && waiting_.front().as_of <= committed) {
    write(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return passing_;
}

void snapshotter::write(slice s) {
  ++being_written_;
  auto shared = std::make_shared<slice>(std::move(s));
  writer_.run([this, shared, pass = pass_, replay_from = began_at_ + 1, rules = rules_] {
    auto done = shared->last ? store_.finish(replay_from, {&rules, 1}) : store_.write(shared->entities);
    if (!done) spdlog::error("{}", done.error().what);
    post_([this, shared, pass, well = done.has_value()] { written(pass, *shared, well); });
  });
}

void snapshotter::written(std::uint64_t pass, const slice& s, bool well) {
  --being_written_;
  metrics_.entities += well ? s.entities.size() : 0;
  if (!well) {
    remember(s);
    if (pass != pass_) return;
    ++metrics_.failures;
    for (const slice& w : waiting_) remember(w);
    abandon();
    return;
  }
  if (pass != pass_ || !s.last) return;
  passing_ = false;
  ++metrics_.passes;
  metrics_.replay_from = began_at_ + 1;
}

// Its trucks are not marked as changed any more, yet were not saved.
void snapshotter::remember(const slice& s) {
  for (const journal::entity& e : s.entities) unsaved_.push_back(e.key);
}

void snapshotter::abandon() {
  waiting_.clear();
  passing_ = false;
  ++pass_;
}

}  // namespace haulcast::pipeline
