#include "haulcast/ws/live_server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>

#include "haulcast/pipeline/pipeline.hpp"
#include "session.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_buffer_bytes = 64ULL << 10;
constexpr auto slice = 100ms;     // pings and expired tokens are looked at so often, a part of the sessions each time
constexpr auto turn_max = 500us;  // of closing
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t internal_error = 1011;
constexpr std::uint16_t token_expired = 4401;

}  // namespace

live_server::live_server(net::io_context& loop, pipeline::pipeline& pipeline, hub::hub& hub, live_options options)
    : loop_{loop},
      pipeline_{pipeline},
      hub_{hub},
      options_{options},
      buckets_(std::max<std::size_t>(1, static_cast<std::size_t>(options.ping_interval / slice))),
      timer_{loop},
      read_buffer_(read_buffer_bytes) {
  every_slice();
}

live_server::~live_server() = default;

net::awaitable<void> live_server::serve(net::ip::tcp::socket socket, std::shared_ptr<const auth::principal> who,
                                        std::string buffered, std::vector<std::string> deliveries) {
  boost::system::error_code error;
  socket.non_blocking(true, error);
  const net::socket_base::send_buffer_size send_buffer{options_.send_buffer_bytes};
  socket.set_option(send_buffer, error);
  const net::ip::tcp::no_delay no_delay{true};
  socket.set_option(no_delay, error);

  const utc_time expires = who->expires;
  auto s = std::make_shared<session>(*this, std::move(socket), std::move(who));
  ++metrics_.accepted;
  sessions_.emplace(s.get(), s);
  s->bucket = next_bucket_++ % buckets_.size();
  buckets_[s->bucket].push_back(s.get());
  expiries_.emplace(expires, s.get());
  hub_.join(*s);
  if (closing_) s->close(going_away, "shutting down");
  try {
    auto conversation = s->run(std::move(buffered), std::move(deliveries));
    co_await std::move(conversation);
  } catch (const std::exception& surprise) {  // ends this session and no other
    spdlog::error("a live connection ended unexpectedly: {}", surprise.what());
    s->drop(internal_error);
  }
  expiries_.erase({expires, s.get()});
  std::erase(buckets_[s->bucket], s.get());
  sessions_.erase(s.get());
}

void live_server::close_all() {
  closing_ = true;
  some_sessions all;
  all.reserve(sessions_.size());
  for (const auto& [_, s] : sessions_) all.push_back(s);
  close_some(std::move(all), going_away, "shutting down");
}

// Each close is a write to a socket, and there may be ten thousand of them.
void live_server::close_some(some_sessions sessions, std::uint16_t code, std::string_view reason) {
  const auto until = std::chrono::steady_clock::now() + turn_max;
  while (!sessions.empty() && std::chrono::steady_clock::now() < until) {
    sessions.back()->close(code, reason);
    sessions.pop_back();
  }
  if (sessions.empty()) return;
  const auto executor = sessions.back()->executor();
  net::post(executor, [rest = std::move(sessions), code, reason]() mutable { close_some(std::move(rest), code, reason); });
}

void live_server::every_slice() {
  timer_.expires_after(slice);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    check(slice_++ % buckets_.size());
    every_slice();
  });
}

void live_server::check(std::size_t bucket) {
  some_sessions due;
  for (session* const s : buckets_[bucket]) due.push_back(s->shared_from_this());
  for (const auto& s : due) s->check_alive();

  due.clear();
  const utc_time now = system_now();
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    due.push_back(expiries_.begin()->second->shared_from_this());
    expiries_.erase(expiries_.begin());
  }
  close_some(std::move(due), token_expired, "the token has expired");
}

}  // namespace haulcast::ws
