#include "haulcast/ws/live_server.hpp"

#include <boost/asio/socket_base.hpp>

#include "haulcast/pipeline/pipeline.hpp"
#include "session.hpp"

namespace haulcast::ws {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_buffer_bytes = 64ULL << 10;
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t token_expired = 4401;

}  // namespace

live_server::live_server(net::io_context& loop, pipeline::pipeline& pipeline, hub::hub& hub, live_options options)
    : loop_{loop},
      pipeline_{pipeline},
      hub_{hub},
      options_{options},
      buckets_(static_cast<std::size_t>(options.ping_interval.count())),
      timer_{loop},
      read_buffer_(read_buffer_bytes) {
  every_second();
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
  const auto expiry = expiries_.emplace(expires, s.get());
  hub_.join(*s);
  if (closing_) s->close(going_away, "shutting down");
  co_await s->run(std::move(buffered), std::move(deliveries));
  expiries_.erase(expiry);
  std::erase(buckets_[s->bucket], s.get());
  sessions_.erase(s.get());
}

void live_server::close_all() {
  closing_ = true;
  std::vector<std::shared_ptr<session>> all;
  for (const auto& [_, s] : sessions_) all.push_back(s);
  for (const auto& s : all) s->close(going_away, "shutting down");
}

void live_server::every_second() {
  timer_.expires_after(1s);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    check(second_++ % buckets_.size());
    every_second();
  });
}

void live_server::check(std::size_t bucket) {
  std::vector<std::shared_ptr<session>> due;
  for (session* const s : buckets_[bucket]) due.push_back(s->shared_from_this());
  for (const auto& s : due) s->check_alive();

  due.clear();
  const utc_time now = system_now();
  for (const auto& [expires, s] : expiries_) {
    if (expires > now) break;
    due.push_back(s->shared_from_this());
  }
  for (const auto& s : due) s->close(token_expired, "the token has expired");
}

}  // namespace haulcast::ws
