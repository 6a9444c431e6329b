// Puts one body together from bytes as they arrive: where the next ones go, and whether it is whole.
//
// Decides only; reading is body_reader's. Three forms: in the read buffer behind its head when it fits there (no copy), in
// memory of its own when it does not, and decoded chunk by chunk. No I/O, no clock. O(bytes).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "body_memory.hpp"
#include "haulcast/http/body.hpp"
#include "read_buffer.hpp"

namespace haulcast::http {

/// Lives while one body is read. A body with a length is within `limit` (the router saw to it); chunks are held to it here, and
/// their raw bytes to twice that and 16 KiB. Beyond, or when the server's memory for bodies is used up, `wrong()` says so.
class body_collector {
 public:
  /// `in` has taken the head and nothing else; for chunks it holds nothing else either.
  body_collector(read_buffer& in, body_memory& apart, const head_facts& facts, std::size_t limit);

  /// Where the next bytes go. Empty: no more are needed, it is whole or `wrong()`.
  std::span<char> next();
  /// `n` bytes of next() have arrived.
  void commit(std::size_t n) noexcept;

  const std::optional<refusal>& wrong() const noexcept { return wrong_; }
  /// Raw bytes so far, those that came with the head too.
  std::size_t received() const noexcept { return received_; }
  /// Once it is whole: takes it from `in` if it is there. Valid until the request is done with.
  std::string_view finish();

 private:
  enum class form { in_place, apart, chunks };

  void begin_apart();
  std::span<char> next_apart();
  std::span<char> next_chunk();
  std::span<char> refuse(code what, std::string_view detail);

  read_buffer& in_;
  body_memory& apart_;
  const std::size_t limit_;
  std::size_t length_ = 0;
  std::size_t received_;
  form form_ = form::chunks;
  chunk_decoder decoder_;
  std::optional<refusal> wrong_;
};

}  // namespace haulcast::http
