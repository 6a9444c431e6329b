#include "haulcast/http/deadline.hpp"

#include <algorithm>

namespace haulcast::http {

void deadline_wheel::set(entry& e, tick ticks) noexcept {
  e.due_ = now_ + ticks + 1;
  e.set_ = true;
  if (e.is_linked()) {
    if (e.slot_ <= e.due_) return;  // its slot comes up before it is due, and moves it on
    e.unlink();
  }
  link(e);
}

void deadline_wheel::link(entry& e) noexcept {
  e.slot_ = std::min<tick>(e.due_, now_ + slots_.size() - 1);
  slots_[e.slot_ % slots_.size()].push_back(e);
}

void deadline_wheel::advance(tick now) noexcept {
  // After a long sleep one round of all slots is enough.
  const tick first = std::max(now_ + 1, now >= slots_.size() ? now - slots_.size() + 1 : 0);
  for (tick at = first; at <= now; ++at) turn(at);
  now_ = std::max(now_, now);
}

void deadline_wheel::turn(tick at) noexcept {
  now_ = at;
  slot_list due;
  due.swap(slots_[at % slots_.size()]);
  while (!due.empty()) {
    entry& e = due.front();
    e.unlink();
    if (!e.set_) continue;
    if (e.due_ > at) {
      link(e);
    } else {
      e.set_ = false;
      e.expired();
    }
  }
}

}  // namespace haulcast::http
