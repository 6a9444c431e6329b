// Bytes in memory: the read buffer of a connection, and bodies that arrive in chunks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "haulcast/http/head.hpp"

namespace haulcast::http {

/// A block of bytes with `body_padding` initialised bytes behind what it holds. Not initialised otherwise: a large body costs
/// memory only as it arrives. Owned by one connection.
class byte_block {
 public:
  bool has_memory() const noexcept { return memory_ != nullptr; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  std::size_t room() const noexcept { return capacity_ - end_; }
  std::string_view view() const noexcept { return {memory_.get() + begin_, size()}; }

  /// Free bytes at the end, at most `limit`.
  std::span<char> space(std::size_t limit) noexcept;
  /// `n` bytes of space() have been filled; the padding moves behind them.
  void commit(std::size_t n) noexcept;
  void append(std::string_view bytes) noexcept;  // needs room()
  /// Drops `n` bytes at the front. What was dropped last stays readable until the next reserve(), and starts anew when empty.
  void consume(std::size_t n) noexcept;
  /// Makes the whole capacity at least `capacity` and moves what it holds to its start: views into it end.
  void reserve(std::size_t capacity);
  void release() noexcept;
  /// Hands out the memory; what lies behind the first `keep` bytes goes to a new block of the same capacity, which this
  /// becomes.
  std::unique_ptr<char[]> detach(std::size_t keep);

 private:
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Decodes a chunked body, however its bytes are cut. Extensions and trailers are refused: nobody needs them, and they have no
/// bound. Our own, because Beast 1.81 asserts on an empty body that arrives as "0\r\n" and the rest later.
class chunk_decoder {
 public:
  struct progress {
    std::size_t used = 0;  // bytes of the input; all of them unless it is done
    bool done = false;
  };
  /// Appends the data to `out`, which never gets more than `limit` bytes.
  result<progress, refusal> decode(std::string_view input, byte_block& out, std::size_t limit);

 private:
  enum class state : std::uint8_t { size, size_end, data, data_end, data_end_2, last, last_2, done };

  std::optional<refusal> step(char c) noexcept;
  void take_data(std::string_view& input, byte_block& out, std::size_t limit);

  std::uint64_t left_ = 0;  // of the chunk in hand
  unsigned digits_ = 0;
  state state_ = state::size;
};

}  // namespace haulcast::http
