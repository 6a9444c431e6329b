// Bodies that are taken piece by piece.
#include <algorithm>
#include <utility>

#include "body_reader.hpp"

namespace haulcast::http {
namespace {

constexpr std::string_view please_continue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t piece_bytes = 64 * 1024;

}  // namespace

net::awaitable<arrival> body_reader::receive_pieces(exchange& one, upload& to) {
  if (one.facts.chunked) request_access::head_memory(one.request) = in_.detach_taken();
  began_ = core_.wheel.now();
  received_ = in_.untaken().size();
  if (one.facts.expect_continue && received_ == 0 && !channel_.send(please_continue)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
    if (channel_.broken()) co_return arrival{};
  }
  auto receiving =
      one.facts.chunked ? receive_chunks(one.to->body_limit, to) : receive_length(one.facts.content_length.value_or(0), to);
  const auto came = co_await std::move(receiving);
  co_return came;
}

net::awaitable<arrival> body_reader::receive_length(std::uint64_t length, upload& to) {
  for (std::uint64_t left = length; left > 0;) {
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_bytes)), '\0');
    std::size_t filled = std::min(piece.size(), in_.untaken().size());
    in_.untaken().copy(piece.data(), filled);
    in_.take(filled);
    while (filled < piece.size()) {
      std::size_t came = 0;
      auto receiving = receive_some(std::span{piece}.subspan(filled), came);
      const auto some = co_await std::move(receiving);
      if (!some.whole) co_return some;
      filled += came;
    }
    left -= piece.size();
    auto giving = give(to, std::move(piece));
    co_await std::move(giving);
  }
  co_return arrival{.whole = true};
}

net::awaitable<arrival> body_reader::receive_chunks(std::size_t limit, upload& to) {
  chunk_decoder decoder;
  byte_block decoded;
  std::size_t given = 0;
  const std::uint64_t raw_bytes_max = 2 * std::uint64_t{limit} + 16 * 1024;
  for (;;) {
    const auto made = decoder.decode(in_.view(), decoded, limit - given);
    if (!made) co_return arrival{.wrong = made.error()};
    in_.consume(made->used);
    if (decoded.size() >= piece_bytes || (made->done && decoded.size() > 0)) {
      given += decoded.size();
      auto giving = give(to, std::string{decoded.view()});
      decoded.consume(decoded.size());
      co_await std::move(giving);
    }
    if (made->done) co_return arrival{.whole = true};
    if (received_ > raw_bytes_max)
      co_return arrival{.wrong = refusal{code::body_too_large, "The chunks are too many for what they carry."}};
    std::size_t came = 0;
    const auto space = in_.space_for_more();
    auto receiving = receive_some(space, came);
    const auto some = co_await std::move(receiving);
    if (!some.whole) co_return some;
    in_.commit(came);
  }
}

// Whole: some came.
net::awaitable<arrival> body_reader::receive_some(std::span<char> into, std::size_t& came) {
  channel_.allow_until(due(began_, received_, core_.options.upload_bytes_per_s_min));
  auto op = channel_.read(into);
  const auto [failed, n] = co_await std::move(op);
  if (channel_.timed_out()) co_return too_late();
  if (failed) co_return arrival{};
  core_.metrics.bytes_in += n;
  received_ += n;
  came = n;
  co_return arrival{.whole = true};
}

// How long we take is not the peer's fault.
net::awaitable<void> body_reader::give(upload& to, std::string piece) {
  channel_.end_wait();
  const auto before = core_.wheel.now();
  auto taking = to.take(std::move(piece));
  co_await std::move(taking);
  began_ += core_.wheel.now() - before;
}

}  // namespace haulcast::http
