#include "read_buffer.hpp"

#include <algorithm>
#include <bit>

namespace haulcast::http {
namespace {

constexpr std::size_t first_bytes = 2 * 1024;      // a head with a token, and one position
constexpr std::size_t hint_bytes_max = 64 * 1024;  // larger bodies get memory of their own
constexpr std::size_t read_bytes_min = 512;

}  // namespace

void read_buffer::skip_empty_lines() noexcept {
  const auto have = view();
  const auto first = have.find_first_not_of("\r\n");
  consume(first == std::string_view::npos ? have.size() : first);
}

void read_buffer::expect(std::size_t bytes) noexcept {
  hint_ = std::max(hint_, std::min(hint_bytes_max, std::bit_ceil(bytes + read_bytes_min)));
}

std::span<char> read_buffer::space_for_more() {
  const std::size_t wanted = std::max(hint_, first_bytes);
  if (size() == 0 && capacity() < wanted) {
    reserve(wanted);
  } else if (room() < read_bytes_min) {
    const bool full = size() + read_bytes_min > capacity();
    reserve(full ? capacity() * 2 : capacity());
  }
  return space(capacity());
}

}  // namespace haulcast::http
