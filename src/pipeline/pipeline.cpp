#include "haulcast/pipeline/pipeline.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "haulcast/base/failpoint.hpp"

namespace haulcast::pipeline {

namespace {

using namespace std::chrono_literals;

constexpr auto turn_max = 300us;          // of telling, of answering
constexpr auto wake_max = 100us;          // of waking subscribers: a batch comes by the loop five times until it is told
constexpr std::size_t wake_at_once = 16;  // between looks at the clock
constexpr std::size_t spare_outcomes_max = 256;
constexpr std::size_t building_kept_max = 1U << 20;

}  // namespace

void throw_exception_from_error(refusal, const boost::source_location&) { throw std::runtime_error{"the batch was refused"}; }

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
      import_timer_{loop},
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
  import_.reset();
  answers_.clear();
  in_flight_.clear();
}

void pipeline::start() {
  maintain();
  every_tick();
  every_second();
  if (importing()) schedule_import();
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

void pipeline::submit(std::unique_ptr<engine::batch> input, submit_done done) {
  if (const auto refused = closed()) return done(*refused);
  HAULCAST_FAILPOINT(admit_admitted);
  apply(std::move(input), std::move(done));
}

void pipeline::apply(std::unique_ptr<engine::batch> input, submit_done done) {
  if (!options_.register_unknown_trucks) refuse_unregistered_trucks(*input);
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
  HAULCAST_FAILPOINT(apply_applied);
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
  HAULCAST_FAILPOINT(apply_recorded);
  if (!std::exchange(hand_over_posted_, true)) net::post(loop_, [this] { hand_over(); });
}

template void pipeline::record(in_flight, const engine::tick&);
template void pipeline::record(in_flight, const engine::trim&);
template void pipeline::record(in_flight, const engine::command&);  // of imports too

// Once at the end of a turn: waking the journal's thread costs more than a record.
void pipeline::hand_over() {
  hand_over_posted_ = false;
  if (building_.count == 0) return;
  committer_.submit(building_);  // a copy, for it is held for a while: of its exact size, and what it was built in is kept
  building_.first = next_;
  building_.count = 0;
  building_.bytes.clear();
  if (building_.bytes.capacity() > building_kept_max) building_.bytes.shrink_to_fit();
  HAULCAST_FAILPOINT(apply_handed_over);
}

void pipeline::committed(journal::commit_report report) {
  HAULCAST_FAILPOINT(tell_begun);
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
    in_flight entry = in_flight_.pop_front();
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
  const auto until = clock::now() + wake_max;
  bool more = true;
  while (more && clock::now() < until) more = hub_.flush(wake_at_once);
  HAULCAST_FAILPOINT(tell_woken);
  wake_posted_ = more;
  if (more) net::post(loop_, [this] { wake_some(); });
}

// Each sender that is answered writes to its socket.
void pipeline::answer_some() {
  answer_posted_ = false;
  const auto until = clock::now() + turn_max;
  while (!answers_.empty()) {
    answer(answers_.pop_front());
    if (clock::now() >= until) break;
  }
  answer_posted_ = !answers_.empty();
  if (answer_posted_) net::post(loop_, [this] { answer_some(); });
  if (stopping_ && in_flight_.empty() && answers_.empty() && !importing()) drained_.cancel();
}

void pipeline::tell(in_flight& entry) {
  view_->prefetch(entry.what.trucks);
  bool wanted = false;
  for (const auto& change : entry.what.registry) view_->tell_registration(change);
  if (entry.what.fence) view_->tell_geofence(*entry.what.fence);
  for (const auto& fence : entry.what.enforced) view_->tell_geofence({fence->id, fence});
  for (const auto& visit : entry.what.visits) view_->tell_visit(visit.truck_id, visit.what);
  metrics_.visits_refused += entry.what.visits_refused;
  if (entry.input) {
    const engine::batch& input = *entry.input;
    for (std::size_t i = 0; i < input.positions.size(); ++i) {
      const engine::batch_position& p = input.positions[i];
      ++metrics_.verdicts[static_cast<std::size_t>(entry.what.judgements[i].what)];
      if (entry.what.judgements[i].what != engine::verdict::live) continue;
      const truck_index truck = entry.what.trucks[p.truck].truck;
      view_->tell_position(truck, input.trucks[p.truck], p.where, entry.time, entry.offset);
      HAULCAST_FAILPOINT(tell_viewed);
      wanted |= hub_.publish(truck, input.trucks[p.truck], p.where);
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
  HAULCAST_FAILPOINT(tell_offered);
  metrics_.events += entry.what.events.size();
  if (wanted) {
    metrics_.position_to_subscriber.observe(to_seconds(clock::now() - entry.submitted));
  }
}

void pipeline::answer(in_flight entry) {
  if (entry.import_part) return answer_import(std::move(entry));
  if (entry.command) return answer_command(std::move(entry));
  if (!entry.done) return;
  if (entry.lost) return entry.done(submit_result{refusal::not_committed});
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
  HAULCAST_FAILPOINT(tell_answering);
  entry.done(submit_result{std::move(told)});
  HAULCAST_FAILPOINT(tell_answered);
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
  in_flight_.cut(first_lost);
  building_ = {};
  if (import_) abandon_import(refusal::not_committed);
  snapshotter_.abandon();
  rebuild();
  HAULCAST_FAILPOINT(rebuild_begun);
  if (!answer_posted_) answer_some();
}

net::awaitable<result<journal::shared_group, journal::read_error>> pipeline::group_at(offset_t offset) {
  using outcome = result<journal::shared_group, journal::read_error>;
  if (auto held = recent_.find(offset)) co_return outcome{std::move(held)};
  auto start = [this](auto handler, offset_t from) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    reader_.run([this, shared, from] {
      auto read = std::make_shared<outcome>(log_.read(from));
      if (!*read && read->error() != journal::read_error::expired) {
        spdlog::error("record {} is in the journal and cannot be read: restore {} from a backup", from,
                      log_.file_of(from).string());
      }
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
  if (import_ && !import_->completed) abandon_import(refusal::shutting_down);
  if (!in_flight_.empty() || !answers_.empty() || importing()) {
    auto [error] = co_await drained_.async_wait(net::as_tuple(net::use_awaitable));
    static_cast<void>(error);
  }
}

}  // namespace haulcast::pipeline
