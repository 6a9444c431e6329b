#include "body_collector.hpp"

#include <algorithm>

namespace haulcast::http {
namespace {

constexpr std::size_t first_bytes_max = 64 * 1024;    // a length is only a promise: the block grows as it is kept
constexpr std::size_t bytes_at_once_max = 64 * 1024;  // of one body, before others get the loop

}  // namespace

body_collector::body_collector(read_buffer& in, body_memory& apart, const head_facts& facts, std::size_t limit)
    : in_{in}, apart_{apart}, limit_{limit}, received_{in.untaken().size()} {
  if (facts.chunked) return;
  length_ = static_cast<std::size_t>(facts.content_length.value_or(0));
  in_.expect(in_.taken() + length_);
  form_ = in_.room() >= length_ - received_ ? form::in_place : form::apart;
  if (form_ == form::apart) begin_apart();
}

std::span<char> body_collector::next() {
  if (wrong_) return {};
  switch (form_) {
    case form::apart: return next_apart();
    case form::chunks: return next_chunk();
    case form::in_place: break;
  }
  // Whatever comes may be read, the next request too.
  return received_ < length_ ? in_.space(in_.room()) : std::span<char>{};
}

void body_collector::commit(std::size_t n) noexcept {
  (form_ == form::apart ? apart_.block() : in_).commit(n);
  received_ += n;
}

std::string_view body_collector::finish() {
  auto& block = apart_.block();
  if (form_ == form::in_place) {
    const auto body = in_.untaken().substr(0, length_);
    in_.take(length_);
    return body;
  }
  if (!block.has_memory()) block.reserve(1);  // an empty body has its padding too
  return block.view();
}

void body_collector::begin_apart() {
  const auto here = in_.untaken();
  in_.take(here.size());
  if (!apart_.grow(std::min(length_, first_bytes_max))) {
    refuse(no_memory_for_bodies.what, no_memory_for_bodies.detail);
    return;
  }
  apart_.block().append(here);
}

std::span<char> body_collector::next_apart() {
  if (received_ == length_) return {};
  auto& block = apart_.block();
  if (block.room() == 0 && !apart_.grow(std::min(length_, block.capacity() * 2)))
    return refuse(no_memory_for_bodies.what, no_memory_for_bodies.detail);
  return block.space(std::min(length_ - received_, bytes_at_once_max));  // nothing beyond the body
}

std::span<char> body_collector::next_chunk() {
  const auto made = decoder_.decode(in_.view(), apart_.block(), limit_);
  if (!made) return refuse(made.error().what, made.error().detail);
  in_.consume(made->used);
  if (!apart_.count_grown()) return refuse(no_memory_for_bodies.what, no_memory_for_bodies.detail);
  if (made->done) return {};
  const std::size_t raw_bytes_max = 2 * limit_ + 16 * 1024;
  if (received_ > raw_bytes_max) return refuse(code::body_too_large, "The chunks are too many for what they carry.");
  return in_.space_for_more();
}

std::span<char> body_collector::refuse(code what, std::string_view detail) {
  wrong_ = refusal{what, detail};
  return {};
}

}  // namespace haulcast::http
