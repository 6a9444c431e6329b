#include "haulcast/ws/live_server.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "haulcast/pipeline/pipeline.hpp"
#include "past_events.hpp"
#include "session.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_buffer_bytes = 4ULL << 10;  // small commands take 1 us each: 0.2 ms a turn
constexpr auto slice = 100ms;     // pings and expired tokens are looked at so often, a part of the sessions each time
constexpr auto turn_max = 500us;  // of closing
constexpr auto turns_max = 60us;  // of those with much to do, in one turn of the loop
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t token_ended = 4401;

}  // namespace

live_server::live_server(net::io_context& loop, pipeline::pipeline& pipeline, hub::hub& hub, live_options options)
    : loop_{loop},
      pipeline_{pipeline},
      hub_{hub},
      options_{options},
      buckets_(std::max<std::size_t>(1, static_cast<std::size_t>(options.ping_interval / slice))),
      timer_{loop},
      read_buffer_(read_buffer_bytes),
      past_{std::make_unique<past_events>(loop, pipeline, hub.event_source())} {
  every_slice();
}

live_server::~live_server() {
  for (const auto& s : everyone()) s->drop(going_away);
}

void live_server::serve(newcomer one) {
  boost::system::error_code error;
  one.socket.set_option(net::socket_base::send_buffer_size{options_.send_buffer_bytes}, error);
  one.socket.set_option(net::ip::tcp::no_delay{true}, error);

  const auto s = std::make_shared<session>(*this, one);
  ++metrics_.accepted;
  ++connections_;
  buckets_[next_bucket_++ % buckets_.size()].push_back(*s);
  expiries_.insert(*s);
  hub_.join(*s);
  s->begin(one);
  if (closing_) s->close(going_away, "shutting down");
}

live_server::some_sessions live_server::everyone() {
  some_sessions all;
  all.reserve(connections_);
  for (bucket& some : buckets_) {
    for (in_bucket& each : some) all.push_back(static_cast<session&>(each).shared_from_this());
  }
  return all;
}

void live_server::close_all() {
  closing_ = true;
  close_some(everyone(), going_away, "shutting down");
}

void live_server::revoke(std::function<bool(const auth::principal&)> is_revoked) { revoke_from(0, std::move(is_revoked)); }

// A bucket a turn: whoever comes meanwhile has been asked for a token that holds.
void live_server::revoke_from(std::size_t at, std::function<bool(const auth::principal&)> is_revoked) {
  some_sessions some;
  for (in_bucket& each : buckets_[at]) {
    auto& s = static_cast<session&>(each);
    if (is_revoked(s.who())) some.push_back(s.shared_from_this());
  }
  const bool is_last = at + 1 == buckets_.size();
  close_some(std::move(some), token_ended, "the token has been revoked",
             [this, is_last, next = at + 1, is_revoked = std::move(is_revoked)]() mutable {
               if (!is_last) net::post(loop_, [this, next, is_revoked]() mutable { revoke_from(next, std::move(is_revoked)); });
             });
}

// Each close is a write to a socket, and there may be ten thousand of them.
void live_server::close_some(some_sessions sessions, std::uint16_t code, std::string_view reason, std::function<void()> then) {
  const auto until = std::chrono::steady_clock::now() + turn_max;
  while (!sessions.empty() && std::chrono::steady_clock::now() < until) {
    sessions.back()->close(code, reason);
    sessions.pop_back();
  }
  if (sessions.empty()) {
    if (then) then();
    return;
  }
  const auto executor = sessions.back()->executor();
  net::post(executor, [rest = std::move(sessions), code, reason, then = std::move(then)]() mutable {
    close_some(std::move(rest), code, reason, std::move(then));
  });
}

void live_server::every_slice() {
  timer_.expires_after(slice);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    check(buckets_[slice_++ % buckets_.size()]);
    every_slice();
  });
}

void live_server::check(bucket& due) {
  some_sessions some;
  for (in_bucket& each : due) some.push_back(static_cast<session&>(each).shared_from_this());
  for (const auto& s : some) s->check_alive();

  some.clear();
  const utc_time now = system_now();
  while (!expiries_.empty() && expiries_.begin()->expires <= now) {
    some.push_back(static_cast<session&>(*expiries_.begin()).shared_from_this());
    expiries_.erase(expiries_.begin());
  }
  close_some(std::move(some), token_ended, "the token has expired");
}

void live_server::take_turns(std::shared_ptr<session> next) {
  turns_.push_back(std::move(next));
  if (turns_.size() == 1) net::post(loop_, [this] { give_turns(); });
}

void live_server::give_turns() {
  const auto until = std::chrono::steady_clock::now() + turns_max;
  do {
    const auto next = turns_.front();
    next->take_turn();
    turns_.pop_front();
  } while (!turns_.empty() && std::chrono::steady_clock::now() < until);
  if (!turns_.empty()) net::post(loop_, [this] { give_turns(); });
}

}  // namespace haulcast::ws
