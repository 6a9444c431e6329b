#include "body_reader.hpp"

#include <algorithm>

#include "body_collector.hpp"

namespace haulcast::http {
namespace {

constexpr std::string_view please_continue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

bool body_reader::take_at_once(request& r, const head_facts& facts) noexcept {
  if (facts.chunked) return false;
  const auto here = in_.untaken();
  const std::uint64_t length = facts.content_length.value_or(0);
  if (length > here.size()) return false;
  r.body = here.substr(0, static_cast<std::size_t>(length));
  in_.take(r.body.size());
  return true;
}

net::awaitable<arrival> body_reader::receive(exchange& one) {
  // Before chunks the head keeps its memory: from here on the buffer holds their raw bytes only.
  if (one.facts.chunked) request_access::head_memory(one.request) = in_.detach_taken();
  body_collector body{in_, memory_, one.facts, one.to->body_limit};
  const auto began = core_.wheel.now();
  const bool asks = one.facts.expect_continue && body.received() == 0 && !body.wrong();
  if (asks && !channel_.send(please_continue)) {
    auto flushing = channel_.flush();
    co_await std::move(flushing);
    if (channel_.broken()) co_return arrival{};
  }
  for (auto space = body.next(); !space.empty(); space = body.next()) {
    channel_.allow_until(due(began, body.received(), core_.options.body_bytes_per_s_min));
    auto op = channel_.read(space);
    const auto [failed, n] = co_await std::move(op);
    if (channel_.timed_out()) co_return too_late();
    if (failed) co_return arrival{};
    core_.metrics.bytes_in += n;
    body.commit(n);
  }
  channel_.end_wait();
  if (body.wrong()) co_return arrival{.wrong = body.wrong()};
  one.request.body = body.finish();
  co_return arrival{.whole = true};
}

net::awaitable<bool> body_reader::drop(std::uint64_t rest) {
  const auto began = core_.wheel.now();
  for (std::uint64_t dropped = 0; dropped < rest;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(rest - dropped, core_.discard.size()));
    channel_.allow_until(due(began, dropped, core_.options.body_bytes_per_s_min));
    auto op = channel_.read({core_.discard.data(), wanted});
    const auto [failed, n] = co_await std::move(op);
    if (failed || channel_.timed_out()) co_return false;
    core_.metrics.bytes_in += n;
    dropped += n;
  }
  channel_.end_wait();
  co_return true;
}

/// The more has come, the longer it may take.
deadline_wheel::tick body_reader::due(deadline_wheel::tick began, std::uint64_t received,
                                      std::size_t bytes_per_s_min) const noexcept {
  const seconds more{received / bytes_per_s_min};
  return began + core_.ticks(core_.options.body_timeout + more);
}

arrival body_reader::too_late() noexcept {
  ++core_.metrics.timeouts_body;
  return {.wrong = refusal{code::request_timeout, "The body did not arrive in time."}};
}

}  // namespace haulcast::http
