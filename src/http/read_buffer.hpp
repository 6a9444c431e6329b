// What has come from a peer and is not used up yet: the head of the request in hand, often its body, perhaps the next requests.
#pragma once

#include <string_view>
#include <utility>

#include "haulcast/http/body.hpp"

namespace haulcast::http {

/// Owned by one connection. Its front, `taken` bytes, belongs to the request in hand; what lies behind is still to be read.
/// Bounds: 2 KiB at first, 64 KiB where the peer's requests need it, twice the longest head at most. It is never full for
/// long: who reads a head or a chunk gives up, or uses up, before it would be. Idle connections release it.
class read_buffer final : public byte_block {
 public:
  std::size_t taken() const noexcept { return taken_; }
  std::string_view taken_text() const noexcept { return view().substr(0, taken_); }
  std::string_view untaken() const noexcept { return view().substr(taken_); }
  void take(std::size_t n) noexcept { taken_ += n; }
  /// The request in hand is done with.
  void drop_taken() noexcept { consume(std::exchange(taken_, 0)); }
  /// What is taken lives on in the memory handed out; what is not stays here.
  std::unique_ptr<char[]> detach_taken() { return detach(std::exchange(taken_, 0)); }

  /// RFC 9112 2.2: some clients send an empty line behind a body.
  void skip_empty_lines() noexcept;
  /// From now on, this peer's requests should find room for `bytes`.
  void expect(std::size_t bytes) noexcept;
  /// Free space for the next read, at least 512 bytes: views into the buffer end.
  std::span<char> space_for_more();

 private:
  std::size_t taken_ = 0;
  std::size_t hint_ = 0;
};

}  // namespace haulcast::http
