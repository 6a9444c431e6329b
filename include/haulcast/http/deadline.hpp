// Deadlines for many connections with one timer: a wheel of coarse ticks.
//
// A deadline is never early and late by at most one tick. Setting or dropping one writes two numbers: an entry moves to another
// slot only when its old one comes up, or when the new deadline is earlier. Knows no clock: the owner says which tick it is.
// Not thread-safe; owned by the event loop.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <vector>

namespace haulcast::http {

class deadline_wheel {
 public:
  using tick = std::uint64_t;

  /// Base of whatever has a deadline; leaves the wheel when it is destroyed.
  class entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    entry() = default;
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

   protected:
    ~entry() = default;

   private:
    friend class deadline_wheel;
    /// The deadline has passed; it is no longer set. May set another, destroy itself, touch other entries.
    virtual void expired() noexcept = 0;

    tick due_ = 0;
    tick slot_ = 0;  // of the slot it is linked in
    bool set_ = false;
  };

  explicit deadline_wheel(std::size_t slots = 512) : slots_(slots) {}

  /// `expired()` will be called at the first advance() to `now + ticks + 1` or later: the present tick has partly passed.
  void set(entry& e, tick ticks) noexcept;
  void drop(entry& e) noexcept { e.set_ = false; }

  /// Moves to tick `now`, which never goes back. O(entries in the slots passed).
  void advance(tick now) noexcept;
  tick now() const noexcept { return now_; }

 private:
  using slot_list = boost::intrusive::list<entry, boost::intrusive::constant_time_size<false>>;

  void link(entry& e) noexcept;
  void turn(tick at) noexcept;

  std::vector<slot_list> slots_;
  tick now_ = 0;
};

}  // namespace haulcast::http
