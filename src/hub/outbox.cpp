#include "haulcast/hub/outbox.hpp"

#include <algorithm>
#include <utility>

namespace haulcast::hub {

std::size_t outbox::offer_position(std::uint64_t truck, const shared_text& position) {
  position_bytes_ += position->bytes().size();
  if (slots_) {
    const auto [found, is_new] = slots_->try_emplace(truck, taken_ + positions_.size());
    if (!is_new) {
      waiting& old = positions_[found->second - taken_];
      position_bytes_ -= old.position->bytes().size();
      old.position = position;
      return 1;
    }
  }
  positions_.push_back({truck, position});
  return !slots_ && position_bytes_ > options_.max_pending_bytes ? conflate() : 0;
}

// From here on until the outbox is empty only the newest of each truck waits, at the place of its first.
std::size_t outbox::conflate() {
  slots_ = std::make_unique<slots>();
  fifo<waiting> kept;
  position_bytes_ = 0;
  for (waiting& w : positions_) {
    const auto [found, is_new] = slots_->try_emplace(w.truck, taken_ + kept.size());
    if (is_new)
      kept.push_back(std::move(w));
    else
      kept[found->second - taken_].position = std::move(w.position);
  }
  for (const waiting& w : kept) position_bytes_ += w.position->bytes().size();
  const std::size_t obsolete = positions_.size() - kept.size();
  positions_ = std::move(kept);
  return obsolete;
}

bool outbox::offer_event(const shared_text& frame) {
  if (events_.size() >= options_.max_pending_events) return false;
  event_bytes_ += frame->bytes().size();
  events_.push_back(frame);
  return true;
}

std::size_t outbox::conflate_always(bool on) {
  always_ = on;
  return on && !slots_ ? conflate() : 0;
}

void outbox::take_positions(std::string& out, std::size_t bytes_max) {
  const std::size_t begin = out.size();
  while (!positions_.empty() && out.size() - begin < bytes_max) {
    const waiting& w = positions_.front();
    if (slots_) slots_->erase(w.truck);
    position_bytes_ -= w.position->bytes().size();
    out += w.position->bytes();
    positions_.pop_front();
    ++taken_;
  }
  if (positions_.empty()) emptied();
}

void outbox::emptied() { slots_ = always_ ? std::make_unique<slots>() : nullptr; }

bool outbox::holds(std::uint64_t truck) const noexcept {
  if (slots_) return slots_->contains(truck);
  return std::any_of(positions_.begin(), positions_.end(), [truck](const waiting& w) { return w.truck == truck; });
}

void outbox::drop_positions() {
  taken_ += positions_.size();
  positions_.clear();
  position_bytes_ = 0;
  emptied();
}

void outbox::take_events(std::string& out, std::size_t bytes_max) {
  const std::size_t begin = out.size();
  while (!events_.empty() && out.size() - begin < bytes_max) {
    event_bytes_ -= events_.front()->bytes().size();
    out += events_.front()->bytes();
    events_.pop_front();
  }
}

}  // namespace haulcast::hub
