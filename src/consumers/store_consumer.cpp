#include "haulcast/consumers/store_consumer.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "haulcast/base/failpoint.hpp"
#include "haulcast/consumers/poison.hpp"

namespace haulcast::consumers {

namespace {

using store::store_error;
using store::trouble;

constexpr milliseconds upkeep_share{10};  // of a turn

store_error fatal(std::string why) { return {trouble::fatal, std::move(why)}; }

}  // namespace

store_consumer::store_consumer(const journal::segment_log& log, std::unique_ptr<store::writer> to, journal::checkpoints notes,
                               store_consumer_options options)
    : log_{log},
      store_{std::move(to)},
      notes_{std::move(notes)},
      options_{options},
      builder_{"/haulcast/" + log.id(), options.batch} {}

// Each call to the store ends in bounded time.
store_consumer::~store_consumer() {
  if (!stop(milliseconds{0})) thread_.join();
}

journal_extent store_consumer::extent() const {
  return {.id = log_.id(), .first = log_.first_offset(), .last = log_.last_offset()};
}

result<void> store_consumer::prepare(bool adopt, milliseconds patience) {
  if (adopt) {
    if (auto taken = notes_.adopt(log_.last_offset()); !taken) return taken;
  }
  if (auto good = notes_.check(log_.last_offset()); !good) return good;
  const auto noted = notes_.load(store_consumer_name);
  if (!noted) return noted.error();
  noted_ = noted->offset;
  if (adopt) {
    const auto stored = store_->checkpoint();
    if (!stored) return failure{stored.error().why};
    if (const auto to = adopted(*stored, noted_, extent())) {
      if (auto moved = store_->adopt(*to); !moved) return failure{moved.error().why};
      if (auto stepped = notes_.store(store_consumer_name, to->offset); !stepped) return stepped;
      noted_ = to->offset;
      spdlog::warn("the store goes on behind record {} of this journal", to->offset);
    }
  }
  thread_ = std::thread{[this] { work(); }};
  std::unique_lock lock{mutex_};
  awaited_ = wake_.wait_for(lock, patience, [this] { return met_.has_value(); });
  if (!awaited_) {
    spdlog::warn("the store does not answer yet: it is met and written when it does");
    return {};
  }
  if (!met_->empty()) return failure{*met_};
  return {};
}

void store_consumer::start() {
  const std::lock_guard lock{mutex_};
  started_ = true;
  wake_.notify_all();
}

bool store_consumer::stop(milliseconds in_time) {
  if (!thread_.joinable()) return true;
  std::unique_lock lock{mutex_};
  stopping_ = true;
  stop_until_ = clock::now() + in_time;
  wake_.notify_all();
  const auto ended = [this] { return ended_; };
  if (!wake_.wait_for(lock, in_time, ended)) {
    lock.unlock();
    store_->interrupt();
    lock.lock();
    if (!wake_.wait_for(lock, std::max(in_time, milliseconds{1'000}), ended)) return false;
  }
  lock.unlock();
  thread_.join();
  return true;
}

store_figures store_consumer::figures() const {
  const std::lock_guard lock{mutex_};
  return figures_;
}

// True: it is time to stop.
bool store_consumer::wait(milliseconds pause) {
  std::unique_lock lock{mutex_};
  return wake_.wait_for(lock, pause, [this] { return stopping_; });
}

void store_consumer::work() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), options_.politeness);  // on Linux this is of the thread alone
  ::pthread_setname_np(::pthread_self(), "store");
  if (meet_store()) go_on();
  const std::lock_guard lock{mutex_};
  ended_ = true;
  wake_.notify_all();
}

// False: there is nothing more to do.
bool store_consumer::meet_store() {
  const auto begun = begin();
  const bool good = begun || begun.error().what != trouble::fatal;
  if (!begun && good) went_wrong(begun.error());
  std::unique_lock lock{mutex_};
  met_ = good ? std::string{} : begun.error().why;
  const bool awaited = awaited_;  // then prepare() says it
  wake_.notify_all();
  wake_.wait(lock, [this] { return started_ || stopping_; });
  if (good) return started_;
  lock.unlock();
  if (!awaited) went_wrong(begun.error());
  return false;
}

void store_consumer::go_on() {
  bool stopping = false;
  for (;;) {
    const auto begun_at = clock::now();
    const auto more = turn();
    if (!more) went_wrong(more.error());
    if (!more && more.error().what == trouble::fatal) break;
    milliseconds pause{0};
    if (!more)
      pause = next_pause();
    else if (!*more)
      pause = std::chrono::ceil<milliseconds>(std::max(clock::duration{}, begun_at + options_.flush_interval - clock::now()));
    if (!stopping) stopping = wait(pause);
    // A store that does not answer is not waited for; one that does takes the rest, if there is time.
    if (stopping && (!more || caught_up() || clock::now() >= stop_until_)) break;
  }
  if (stopping) static_cast<void>(note());
}

milliseconds store_consumer::next_pause() {
  const milliseconds full = std::min(options_.retry_most, options_.retry_first * (1 << std::min(attempts_, 12)));
  ++attempts_;
  return milliseconds{std::uniform_int_distribution{full.count() / 2, full.count()}(dice_)};
}

// True: there is more to be written at once.
store::store_result<bool> store_consumer::turn() {
  if (!begun_) {
    if (auto begun = begin(); !begun) return begun.error();
  }
  if (!pending_) {
    if (auto gathered = gather(); !gathered) return gathered.error();
    if (!builder_.empty()) {
      pending_ = builder_.take();
      HAULCAST_FAILPOINT(store_gathered);
    }
  }
  const std::size_t rows = pending_ ? pending_->rows() : 0;
  if (pending_) {
    if (auto written = rows < options_.busy_rows ? write() : write_and_gather(); !written) return written.error();
  }
  went_well();
  if (clock::now() - noted_at_ >= options_.note_interval) {
    upkeep_due_ = true;
    if (auto done = note(); !done) return done.error();
  }
  // Where much is to be written upkeep waits, but not for good: what nobody drops fills the disk.
  if (rows < options_.busy_rows || clock::now() - kept_up_at_ >= options_.busy_upkeep_interval) {
    if (auto kept = keep_up(); !kept) return kept.error();
  }
  return next_ <= log_.last_offset() || !builder_.empty();
}

store::store_result<void> store_consumer::keep_up() {
  kept_up_at_ = clock::now();
  while (upkeep_due_ && clock::now() < kept_up_at_ + upkeep_share) {
    const auto due = store_->upkeep(options_.keep, system_now());
    if (!due) return due.error();
    upkeep_due_ = *due;
  }
  return {};
}

// What was written before the connection was lost may have been committed or not: the store says, and what is pending is
// written if it follows.
store::store_result<void> store_consumer::begin() {
  if (auto opened = store_->open(); !opened) return opened;
  const auto stored = store_->checkpoint();
  if (!stored) return stored.error();
  const auto place = place_to_begin(*stored, noted_, extent());
  if (!place) return fatal(place.error().what);
  if (pending_ && place->next == pending_->begins) {
    begun_ = true;
    return {};
  }
  if (!place->warning.empty()) spdlog::warn("{}", place->warning);
  if (place->next <= noted_) {  // it has to be kept again
    if (auto stepped = notes_.store(store_consumer_name, place->next - 1); !stepped) {
      return store_error{trouble::unavailable, stepped.error().what};
    }
    noted_ = place->next - 1;
  }
  pending_.reset();
  static_cast<void>(builder_.take());
  group_.reset();
  next_ = place->next;
  const utc_time heard = time_of(next_ - 1);
  const std::lock_guard lock{mutex_};
  figures_.heard = heard;
  reached_ = next_ - 1;  // whoever sees this sees that time, too: answers say how far they are complete
  begun_ = true;
  return {};
}

// The beginning of time: the journal has no such record, or has it no more.
utc_time store_consumer::time_of(offset_t record) const {
  if (record < log_.first_offset()) return {};
  const auto read = log_.read(record);
  if (!read || !*read) return {};
  for (journal::record_cursor records{**read}; records.valid(); records.next()) {
    if (records.offset() < record) continue;
    const auto found = journal::view_record(records.bytes());
    return found ? found->time : utc_time{};
  }
  return {};
}

store::store_result<void> store_consumer::gather() {
  while (!builder_.full()) {
    if (!group_ || group_->last() < next_) {
      auto read = log_.read(next_);
      if (!read) {
        return store_error{read.error() == journal::read_error::expired ? trouble::fatal : trouble::unavailable,
                           fmt::format("record {} of the journal cannot be read for the store; restore {} from a backup", next_,
                                       log_.file_of(next_).string())};
      }
      group_ = std::move(*read);
      if (!group_) return {};
    }
    next_ = builder_.add(group_, next_);
  }
  return {};
}

// Where much waits the store does not: the next batch is made ready while it takes this one.
store::store_result<void> store_consumer::write_and_gather() {
  store::store_result<void> gathered;
  std::jthread ahead{[&] {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);  // or the store waits for rows that lie ready
    gathered = gather();
  }};
  auto written = write();
  ahead.join();
  return written ? gathered : written;
}

store::store_result<void> store_consumer::write() {
  const auto begun_at = clock::now();
  auto written = write_whole();
  if (!written && written.error().what == trouble::poison) {
    spdlog::error("the store cannot take all rows of records {} to {}: {}", pending_->begins, pending_->reaches,
                  written.error().why);
    const auto taken = take_out_poison(*store_, *pending_);
    // What no row is to blame for may be otherwise in a while.
    if (!taken) return store_error{trouble::unavailable, taken.error().why};
    spdlog::error("{} of them went to the dead letters", *taken);
    written = write_whole();
    if (!written && written.error().what == trouble::poison) return store_error{trouble::unavailable, written.error().why};
  }
  if (!written) return written;
  HAULCAST_FAILPOINT(store_committed);
  const store::batch done = std::move(*pending_);
  pending_.reset();
  reached_ = done.reaches;
  const std::lock_guard lock{mutex_};
  ++figures_.batches;
  figures_.positions += done.positions.size();
  figures_.events += done.events.size();
  figures_.dead_letters += done.dead.size();
  figures_.reached = done.reaches;
  figures_.heard = done.heard;
  figures_.batch_rows.observe(static_cast<double>(done.rows()));
  figures_.write_seconds.observe(to_seconds(clock::now() - begun_at));
  return {};
}

// Where the journal's records are not durable by themselves, they are made so first: a power cut must not leave the store
// ahead.
store::store_result<void> store_consumer::write_whole() {
  if (const auto failed = log_.sync()) {
    return store_error{trouble::unavailable, fmt::format("cannot sync the journal: {}", failed.message())};
  }
  return store_->write(*pending_, log_.id());
}

store::store_result<void> store_consumer::note() {
  noted_at_ = clock::now();
  const offset_t reached = reached_;
  if (!begun_ || reached == noted_) return {};
  if (auto durable = store_->make_durable(); !durable) return durable;
  HAULCAST_FAILPOINT(store_durable);
  if (auto stored = notes_.store(store_consumer_name, reached); !stored) {
    return store_error{trouble::unavailable, stored.error().what};
  }
  noted_ = reached;
  HAULCAST_FAILPOINT(store_noted);
  return {};
}

void store_consumer::went_wrong(const store_error& error) {
  begun_ = false;
  const auto now = error.what == trouble::fatal ? store_figures::state::stopped : store_figures::state::waiting;
  bool news = false;
  {
    const std::lock_guard lock{mutex_};
    ++figures_.failures;
    news = figures_.now != now || figures_.why != error.why;
    figures_.now = now;
    figures_.why = error.why;
  }
  if (!news) return;
  if (now == store_figures::state::stopped)
    spdlog::error("{}; nothing more is written to the store", error.why);
  else
    spdlog::warn("{}; it is tried again", error.why);
}

void store_consumer::went_well() {
  attempts_ = 0;
  const std::lock_guard lock{mutex_};
  if (figures_.now == store_figures::state::waiting)
    spdlog::warn("the store takes rows again, behind record {}", figures_.reached);
  figures_.now = store_figures::state::running;
  figures_.why.clear();
  figures_.reached = reached_;
  figures_.last_success = system_now();
}

}  // namespace haulcast::consumers
