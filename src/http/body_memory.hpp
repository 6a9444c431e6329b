// The memory of bodies that do not fit the read buffer, come in chunks, or are inflated.
#pragma once

#include "haulcast/http/body.hpp"
#include "server_core.hpp"

namespace haulcast::http {

/// The answer when there is no more of it.
inline constexpr refusal no_memory_for_bodies{code::overloaded,
                                              "Too many large bodies are on their way; try again in a moment."};

/// What one connection has of `bodies_bytes_max`, the memory of all bodies of the server. When there is no more to be had, the
/// request gets 503 and nobody waits.
class body_share {
 public:
  explicit body_share(server_core& core) noexcept : core_{core} {}
  ~body_share() { release(); }
  body_share(const body_share&) = delete;
  body_share& operator=(const body_share&) = delete;

  /// Instead of what was held before. False: they are not to be had, and nothing is held.
  [[nodiscard]] bool hold(std::size_t bytes) noexcept;
  void release() noexcept { (void)hold(0); }

 private:
  server_core& core_;
  std::size_t held_ = 0;
};

/// The memory of one body. Owned by one connection. Gives everything back at the end of the request.
class body_memory {
 public:
  explicit body_memory(server_core& core) noexcept : share_{core} {}

  byte_block& block() noexcept { return block_; }
  /// Makes the block `bytes` large. False: there are no more to be had.
  [[nodiscard]] bool grow(std::size_t bytes);
  /// Counts what the block has grown to by itself. False: it is too much.
  [[nodiscard]] bool count_grown() noexcept { return share_.hold(block_.capacity()); }
  void release() noexcept;

 private:
  byte_block block_;
  body_share share_;
};

}  // namespace haulcast::http
