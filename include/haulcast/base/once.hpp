// A function that is called at most once and lives where it is kept: for answers that are waited for, without the heap.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace haulcast {

template <class Signature, std::size_t Bytes = 2 * sizeof(void*)>
class once;

/// Movable, not copyable. What it is made of must fit into `Bytes`, which is checked when it is compiled. Destroyed without
/// having been called, it destroys what it is made of. Calling empties it first, so whoever holds it may go meanwhile.
template <class... Args, std::size_t Bytes>
class once<void(Args...), Bytes> {
 public:
  once() = default;
  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, once> && std::is_invocable_v<std::decay_t<F>, Args...>)
  once(F&& f) : how_{&ways_of<std::decay_t<F>>} {
    using held = std::decay_t<F>;
    static_assert(sizeof(held) <= Bytes && alignof(held) <= alignof(std::max_align_t), "it must fit in place");
    static_assert(std::is_nothrow_move_constructible_v<held>);
    std::construct_at(reinterpret_cast<held*>(memory_), std::forward<F>(f));
  }
  once(once&& other) noexcept : how_{std::exchange(other.how_, nullptr)} {
    if (how_ != nullptr) how_->move(memory_, other.memory_);
  }
  once& operator=(once&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  ~once() {
    if (how_ != nullptr) how_->destroy(memory_);
  }

  explicit operator bool() const noexcept { return how_ != nullptr; }
  void operator()(Args... args) {
    assert(how_ != nullptr);
    std::exchange(how_, nullptr)->call(memory_, std::forward<Args>(args)...);
  }

 private:
  struct ways {
    void (*call)(std::byte* from, Args... args);
    void (*move)(std::byte* to, std::byte* from) noexcept;
    void (*destroy)(std::byte* what) noexcept;
  };
  template <class F>
  static F take(std::byte* from) noexcept {
    F& held = *reinterpret_cast<F*>(from);
    F taken{std::move(held)};
    std::destroy_at(&held);
    return taken;
  }
  template <class F>
  static constexpr ways ways_of{
      .call = [](std::byte* from, Args... args) { take<F>(from)(std::forward<Args>(args)...); },
      .move = [](std::byte* to, std::byte* from) noexcept { std::construct_at(reinterpret_cast<F*>(to), take<F>(from)); },
      .destroy = [](std::byte* what) noexcept { std::destroy_at(reinterpret_cast<F*>(what)); }};

  const ways* how_ = nullptr;
  alignas(std::max_align_t) std::byte memory_[Bytes];
};

}  // namespace haulcast
