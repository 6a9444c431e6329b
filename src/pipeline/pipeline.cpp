#include "haulcast/pipeline/pipeline.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

namespace haulcast::pipeline {

namespace {

using namespace std::chrono_literals;

constexpr auto tick_interval = 500ms;
constexpr std::size_t due_trucks_max = 500;   // settled by one tick: about 0.2 ms
constexpr auto turn_max = 300us;              // of telling, of waking subscribers, of answering
constexpr std::size_t wake_at_once = 16;      // between looks at the clock
constexpr std::size_t trim_look_max = 1'000;  // trucks looked at for windows to trim: below 0.5 ms
constexpr std::size_t silent_window_bytes = 1'024;
constexpr std::size_t spare_outcomes_max = 256;
constexpr auto rebuild_retry = 500ms;
constexpr double early_drop_share = 0.85;  // of the cap: above it, records go before their time

std::uint64_t free_bytes(const std::filesystem::path& directory, std::uint64_t* total = nullptr) {
  struct statvfs info{};
  if (::statvfs(directory.c_str(), &info) != 0) return 0;
  if (total != nullptr) *total = info.f_blocks * info.f_frsize;
  return info.f_bavail * info.f_frsize;
}

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

void throw_exception_from_error(refusal, const boost::source_location&) { throw std::runtime_error{"the batch was refused"}; }

result<journal::recovered> begin_life(journal::segment_log& log, journal::snapshot_store& snapshots,
                                      const pipeline_options& options) {
  auto life = journal::recover(log, &snapshots, options.max_trucks);
  if (!life) return life;
  if (const auto error = append_start(log, *life, options)) {
    return failure{fmt::format("cannot write to the journal: {}", error.message())};
  }
  return life;
}

pipeline::pipeline(net::io_context& loop, pipeline_options options, journal::segment_log& log,
                   journal::snapshot_store& snapshots, journal::recovered life, hub::hub& hub)
    : loop_{loop},
      options_{std::move(options)},
      log_{log},
      snapshots_{snapshots},
      hub_{hub},
      world_{std::make_unique<engine::world>(std::move(life.world))},
      view_{std::make_unique<view>(*world_, options_.max_trucks, life.last)},
      recent_{options_.memory_bytes},
      next_{life.last + 1},
      committed_{life.last},
      told_{life.last},
      last_pass_{clock::now()},
      tick_timer_{loop},
      second_timer_{loop},
      snapshot_timer_{loop},
      drained_{loop, clock::time_point::max()},
      abandoned_{std::make_shared<std::atomic<bool>>(false)},
      snapshotter_{snapshots, aside_, [&loop](std::function<void()> f) { net::post(loop, std::move(f)); }, life.replayed_from},
      committer_{log,
                 {.committed =
                      [this](journal::commit_report report) {
                        net::post(loop_, [this, report = std::move(report)]() mutable { committed(std::move(report)); });
                      },
                  .failed = [this](std::error_code error) { net::post(loop_, [this, error] { failed(error); }); }}} {
  metrics_.replay_differences = life.differences;
  positions_since_pass_ = life.positions;
  building_.first = next_;
}

pipeline::~pipeline() {
  abandoned_->store(true);
  committer_.stop();
  aside_.stop();
  reader_.stop();
  // Whoever still waits is destroyed with its completion, and may look at this while it goes.
  answers_.clear();
  in_flight_.clear();
}

void pipeline::start() {
  maintain();
  every_tick();
  every_second();
}

std::optional<refusal> pipeline::closed() const {
  if (stopping_) return refusal::shutting_down;
  if (!rebuilding_.empty()) return refusal::not_ready;
  if (storage_full_) return refusal::storage_full;
  if (pending_bytes_ > options_.max_pending_bytes) return refusal::overloaded;
  return std::nullopt;
}

std::string pipeline::not_ready_because() const {
  if (stopping_) return "stopping";
  if (!rebuilding_.empty()) return "the journal cannot commit: " + rebuilding_;
  if (storage_full_) {
    return fmt::format("storage is full: the journal holds {} of {} bytes, the disk has {} free", metrics_.journal_bytes,
                       metrics_.journal_max_bytes, metrics_.disk_free_bytes);
  }
  return {};
}

net::awaitable<submit_result> pipeline::submit(std::unique_ptr<engine::batch> input) {
  if (const auto refused = closed()) co_return *refused;
  auto start = [this](auto handler, std::unique_ptr<engine::batch> batch) {
    apply(std::move(batch), completion<submit_result>::of(std::move(handler)));
  };
  co_return co_await net::async_initiate<decltype(net::use_awaitable), void(submit_result)>(
      std::move(start), net::use_awaitable, std::move(input));
}

// Trucks are counted here, not in the engine: how many there are is nothing that one truck's replay can know.
void pipeline::refuse_new_trucks(engine::batch& input) const {
  if (world_->size() + input.trucks.size() <= options_.max_trucks) return;
  std::size_t room = options_.max_trucks > world_->size() ? options_.max_trucks - world_->size() : 0;
  constexpr auto refused = static_cast<std::uint32_t>(-1);
  std::vector<std::uint32_t> moved_to(input.trucks.size(), refused);
  std::vector<std::string_view> kept;
  for (std::size_t i = 0; i < input.trucks.size(); ++i) {
    if (!world_->find(input.trucks[i])) {
      if (room == 0) continue;
      --room;
    }
    moved_to[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(input.trucks[i]);
  }
  std::erase_if(input.positions, [&](engine::batch_position& p) {
    if (moved_to[p.truck] == refused) {
      input.rejected.push_back({p.index, engine::reject_code::too_many_trucks, input.trucks[p.truck], {}});
      return true;
    }
    p.truck = moved_to[p.truck];
    return false;
  });
  std::sort(input.rejected.begin(), input.rejected.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  input.trucks = std::move(kept);
}

void pipeline::apply(std::unique_ptr<engine::batch> input, std::unique_ptr<completion<submit_result>> done) {
  refuse_new_trucks(*input);
  input->received_at = std::max(input->received_at, world_->now());
  in_flight entry;
  entry.submitted = clock::now();
  entry.time = input->received_at;
  entry.done = std::move(done);
  if (!spare_outcomes_.empty()) {
    entry.what = std::move(spare_outcomes_.back());
    spare_outcomes_.pop_back();
  }
  world_->apply(*input, next_, entry.what);
  positions_since_pass_ += input->positions.size();
  entry.input = std::move(input);
  const engine::batch& applied = *entry.input;
  record(std::move(entry), applied);
}

template <class Input>
void pipeline::record(in_flight entry, const Input& input) {
  const std::size_t begin = building_.bytes.size();
  building_.bytes.append(sizeof(std::uint32_t), '\0');
  journal::encode_record(building_.bytes, input, entry.what);
  const auto size = static_cast<std::uint32_t>(building_.bytes.size() - begin - sizeof(std::uint32_t));
  std::memcpy(building_.bytes.data() + begin, &size, sizeof size);
  ++building_.count;
  entry.offset = next_++;
  entry.bytes = size;
  pending_bytes_ += size;
  in_flight_.push_back(std::move(entry));
  if (!std::exchange(hand_over_posted_, true)) net::post(loop_, [this] { hand_over(); });
}

// Once at the end of a turn: waking the journal's thread costs more than a record.
void pipeline::hand_over() {
  hand_over_posted_ = false;
  if (building_.count == 0) return;
  committer_.submit(std::exchange(building_, journal::group{.first = next_, .count = 0, .bytes = {}}));
}

void pipeline::committed(journal::commit_report report) {
  ++metrics_.commits;
  metrics_.records += report.committed->count;
  metrics_.commit.observe(to_seconds(report.took));
  metrics_.group_records.observe(report.committed->count);
  committed_ = report.committed->last();
  recent_.push(std::move(report.committed));
  if (!std::exchange(tell_posted_, true)) tell_some();
}

// Told at once is what fits into a turn, however much was committed and however many are told.
void pipeline::tell_some() {
  const auto until = clock::now() + turn_max;
  while (!in_flight_.empty() && in_flight_.front().offset <= committed_) {
    in_flight entry = std::move(in_flight_.front());
    in_flight_.pop_front();
    pending_bytes_ -= entry.bytes;
    tell(entry);
    told_ = entry.offset;
    answers_.push_back(std::move(entry));
    if (clock::now() >= until) break;
  }
  tell_posted_ = !in_flight_.empty() && in_flight_.front().offset <= committed_;
  if (in_flight_.empty()) told_ = committed_;
  if (!wake_posted_) wake_some();
  for (net::steady_timer* const listener : listeners_) listener->cancel();
  if (tell_posted_) net::post(loop_, [this] { tell_some(); });
  if (!answer_posted_) answer_some();
}

// Each subscriber that is woken writes to its socket.
void pipeline::wake_some() {
  wake_posted_ = false;
  const auto until = clock::now() + turn_max;
  bool more = true;
  while (more && clock::now() < until) more = hub_.flush(wake_at_once);
  wake_posted_ = more;
  if (more) net::post(loop_, [this] { wake_some(); });
}

// Each sender that is answered writes to its socket.
void pipeline::answer_some() {
  answer_posted_ = false;
  const auto until = clock::now() + turn_max;
  while (!answers_.empty()) {
    in_flight entry = std::move(answers_.front());
    answers_.pop_front();
    answer(std::move(entry));
    if (clock::now() >= until) break;
  }
  answer_posted_ = !answers_.empty();
  if (answer_posted_) net::post(loop_, [this] { answer_some(); });
  if (stopping_ && in_flight_.empty() && answers_.empty()) drained_.cancel();
}

void pipeline::tell(in_flight& entry) {
  const std::uint64_t offered_before = hub_.metrics().positions_offered;
  if (entry.input) {
    const engine::batch& input = *entry.input;
    for (std::size_t i = 0; i < input.positions.size(); ++i) {
      const engine::batch_position& p = input.positions[i];
      ++metrics_.verdicts[static_cast<std::size_t>(entry.what.judgements[i].what)];
      if (entry.what.judgements[i].what != engine::verdict::live) continue;
      const truck_index truck = entry.what.trucks[p.truck].truck;
      view_->tell_position(truck, input.trucks[p.truck], p.where, entry.time, entry.offset);
      hub_.publish(truck, input.trucks[p.truck], p.where);
    }
    for (std::size_t i = 0; i < input.trucks.size(); ++i) {
      view_->tell_status(entry.what.trucks[i].truck, input.trucks[i], entry.what.trucks[i].status);
    }
    for (const engine::rejected_position& r : input.rejected) ++metrics_.rejected[static_cast<std::size_t>(r.code)];
  } else {
    for (std::size_t i = 0; i < entry.what.trucks.size(); ++i) {
      view_->tell_status(entry.what.trucks[i].truck, entry.tick_trucks[i], entry.what.trucks[i].status);
    }
  }
  for (std::uint32_t i = 0; i < entry.what.events.size(); ++i) hub_.publish(entry.what.events[i], {entry.offset, i});
  metrics_.events += entry.what.events.size();
  if (hub_.metrics().positions_offered != offered_before) {
    metrics_.position_to_subscriber.observe(to_seconds(clock::now() - entry.submitted));
  }
}

void pipeline::answer(in_flight entry) {
  if (!entry.done) return;
  if (entry.lost) return entry.done->complete(submit_result{refusal::not_committed});
  metrics_.acknowledgement.observe(to_seconds(clock::now() - entry.submitted));
  receipt told{.input = std::move(entry.input)};
  for (const engine::judgement j : entry.what.judgements) {
    if (j.what == engine::verdict::duplicate)
      ++told.duplicates;
    else
      ++told.accepted;
    if (j.what == engine::verdict::late) ++told.late;
  }
  entry.what.clear();
  if (spare_outcomes_.size() < spare_outcomes_max) spare_outcomes_.push_back(std::move(entry.what));
  entry.done->complete(submit_result{std::move(told)});
}

// The commit of everything behind committed_ failed.
void pipeline::failed(std::error_code error) {
  ++metrics_.failed_commits;
  spdlog::error("a commit failed: {}; nothing is taken until the journal accepts again", error.message());
  rebuilding_ = error.message();
  const auto first_lost =
      std::find_if(in_flight_.begin(), in_flight_.end(), [this](const in_flight& entry) { return entry.offset > committed_; });
  for (auto entry = first_lost; entry != in_flight_.end(); ++entry) {
    pending_bytes_ -= entry->bytes;
    entry->lost = true;
    answers_.push_back(std::move(*entry));
  }
  in_flight_.erase(first_lost, in_flight_.end());
  building_ = {};
  snapshotter_.abandon();
  rebuild();
  if (!answer_posted_) answer_some();
}

// Aside, behind whatever snapshots were being written: leave the doubtful bytes, recover, and write until it is taken.
void pipeline::rebuild() {
  aside_.run([this, abandoned = abandoned_] {
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
      if (!life) {
        auto recovered = journal::recover(log_, &snapshots_, options_.max_trucks);
        if (!recovered) {
          tell_why(recovered.error().what);
          continue;
        }
        life = std::make_shared<journal::recovered>(std::move(*recovered));
      }
      if (const auto error = append_start(log_, *life, options_)) {
        tell_why(error.message());
        continue;
      }
      auto told = std::make_shared<view>(life->world, options_.max_trucks, life->last);
      net::post(loop_, [this, life, told] { rebuilt(life, told); });
      return;
    }
  });
}

void pipeline::rebuilt(std::shared_ptr<journal::recovered> life, std::shared_ptr<view> told) {
  // What was committed before the failure is still being told, from the old view.
  if (!in_flight_.empty()) return net::post(loop_, [this, life, told] { rebuilt(life, told); });
  auto old_world = std::make_shared<std::unique_ptr<engine::world>>(std::move(world_));
  auto old_view = std::make_shared<std::unique_ptr<view>>(std::move(view_));
  aside_.run([old_world, old_view] {
    old_world->reset();
    old_view->reset();
  });
  world_ = std::make_unique<engine::world>(std::move(life->world));
  view_ = std::make_unique<view>(std::move(*told));
  committed_ = told_ = life->last;
  hub_.forget_indexes();
  next_ = life->last + 1;
  building_ = journal::group{.first = next_, .count = 0, .bytes = {}};
  metrics_.replay_differences += life->differences;
  rebuilding_.clear();
  committer_.run([this] { committer_.resume(); });
  spdlog::warn("the journal accepts again; the world was rebuilt as of record {}", told_);
}

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

// Some trucks at a time, the silent ones first. What is forgotten is only how exactly old duplicates are told.
void pipeline::keep_budget() {
  if (closed()) return;
  if (world_->window_bytes() <= options_.window_budget_bytes) {
    trim_looked_at_ = 0;
    return;
  }
  const bool silent_only = trim_looked_at_ < world_->size();
  const std::size_t bytes_max = silent_only ? silent_window_bytes : options_.rules.identity_bytes_max / 2;
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
    const bool due =
        clock::now() - last_pass_ >= options_.snapshot_interval || positions_since_pass_ >= options_.snapshot_positions;
    if (due && rebuilding_.empty() && !snapshotter_.passing()) {
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
  const offset_t keep_from = snapshotter_.metrics().replay_from;
  const utc_time older_than = system_now() - options_.retention;
  committer_.run([this, keep_from, older_than] {
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

net::awaitable<result<journal::shared_group, journal::read_error>> pipeline::group_at(offset_t offset) {
  using outcome = result<journal::shared_group, journal::read_error>;
  if (auto held = recent_.find(offset)) co_return outcome{std::move(held)};
  auto start = [this](auto handler, offset_t from) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    reader_.run([this, shared, from] {
      auto read = std::make_shared<outcome>(log_.read(from));
      net::post(loop_, [shared, read] { std::move (*shared)(std::move(*read)); });
    });
  };
  co_return co_await net::async_initiate<decltype(net::use_awaitable), void(outcome)>(std::move(start), net::use_awaitable,
                                                                                      offset);
}

net::awaitable<void> pipeline::drain() {
  stopping_ = true;
  tick_timer_.cancel();
  second_timer_.cancel();
  if (!in_flight_.empty() || !answers_.empty()) {
    auto [error] = co_await drained_.async_wait(net::as_tuple(net::use_awaitable));
    static_cast<void>(error);
  }
}

}  // namespace haulcast::pipeline
