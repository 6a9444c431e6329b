// Asks for memory before it is read. A fleet's state is far larger than the caches, and what a batch touches lies all over it:
// read one after the other, every cache miss is waited for; asked for some places ahead, they overlap.
#pragma once

#include <cstddef>

namespace haulcast {

inline constexpr std::size_t cache_line_bytes = 64;

/// All cache lines from `at` on that `bytes` touch. No effect but on speed; any address will do.
inline void prefetch(const void* at, std::size_t bytes = 1) noexcept {
  const char* const begin = static_cast<const char*>(at);
  for (std::size_t i = 0; i < bytes; i += cache_line_bytes) __builtin_prefetch(begin + i, 1);
}

template <class T>
void prefetch_whole(const T& object) noexcept {
  prefetch(&object, sizeof object);
}

}  // namespace haulcast
