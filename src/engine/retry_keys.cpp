#include "haulcast/engine/retry_keys.hpp"

#include <algorithm>
#include <utility>

namespace haulcast::engine {

namespace {

constexpr int forgotten_at_once = 8;
constexpr std::int64_t time_most = std::int64_t{1} << 53;  // of bytes that may be anything: sums with it do not overflow

void save_entry(const retry_keys::entry& e, byte_writer& out) {
  e.asked.save(out);
  out.u8(static_cast<std::uint8_t>(e.came_to.what));
  out.varint(e.came_to.version);
  if (e.came_to.what == command_status::imported) {
    for (const std::uint32_t each : {e.came_to.counts.created, e.came_to.counts.updated, e.came_to.counts.unchanged})
      out.varint(each);
  }
  out.svarint(to_epoch_ms(e.when));
  out.varint(e.offset);
}

bool load_entry(retry_keys::entry& e, byte_reader& in) {
  if (!e.asked.load(in)) return false;
  const std::uint8_t status = in.u8();
  if (status >= command_statuses) return false;
  e.came_to.what = static_cast<command_status>(status);
  e.came_to.version = in.varint();
  if (e.came_to.what == command_status::imported) {
    import_counts& counts = e.came_to.counts;
    for (std::uint32_t* const each : {&counts.created, &counts.updated, &counts.unchanged})
      *each = static_cast<std::uint32_t>(in.varint());
  }
  const std::int64_t when = in.svarint();
  e.when = from_epoch_ms(when);
  e.offset = in.varint();
  return in.ok() && when > -time_most && when < time_most;
}

}  // namespace

const retry_keys::entry* retry_keys::find(const retry_key::digest& key, utc_time now) const {
  const auto known = by_key_.find(key);
  return known != by_key_.end() && known->second.what.when + kept >= now ? &known->second.what : nullptr;
}

void retry_keys::remember(const entry& e) {
  place(e);
  forget_some();
}

void retry_keys::place(const entry& e) {
  if (const auto old = by_key_.find(e.asked.key); old != by_key_.end()) {
    order_[old->second.number - first_].reset();
    by_key_.erase(old);
  }
  order_.emplace_back(by_key_.emplace(e.asked.key, numbered{end(), e}).first);
}

void retry_keys::forget_oldest() {
  if (order_.front()) by_key_.erase(*order_.front());
  order_.pop_front();
  ++first_;
}

void retry_keys::forget_some() {
  const auto idle = [this] { return !order_.front() || !holds((*order_.front())->second.what); };
  for (int i = 0; i < forgotten_at_once && idle(); ++i) forget_oldest();
  while (order_.size() > capacity_) {
    displaced_ += idle() ? 0 : 1;
    forget_oldest();
  }
}

std::optional<std::uint64_t> retry_keys::take_changed() {
  if (taken_to_ >= pass_end_) return std::nullopt;
  const std::uint64_t block = std::max(taken_to_, first_) / block_entries;
  taken_to_ = std::min((block + 1) * block_entries, end());
  return block;
}

void retry_keys::save_block(std::uint64_t block, byte_writer& out) const {
  const std::uint64_t to = std::min((block + 1) * block_entries, end());
  for (std::uint64_t number = std::max(block * block_entries, first_); number < to; ++number) {
    if (const auto& at = order_[number - first_]) {
      out.varint(number);
      save_entry((*at)->second.what, out);
    }
  }
}

// What is missing was taken by newer ones with the same keys, or has given way long since.
void retry_keys::skip_to(std::uint64_t number) {
  if (number - end() >= capacity_) {
    order_.clear();
    by_key_.clear();
  }
  if (order_.empty()) first_ = number;
  while (end() < number) order_.emplace_back();
}

bool retry_keys::restore(const std::vector<std::string_view>& rows) {
  std::vector<numbered> all;
  for (const std::string_view row : rows) {
    byte_reader in{row};
    while (!in.done()) {
      numbered& next = all.emplace_back();
      next.number = in.varint();
      if (!load_entry(next.what, in)) return false;
    }
  }
  std::ranges::sort(all, {}, &numbered::number);
  std::uint64_t offset = 0;
  for (const numbered& next : all) {
    if (!order_.empty() && next.number < end()) continue;  // in two rows, as when there were more or fewer of them
    if (next.what.offset <= std::exchange(offset, next.what.offset)) return false;
    skip_to(next.number);
    remember(next.what);
  }
  taken_to_ = end();
  displaced_ = 0;
  return true;
}

void retry_keys::save(byte_writer& out) const {
  for (const auto& at : order_) {
    if (at && holds((*at)->second.what)) save_entry((*at)->second.what, out);
  }
}

}  // namespace haulcast::engine
