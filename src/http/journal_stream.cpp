#include "journal_stream.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace haulcast::http {

namespace {

using namespace std::chrono_literals;

constexpr auto keep_alive_every = 15s;  // a comment (an empty line) in quiet times, so that proxies keep the connection
constexpr std::size_t piece_bytes = 16ULL << 10;  // about what is written at once
constexpr auto piece_time = 250us;                // and at most so long is looked for it, of records of which nothing is told
constexpr std::array offered{media::event_stream, media::ndjson};

}  // namespace

net::awaitable<void> journal_stream::run(response_stream& to, engine::offset_t next) {
  net::steady_timer quiet{co_await net::this_coro::executor};
  to.on_end([&quiet] { quiet.cancel(); });
  while (!to.ended() && system_now() < who_->expires) {
    if (next > spine_.told()) {
      if (!co_await wait(to, quiet)) break;
      continue;
    }
    const auto group = co_await spine_.group_at(next);
    if (!group || !*group) break;  // dropped meanwhile
    if (!co_await send(**group, next, to)) break;
  }
  to.on_end({});
}

// What is told of a group, from `next` on. False: nobody listens any more.
net::awaitable<bool> journal_stream::send(const journal::group& group, engine::offset_t& next, response_stream& to) {
  const engine::offset_t last = std::min(group.last(), spine_.told());
  journal::record_cursor records{group};
  while (next <= last) {
    std::string piece;
    append_piece(records, last, next, piece);
    if (!co_await to.write(piece)) co_return false;
    auto others_turn = net::post(co_await net::this_coro::executor, net::use_awaitable);
    co_await std::move(others_turn);
  }
  co_return !to.ended();
}

// Until something is told, or it has been quiet for so long that the line must be kept warm.
net::awaitable<bool> journal_stream::wait(response_stream& to, net::steady_timer& quiet) {
  quiet.expires_after(keep_alive_every);
  spine_.await_news(quiet);
  auto [cancelled] = co_await quiet.async_wait(net::as_tuple(net::use_awaitable));
  spine_.forget(quiet);
  if (cancelled) co_return !to.ended();
  const std::string_view nothing = server_sent_ ? ":\n\n" : "\n";
  co_return co_await to.write(nothing);
}

void journal_stream::append_piece(journal::record_cursor& records, engine::offset_t last, engine::offset_t& next,
                                  std::string& text) {
  const auto until = std::chrono::steady_clock::now() + piece_time;
  for (; records.valid() && records.offset() <= last; records.next()) {
    if (records.offset() < next) continue;
    if (text.size() >= piece_bytes || std::chrono::steady_clock::now() >= until) return;
    if (!append(records.offset(), records.bytes(), text)) return;
    next = records.offset() + 1;
  }
  next = last + 1;
}

std::optional<bool> wants_server_sent(const request& r) {
  const auto chosen = negotiate(r.header("accept"), offered);
  return chosen ? std::optional{*chosen == 0} : std::nullopt;
}

response refuse_stream_format() {
  return refuse(code::not_acceptable, "Offered are text/event-stream and application/x-ndjson.");
}

response answer_with(std::shared_ptr<journal_stream> what, bool server_sent, engine::offset_t next) {
  response answer;
  answer.content_type = offered[server_sent ? 0 : 1];
  answer.stream = [what = std::move(what), next](response_stream& to) { return what->run(to, next); };
  return answer;
}

}  // namespace haulcast::http
