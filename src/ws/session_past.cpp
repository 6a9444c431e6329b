// What a client missed, from the journal and as fast as the client takes it.
#include <algorithm>
#include <utility>

#include "haulcast/pipeline/pipeline.hpp"
#include "past_events.hpp"
#include "session.hpp"

namespace haulcast::ws {

namespace {

constexpr std::size_t past_bytes = 16ULL << 10;  // about what goes out at once: whoever does not take it holds no more

}  // namespace

bool session::reachable(engine::event_id since) const {
  if (since.offset > owner_.pipeline_.told()) return false;
  return since == engine::event_id{} || since.offset + 1 >= owner_.pipeline_.first_offset();
}

void session::tell_expired() {
  std::string json;
  wire::append_error(json, "resume_expired", "The journal does not hold the events since that id.");
  reply(json);
}

// Live events are not offered from here on until the past is told.
void session::resume(engine::event_id since) {
  ++owner_.metrics_.resumes;
  catching_up = true;
  past_ = std::make_unique<past>();
  past_->after = since;
  past_->next = std::max(since.offset, owner_.pipeline_.first_offset());
}

/// The rest of a page, or as much of it as goes out at once. The last look at the journal and the switch to live events happen
/// in one turn: no gap, no repeat.
void session::fill_past() {
  if (past_->reading) return;
  if (past_->next <= owner_.pipeline_.told()) {
    const auto page = past_->page ? std::exchange(past_->page, {}) : owner_.past_->find(past_->next);
    if (!page) return await_page();
    if (!append_page(*page)) return;
    past_->next = page->next;
  }
  if (past_->next > owner_.pipeline_.told()) end_past();
}

// False: there is more of it than goes out at once.
bool session::append_page(const past_page& page) {
  std::uint32_t begin = 0;
  for (const past_page::entry& e : page.entries) {
    const std::uint32_t frame = std::exchange(begin, e.end);
    if (e.id <= past_->after) continue;
    if (replies_.size() >= past_bytes) return false;
    past_->after = e.id;
    if (owner_.hub_.wants(*this, e.event)) replies_.append(page.frames, frame, e.end - frame);
  }
  return true;
}

void session::await_page() {
  past_->reading = true;
  owner_.past_->fetch(past_->next, [self = shared_from_this()](shared_page page) {
    if (!self->past_) return;
    self->past_->reading = false;
    self->past_->page = std::move(page);
    if (self->past_->page) return self->want_turn();
    self->tell_expired();
    self->end_past();
    self->pump();
  });
}

void session::end_past() {
  past_.reset();
  catching_up = false;
}

}  // namespace haulcast::ws
