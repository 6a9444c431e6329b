#include "haulcast/http/body.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "haulcast/http/text.hpp"

namespace haulcast::http {

std::span<char> byte_block::space(std::size_t limit) noexcept { return {memory_.get() + end_, std::min(limit, room())}; }

void byte_block::commit(std::size_t n) noexcept {
  assert(n <= room());
  end_ += n;
  std::memset(memory_.get() + end_, 0, body_padding);
}

void byte_block::append(std::string_view bytes) noexcept {
  std::memcpy(memory_.get() + end_, bytes.data(), bytes.size());
  commit(bytes.size());
}

void byte_block::consume(std::size_t n) noexcept {
  assert(n <= size());
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

void byte_block::reserve(std::size_t capacity) {
  if (capacity <= capacity_) {
    if (begin_ != 0) {
      const std::size_t held = size();
      std::memmove(memory_.get(), memory_.get() + begin_, held);
      begin_ = 0;
      end_ = held;
    }
    return;
  }
  auto larger = std::make_unique_for_overwrite<char[]>(capacity + body_padding);
  const std::size_t held = size();
  if (held != 0) std::memcpy(larger.get(), memory_.get() + begin_, held);
  memory_ = std::move(larger);
  capacity_ = capacity;
  begin_ = 0;
  end_ = held;
  commit(0);
}

void byte_block::release() noexcept {
  memory_.reset();
  capacity_ = begin_ = end_ = 0;
}

std::unique_ptr<char[]> byte_block::detach(std::size_t keep) {
  byte_block rest;
  rest.reserve(capacity_);
  rest.append(view().substr(keep));
  auto memory = std::move(memory_);
  *this = std::move(rest);
  return memory;
}

namespace {

constexpr unsigned size_digits_max = 16;

constexpr refusal not_valid{code::bad_request, "The chunked body is not valid."};
constexpr refusal has_extension{code::bad_request, "Chunk extensions are not taken."};
constexpr refusal has_trailer{code::bad_request, "Trailer fields are not taken."};

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

/// One byte of what stands between the data.
std::optional<refusal> chunk_decoder::step(char c) noexcept {
  const auto expect = [&](char wanted, state then, const refusal& otherwise) -> std::optional<refusal> {
    if (c != wanted) return otherwise;
    state_ = then;
    return std::nullopt;
  };
  switch (state_) {
    case state::size:
      if (const int digit = hex_value(c); digit >= 0) {
        if (++digits_ > size_digits_max) return not_valid;
        left_ = left_ * 16 + static_cast<unsigned>(digit);
        return std::nullopt;
      }
      if (digits_ == 0) return not_valid;
      return expect('\r', state::size_end, c == ';' || c == ' ' || c == '\t' ? has_extension : not_valid);
    case state::size_end: return expect('\n', left_ == 0 ? state::last : state::data, not_valid);
    case state::data_end: return expect('\r', state::data_end_2, not_valid);
    case state::data_end_2: digits_ = 0; return expect('\n', state::size, not_valid);
    case state::last: return expect('\r', state::last_2, has_trailer);
    case state::last_2: return expect('\n', state::done, not_valid);
    case state::data:
    case state::done: break;
  }
  return not_valid;
}

void chunk_decoder::take_data(std::string_view& input, byte_block& out, std::size_t limit) {
  const auto piece = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  if (out.room() < piece.size()) {
    const std::size_t wanted = std::max({out.size() + piece.size(), out.capacity() * 2, std::size_t{4096}});
    out.reserve(std::min(wanted, limit));
  }
  out.append(piece);
  input.remove_prefix(piece.size());
  left_ -= piece.size();
  if (left_ == 0) state_ = state::data_end;
}

result<chunk_decoder::progress, refusal> chunk_decoder::decode(std::string_view input, byte_block& out, std::size_t limit) {
  const std::size_t shown = input.size();
  while (!input.empty() && state_ != state::done) {
    if (state_ == state::data) {
      take_data(input, out, limit);
      continue;
    }
    if (auto wrong = step(input.front())) return *wrong;
    input.remove_prefix(1);
    if (state_ == state::data && left_ > limit - out.size()) return refusal{code::body_too_large, {}};
  }
  return progress{shown - input.size(), state_ == state::done};
}

}  // namespace haulcast::http
