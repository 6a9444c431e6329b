// Room for the operation that a connection waits for, so that waiting takes nothing from the heap.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace haulcast::http {

/// Room for one read; what is larger, or comes while the room is taken, is taken from the heap. One thread. Asio gives an
/// operation's memory back before it calls its handler, so that the next may have it.
class wait_memory {
 public:
  wait_memory() = default;
  wait_memory(const wait_memory&) = delete;
  wait_memory& operator=(const wait_memory&) = delete;

  void* take(std::size_t bytes) {
    if (bytes > bytes_.size() || std::exchange(taken_, true)) return ::operator new(bytes);
    return bytes_.data();
  }
  void give_back(void* memory) noexcept {
    if (memory != bytes_.data()) return ::operator delete(memory);
    taken_ = false;
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 256> bytes_;  // what a read takes in Asio 1.26, and a little more
  bool taken_ = false;
};

/// For net::bind_allocator. The memory outlives the operation.
template <class T>
class wait_allocator {
 public:
  using value_type = T;

  explicit wait_allocator(wait_memory& memory) noexcept : memory_{&memory} {}
  template <class U>
  wait_allocator(const wait_allocator<U>& other) noexcept : memory_{other.memory_} {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(count * sizeof(T))); }
  void deallocate(T* what, std::size_t) noexcept { memory_->give_back(what); }

  template <class U>
  bool operator==(const wait_allocator<U>& other) const noexcept {
    return memory_ == other.memory_;
  }

 private:
  template <class>
  friend class wait_allocator;
  wait_memory* memory_;
};

}  // namespace haulcast::http
