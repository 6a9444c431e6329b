#include "haulcast/http/server.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <charconv>

#include "connection.hpp"
#include "server_core.hpp"

namespace haulcast::http {
namespace {

using boost::system::error_code;
using net::ip::tcp;

constexpr std::size_t surplus_max = 64;  // connections above the cap that are told so; beyond these they are just closed
constexpr int turned_away_at_once = 64;  // when descriptors are out, before the loop gets a rest
constexpr std::string_view too_many = "There are too many connections; try again in a moment.";
constexpr std::string_view too_many_of_one = "There are too many connections from your address; close some, or wait.";
constexpr milliseconds line_rest{5};  // while too many wait for their handshake
constexpr milliseconds first_rest{20};
constexpr milliseconds longest_rest{1000};

bool is_exhausted(const error_code& failed) noexcept {
  namespace errc = boost::system::errc;
  return failed == errc::too_many_files_open || failed == errc::too_many_files_open_in_system ||
         failed == errc::not_enough_memory || failed == errc::no_buffer_space;
}

constexpr std::size_t ended_at_once = 256;  // streams that are looked at in one turn of the loop

void end_some(std::vector<std::shared_ptr<connection>> streaming, std::function<bool(const auth::principal&)> whose) {
  for (std::size_t i = 0; i < ended_at_once && !streaming.empty(); ++i) {
    streaming.back()->end_stream(whose);
    streaming.pop_back();
  }
  if (streaming.empty()) return;
  const auto executor = streaming.back()->executor();
  net::post(executor,
            [rest = std::move(streaming), whose = std::move(whose)]() mutable { end_some(std::move(rest), std::move(whose)); });
}

}  // namespace

/// One listening socket. Keeps a descriptor in reserve: when all are used up, it is given away to accept the next connection
/// and close it, which is kinder than leaving it in the backlog until it times out.
class listener {
 public:
  listener(std::shared_ptr<server_core> core, tcp::acceptor acceptor)
      : core_{std::move(core)}, acceptor_{std::move(acceptor)}, rest_timer_{core_->executor}, reserve_{open_reserve()} {
    const response no = refuse(code::overloaded, too_many);
    append_head(refusal_, no, {.content_length = no.content().size(), .keep_alive = false});
    refusal_ += no.content();
  }
  ~listener() { close_reserve(); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  static net::awaitable<void> run(std::shared_ptr<listener> self);
  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    rest_timer_.cancel();
  }

 private:
  static int open_reserve() noexcept { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
  void close_reserve() noexcept {
    if (reserve_ >= 0) ::close(reserve_);
    reserve_ = -1;
  }
  void take(tcp::socket socket, const tcp::endpoint& peer);
  std::optional<address_counts::place> place_for(const net::ip::address& peer);
  bool turn_one_away() noexcept;
  void turn_away_surplus() noexcept;
  void tell_exhausted(const error_code& failed);

  std::shared_ptr<server_core> core_;
  tcp::acceptor acceptor_;
  net::steady_timer rest_timer_;
  std::chrono::steady_clock::time_point last_told_{};
  std::string refusal_;  // a whole answer, for who gets the reserve
  int reserve_;
};

// ---- core
// ----------------------------------------------------------------------------------------------------------------------

server_core::server_core(net::any_io_executor ex, server_options opts, router table)
    : executor{std::move(ex)},
      options{std::move(opts)},
      routes{std::move(table)},
      addresses{options.connections_per_address_max},
      tick_timer{executor},
      drain_timer{executor} {
  for (const auto& r : routes.routes()) {
    auto& m = metrics.routes.emplace_back();
    m.method = r->method;
    m.pattern = r->pattern;
  }
  metrics.routes.emplace_back();
}

void server_core::leave() noexcept {
  if (--open == 0) drain_timer.cancel();
}

/// The wheel turns only while there is somebody on it, a tick at a time: a process that stood still, or was too busy, has not
/// given its peers the time that went by meanwhile.
void server_core::keep_ticking() {
  if (ticking_) return;
  ticking_ = true;
  tick();
}

void server_core::tick() {
  tick_timer.expires_after(options.tick);
  tick_timer.async_wait([self = shared_from_this()](error_code failed) {
    if (failed) return;
    self->wheel.advance(self->wheel.now() + 1);
    if (self->connections.empty()) {
      self->ticking_ = false;
    } else {
      self->tick();
    }
  });
}

// ---- accepting
// -----------------------------------------------------------------------------------------------------------------

net::awaitable<void> listener::run(std::shared_ptr<listener> self) {
  milliseconds rest = first_rest;
  while (self->acceptor_.is_open()) {
    if (self->core_->handshaking && self->core_->handshaking->full()) {
      self->rest_timer_.expires_after(line_rest);
      auto resting = self->rest_timer_.async_wait(as_result);
      co_await std::move(resting);
      continue;
    }
    tcp::endpoint peer;
    auto op = self->acceptor_.async_accept(peer, as_result);
    auto [failed, socket] = co_await std::move(op);
    if (!failed) {
      rest = first_rest;
      self->take(std::move(socket), peer);
      continue;
    }
    if (!self->acceptor_.is_open() || failed == net::error::operation_aborted) break;
    ++self->core_->metrics.accept_errors;
    if (failed == net::error::connection_aborted) continue;  // the peer gave up while it waited
    self->tell_exhausted(failed);
    if (is_exhausted(failed)) self->turn_away_surplus();
    self->rest_timer_.expires_after(rest);
    rest = std::min(rest * 2, longest_rest);
    auto resting = self->rest_timer_.async_wait(as_result);
    co_await std::move(resting);
  }
}

void listener::take(tcp::socket socket, const tcp::endpoint& peer) {
  auto& core = *core_;
  const bool full = core.open - core.surplus_open >= core.options.connections_max;
  auto place = full ? std::nullopt : place_for(peer.address());
  if (!place) {
    ++(full ? core.metrics.connections_refused : core.metrics.connections_refused_by_address);
    // Under TLS it could be told so only after a handshake.
    if (core.certificate || core.surplus_open >= surplus_max) return;  // closes it
    ++core.surplus_open;
  }
  core.enter();
  core.keep_ticking();
  const bool surplus = !place;
  auto one = std::make_shared<connection>(core_, std::move(socket), peer, std::move(place).value_or(address_counts::place{}));
  if (surplus) {
    net::co_spawn(core.executor, connection::turn_away(std::move(one), full ? too_many : too_many_of_one), net::detached);
  } else {
    ++core.metrics.connections_accepted;
    net::co_spawn(core.executor, connection::run(std::move(one)), net::detached);
  }
}

/// Nothing: its address has as many as it may. All that a proxy brings come from one address.
std::optional<address_counts::place> listener::place_for(const net::ip::address& peer) {
  if (core_->options.trusted_proxies.contains(peer)) return address_counts::place{};
  return core_->addresses.enter(peer);
}

bool listener::turn_one_away() noexcept {
  close_reserve();
  const int surplus = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (surplus >= 0 && core_->certificate) {
    ::close(surplus);
    ++core_->metrics.connections_refused;
  } else if (surplus >= 0) {
    [[maybe_unused]] const auto sent = ::send(surplus, refusal_.data(), refusal_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(surplus, SHUT_WR);
    ::close(surplus);
    ++core_->metrics.connections_refused;
  }
  reserve_ = open_reserve();
  return surplus >= 0 && reserve_ >= 0;
}

void listener::turn_away_surplus() noexcept {
  for (int i = 0; i < turned_away_at_once && turn_one_away(); ++i) {
  }
}

void listener::tell_exhausted(const error_code& failed) {
  const auto now = std::chrono::steady_clock::now();
  if (last_told_ != std::chrono::steady_clock::time_point{} && now - last_told_ < seconds{10}) return;
  last_told_ = now;
  spdlog::warn("no connection can be accepted: {}; {} are open", failed.message(), core_->open);
}

// ---- server
// --------------------------------------------------------------------------------------------------------------------

server::server(net::any_io_executor executor, server_options options, router routes)
    : core_{std::make_shared<server_core>(std::move(executor), std::move(options), std::move(routes))} {}

server::~server() {
  stop_accepting();
  close_all();
  core_->inflating.clear();
  if (core_->handshaking) core_->handshaking->stop();
}

void server::use_certificate(tls::context shown) {
  core_->certificate = std::move(shown);
  if (!core_->handshaking) core_->handshaking = std::make_unique<handshakes>(core_->executor);
}

std::size_t server::handshakes_waiting() const noexcept { return core_->handshaking ? core_->handshaking->waiting() : 0; }

result<tcp::endpoint> server::listen(const tcp::endpoint& where) {
  tcp::acceptor acceptor{core_->executor};
  error_code failed;
  const auto step = [&failed](auto&& act) {
    if (!failed) act();
  };
  step([&] { acceptor.open(where.protocol(), failed); });
  step([&] { acceptor.set_option(tcp::acceptor::reuse_address{true}, failed); });
  // Accepted sockets inherit it, which saves a system call for each.
  step([&] { acceptor.set_option(tcp::no_delay{true}, failed); });
  if (where.address().is_v6()) step([&] { acceptor.set_option(net::ip::v6_only{true}, failed); });
  step([&] { acceptor.bind(where, failed); });
  step([&] { acceptor.listen(net::socket_base::max_listen_connections, failed); });
  step([&] { acceptor.non_blocking(true, failed); });
  if (failed) {
    return failure{"Cannot listen on " + where.address().to_string() + " port " + std::to_string(where.port()) + ": " +
                   failed.message() + "."};
  }
  auto one = std::make_shared<listener>(core_, std::move(acceptor));
  listeners_.push_back(one);
  net::co_spawn(core_->executor, listener::run(one), net::detached);
  return one->endpoint();
}

tcp::endpoint server::local_endpoint() const { return listeners_.front()->endpoint(); }

void server::stop_accepting() {
  core_->stopping = true;
  for (const auto& one : listeners_) one->close();
  for (auto at = core_->connections.begin(); at != core_->connections.end();) static_cast<connection&>(*at++).stop();
}

net::awaitable<bool> server::drained(milliseconds longest) {
  const auto core = core_;
  core->drain_timer.expires_after(longest);
  while (core->open != 0) {
    auto waiting = core->drain_timer.async_wait(as_result);
    const auto [woken] = co_await std::move(waiting);
    if (!woken) break;
  }
  co_return core->open == 0;
}

void server::close_all() {
  for (auto at = core_->connections.begin(); at != core_->connections.end();) static_cast<connection&>(*at++).cut();
}

void server::end_streams(std::function<bool(const auth::principal&)> whose) {
  std::vector<std::shared_ptr<connection>> all;
  for (auto& each : core_->streaming) all.push_back(static_cast<connection&>(each).shared_from_this());
  end_some(std::move(all), std::move(whose));
}

const http_metrics& server::metrics() const noexcept { return core_->metrics; }

std::size_t server::connections() const noexcept { return core_->open; }

result<tcp::endpoint> parse_endpoint(std::string_view text) {
  const auto wrong = [text] {
    return failure{"'" + std::string{text} + "' is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080."};
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);

  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (bad != std::errc{} || digits.empty() || end != digits.data() + digits.size()) return wrong();
  error_code failed;
  const auto address = net::ip::make_address(std::string{host}, failed);
  if (failed || address.is_v6() != bracketed) return wrong();
  return tcp::endpoint{address, port};
}

}  // namespace haulcast::http
