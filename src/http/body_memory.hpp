// The memory of one body that does not fit the read buffer, or comes in chunks.
#pragma once

#include "haulcast/http/body.hpp"
#include "server_core.hpp"

namespace haulcast::http {

/// Owned by one connection. What it holds counts against `bodies_bytes_max` of the whole server; when there is no more to be
/// had, the request gets 503 and nobody waits. Gives everything back at the end of the request.
class body_memory {
 public:
  explicit body_memory(server_core& core) noexcept : core_{core} {}
  ~body_memory() { hold(0); }
  body_memory(const body_memory&) = delete;
  body_memory& operator=(const body_memory&) = delete;

  byte_block& block() noexcept { return block_; }
  /// Makes the block `bytes` large. False: there are no more to be had.
  [[nodiscard]] bool grow(std::size_t bytes);
  /// Counts what the block has grown to by itself. False: it is too much.
  [[nodiscard]] bool count_grown() noexcept { return hold(block_.capacity()); }
  void release() noexcept;

 private:
  bool hold(std::size_t bytes) noexcept;

  server_core& core_;
  byte_block block_;
  std::size_t held_ = 0;
};

}  // namespace haulcast::http
